import pytest
from conftest import SOURCE


def test_the_package_is_typed():
    api = pytest.importorskip("mypy.api")
    out, _, status = api.run(["--config-file", str(SOURCE / "pyproject.toml"), str(SOURCE / "phew_graph")])
    assert status == 0, out

import logging
import pickle
import re
import subprocess

import pytest
import torch
from conftest import SOURCE, ConvNet, assert_same, largest, lenet, prunable, random_masks
from torch import nn

import phew_graph
from phew_graph import PhewGraphError, apply_masks, find_ticket


def magnitudes(model):
    return {name: value.abs() for name, value in prunable(model).items()}


@pytest.fixture
def reads_onnx(program, tmp_path):
    """Skips where phew-graph is one that does not read ONNX."""
    phew_graph.export(lenet(), torch.zeros(1, 784), tmp_path / "probe.onnx")
    described = subprocess.run([program, "describe", str(tmp_path / "probe.onnx")], capture_output=True, text=True)
    if described.returncode != 0:
        pytest.skip(f"this phew-graph does not read ONNX: {described.stderr.strip()}")


# --- with a network of phew-graph's


def test_a_ticket_is_that_of_the_program_run_by_hand(phew_graph_run, tmp_path, program):
    model = lenet()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    phew_graph_run("mask", "lenet-300-100", "--weights", tmp_path / "weights.pt", "--density", 0.05, "--seed", 3,
                   "--granularity", "parameter", "-o", tmp_path / "ticket.safetensors")  # fmt: skip
    masks = find_ticket(model, "phew", 0.05, 3, network="lenet-300-100", program=program, granularity="parameter")
    expected = phew_graph.load_masks(tmp_path / "ticket.safetensors")
    assert_same(masks, expected)
    assert masks.metadata == expected.metadata
    assert not nn.utils.prune.is_pruned(model)


def test_it_is_the_models_weights_that_count(program):
    model = lenet()
    masks = find_ticket(model, "magnitude", 0.1, network="lenet-300-100", program=program)
    assert_same(masks, largest(magnitudes(model), 0.1))


def half(model):
    return model.half()


def transposed(model):
    model[0].weight = nn.Parameter(model[0].weight.detach().t().contiguous().t())
    return model


def viewed(model):
    """Weights that are views of one storage, as of a flattened optimiser."""
    flat = torch.randn(784 * 300 + 300 * 100) / 20
    model[0].weight = nn.Parameter(flat[: 784 * 300].view(300, 784))
    model[2].weight = nn.Parameter(flat[784 * 300 :].view(100, 300))
    return model


@pytest.mark.parametrize("change", [half, transposed, viewed, nn.DataParallel, torch.nn.Module.double])
def test_however_the_weights_lie(program, change):
    model = change(lenet())
    values = magnitudes(model.module if isinstance(model, nn.DataParallel) else model)
    masks = find_ticket(model, "magnitude", 0.1, network="lenet-300-100", program=program)
    assert sorted(masks) == sorted(values)
    # Halves are often equal, so that "the largest" is not one set; the least kept is no less than the largest pruned.
    least = min(values[name][mask].min() for name, mask in masks.items())
    most = max(values[name][~mask].max() for name, mask in masks.items())
    assert least >= most and masks.kept == 26620


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_weights_on_cuda(program):
    model = lenet()
    expected = largest(magnitudes(model), 0.1)
    assert_same(find_ticket(model.cuda(), "magnitude", 0.1, network="lenet-300-100", program=program), expected)


def test_names_are_the_models_where_order_matched_them(program):
    model = nn.ModuleDict({"in": nn.Linear(784, 300), "mid": nn.Linear(300, 100), "out": nn.Linear(100, 10)})
    masks = find_ticket(model, "magnitude", 0.1, network="lenet-300-100", program=program)
    assert_same(masks, largest(magnitudes(model), 0.1))
    apply_masks(model, masks)


def test_tensors_are_options_too(program):
    model = lenet()
    scores = {name: torch.rand_like(value) for name, value in prunable(model).items()}
    masks = find_ticket(model, "scores", 0.1, network="lenet-300-100", program=program, scores=scores)
    assert_same(masks, largest(scores, 0.1))
    start = random_masks(model)
    shuffled = find_ticket(
        model, "shuffle", None, network="lenet-300-100", program=program,
        mask={name: mask.to(torch.uint8) for name, mask in start.items()},
    )  # fmt: skip
    for name, mask in start.items():
        assert shuffled[name].sum() == mask.sum() and not torch.equal(shuffled[name], mask)


def test_flags_are_options_too(program):
    effective = find_ticket(
        lenet(), "random", 0.05, network="lenet-300-100", program=program, effective_density=True, zeros_are_pruned=False
    )
    assert effective.metadata["target"] == "effective density" and effective.density > 0.05


# --- failures


def test_an_error_of_the_program_is_an_exception_with_its_line_and_code(program):
    with pytest.raises(PhewGraphError, match="^error: network lenet: found no built-in") as caught:
        find_ticket(lenet(), network="lenet", program=program)
    assert caught.value.exit_code == 64
    with pytest.raises(PhewGraphError, match="^error: weights.safetensors: ") as caught:
        find_ticket(lenet(), network="mlp:10-5-2", program=program)
    assert caught.value.exit_code == 65 and "\n" not in str(caught.value)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value) and copy.exit_code == 65


def test_a_program_that_dies_is_an_exception(tmp_path):
    program = tmp_path / "phew-graph"
    program.write_text("#!/bin/sh\necho half a word >&2\nkill -9 $$\n")
    program.chmod(0o755)
    with pytest.raises(PhewGraphError, match="signal 9") as caught:
        find_ticket(lenet(), network="lenet-300-100", program=program)
    assert caught.value.exit_code == -9


def test_where_the_program_is(program, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PHEW_GRAPH", program)
    assert len(find_ticket(lenet(), network="lenet-300-100")) == 3
    monkeypatch.setenv("PHEW_GRAPH", str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError, match="absent: found no such program"):
        find_ticket(lenet(), network="lenet-300-100")
    monkeypatch.delenv("PHEW_GRAPH")
    with pytest.raises(FileNotFoundError, match="phew-graph: found no such program"):
        find_ticket(lenet(), network="lenet-300-100")


def test_calls_that_make_no_single_mask_are_refused():
    with pytest.raises(TypeError, match="either example_input or network"):
        find_ticket(lenet())
    with pytest.raises(TypeError, match="either example_input or network"):
        find_ticket(lenet(), example_input=torch.zeros(1, 784), network="lenet-300-100")
    with pytest.raises(TypeError, match="found option count, nested"):
        find_ticket(lenet(), network="lenet-300-100", count=3, nested=True)


def test_a_pruned_model_has_no_ticket(program):
    model = lenet()
    apply_masks(model, random_masks(model))
    with pytest.raises(ValueError, match="pruned"):
        find_ticket(model, network="lenet-300-100", program=program)


def test_notices_are_logged(program, caplog):
    with caplog.at_level(logging.INFO, logger="phew_graph"):
        find_ticket(lenet(), network="lenet-300-100", program=program)
    assert "ticket.safetensors: kept" in caplog.text


# --- any network, by ONNX


@pytest.mark.parametrize("wrap", [lambda model: model, nn.DataParallel])
def test_any_model_gets_a_ticket_and_trains(program, reads_onnx, wrap):
    model = wrap(ConvNet())
    inner = model.module if isinstance(model, nn.DataParallel) else model
    expected = largest(magnitudes(inner), 0.3)
    masks = find_ticket(model, "magnitude", 0.3, example_input=torch.zeros(1, 3, 8, 8), program=program)
    assert_same(masks, expected)
    masks = find_ticket(model, "phew", 0.3, example_input=torch.zeros(1, 3, 8, 8), program=program)
    apply_masks(model, masks)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.randn(4, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    assert torch.equal(inner.stem[0].weight_orig * inner.stem[0].weight_mask != 0, masks["stem.0.weight"])


def test_the_package_has_the_programs_version(program):
    version = re.search(r'^version = "(.*)"$', (SOURCE / "pyproject.toml").read_text(), re.MULTILINE)
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert version and said.split()[1].rstrip(",") == version[1]

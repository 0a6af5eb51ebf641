"""Running phew-graph on a model."""

from __future__ import annotations

import logging
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Optional, Union

from safetensors.torch import save_file
from torch import Tensor, nn

from ._export import ExampleInput, Exporter, export
from ._masks import Masks, load_masks
from ._modules import is_prunable, refuse_pruned, slots

Option = Union[str, int, float, bool, os.PathLike[str], Mapping[str, Tensor]]

_log = logging.getLogger("phew_graph")
# They change what is written, or where.
_OPTIONS_REFUSED = ("count", "nested", "output", "o", "list", "json", "weights", "config")


class PhewGraphError(RuntimeError):
    """phew-graph ended with an error: its one line, and in `exit_code` what kind of fault it is (see its README)."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[type[PhewGraphError], tuple[str, int]]:  # so that it crosses processes
        return type(self), (str(self), self.exit_code)


def find_ticket(
    model: nn.Module,
    method: str = "phew",
    density: Optional[float] = 0.05,
    seed: int = 0,
    *,
    example_input: Optional[ExampleInput] = None,
    network: Optional[str] = None,
    exporter: Exporter = "torchscript",
    program: Union[str, os.PathLike[str], None] = None,
    **options: Option,
) -> Masks:
    """Has phew-graph choose a subnetwork of the model with its present weights; the model is not changed.

        masks = find_ticket(model, "phew", density=0.05, seed=0, example_input=torch.zeros(1, 3, 224, 224))

    method, density, seed: as `phew-graph mask --help` describes them; density=None for a method that takes none.
    example_input: as for `export`. Or else
    network: phew-graph's own name of the architecture, such as "resnet20,classes=10"; parameters are matched by name,
        else by order and shape.
    program: phew-graph; without it the one that PHEW_GRAPH names, or that of the PATH.
    options: further options of `phew-graph mask`, such as granularity="kernel" or effective_density=True. Where it
        takes a file of tensors (scores=, mask=), a dict from parameter names to tensors does, too.

    Returns the masks (bool, on the CPU) under the model's names, with phew-graph's metadata. Its notices go to the
    logger "phew_graph". Files in between lie in a temporary folder (TMPDIR) of about the model's size.
    Raises PhewGraphError with phew-graph's own words if it fails; FileNotFoundError without phew-graph; TypeError for
    options that make no single mask; what `export` raises.
    """
    if (example_input is None) == (network is None):
        raise TypeError("find_ticket: expected either example_input or network")
    if refused := sorted(set(options).intersection(_OPTIONS_REFUSED)):
        raise TypeError(f"find_ticket: found option {', '.join(refused)}, which find_ticket itself decides on")
    found = _program(program)
    with tempfile.TemporaryDirectory(prefix="phew-graph-") as name:
        folder = pathlib.Path(name)
        ticket = folder / "ticket.safetensors"
        arguments = ["--method", method, "--seed", str(seed), "--output", str(ticket)]
        if density is not None:
            arguments += ["--density", repr(float(density))]
        if example_input is not None:
            net = str(folder / "model.onnx")
            export(model, example_input, net, exporter=exporter)
        else:
            refuse_pruned(model)
            net = str(network)
            arguments += ["--weights", _save(_weights_of(model), folder / "weights.safetensors")]
        for key, value in options.items():
            arguments += _arguments_for(key, value, folder)
        _run([found, "mask", net, *arguments], folder)
        masks = load_masks(ticket)
    return masks if network is None else _named_as_in(model, masks)


def _program(given: Union[str, os.PathLike[str], None]) -> str:
    wanted = os.fspath(given) if given is not None else os.environ.get("PHEW_GRAPH") or "phew-graph"
    found = shutil.which(wanted)
    if found is None:
        raise FileNotFoundError(f"{wanted}: found no such program; install phew-graph, or name it in PHEW_GRAPH")
    return found


def _weights_of(model: nn.Module) -> dict[str, Tensor]:
    """The prunable parameters under all their names."""
    return {name: slot.parameter for name, slot in slots(model).items() if is_prunable(slot)}


def _save(tensors: Mapping[str, Tensor], file: pathlib.Path) -> str:
    # A clone of its own for each: the format takes no tensors that share memory or lie in another order.
    save_file({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, str(file))
    return str(file)


def _arguments_for(key: str, value: Option, folder: pathlib.Path) -> list[str]:
    flag = "--" + key.replace("_", "-")
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, Mapping):
        return [flag, _save(value, folder / f"{key}.safetensors")]
    return [flag, os.fspath(value) if isinstance(value, os.PathLike) else str(value)]


def _run(command: list[str], folder: pathlib.Path) -> None:
    """Raises PhewGraphError unless the command ends with 0."""
    _log.debug("running %s", command)
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    # Files in the temporary folder are gone when the user reads of them: their names are enough.
    lines = ended.stderr.replace(f"{folder}{os.sep}", "").splitlines()
    if ended.returncode == 0:
        for line in lines:
            _log.info("%s", line)
        return
    errors = [line for line in lines if line.startswith("error: ")]
    if ended.returncode < 0:
        errors.append(f"phew-graph was ended by signal {-ended.returncode}")
    raise PhewGraphError((errors or lines or ["phew-graph failed without a word"])[-1], ended.returncode)


def _named_as_in(model: nn.Module, masks: Masks) -> Masks:
    """Masks under the model's names: where phew-graph took weights by their order, it wrote its own names."""
    weights = _weights_of(model)
    if set(masks) <= set(weights):
        return masks
    return Masks(zip(weights, masks.values()), **masks.metadata)

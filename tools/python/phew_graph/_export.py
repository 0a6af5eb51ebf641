"""A model as an ONNX file in which phew-graph finds its parameters under their own names."""

from __future__ import annotations

import contextlib
import inspect
import os
import pathlib
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any, Literal, Union

import torch
from torch import Tensor, nn

from ._modules import Slot, is_prunable, refuse_pruned, shortened, slots, unwrap
from ._onnx_names import initializer_names

Exporter = Literal["torchscript", "dynamo"]
ExampleInput = Union[Tensor, tuple[Tensor, ...]]

# The lowest opset that the newer exporter writes, and the highest that PyTorch 1.13 knows.
_OPSETS: dict[Exporter, int] = {"torchscript": 17, "dynamo": 18}
# Protobuf's limit is 2 GiB a file; what is not weights stays far below the difference.
_MOST_BYTES_INSIDE = 2**31 - 2**26


def export(
    model: nn.Module,
    example_input: ExampleInput,
    path: Union[str, os.PathLike[str]],
    *,
    exporter: Exporter = "torchscript",
    dynamic_batch: bool = True,
) -> None:
    """Writes the model to an ONNX file for `phew-graph … FILE`, with its weights and with its parameters' names.

    The graph is that of evaluation, and the model comes back in the mode it was in. Nothing is folded: batch
    normalisation stays apart and every weight keeps its name. Wrappers (DataParallel, torch.compile) are looked through.

    example_input: a tensor, or a tuple of them for a forward of several; moved to the model's device and
        floating-point type. Its values do not matter.
    path: the file, written whole or not at all; from 2 GB on the weights lie beside it.
    exporter: "torchscript" needs PyTorch alone; "dynamo" (torch.export, PyTorch 2.6 and later) also needs the packages
        onnx and onnxscript.
    dynamic_batch: the first dimension of every input has no fixed size.

    Raises ValueError, naming them, if parameters of rank 2 and more are not in the file under their names, or if the
    model is pruned already; FileNotFoundError if the file's folder does not exist; whatever the model or the exporter
    raises. Warns of parameters whose modules took no part, such as auxiliary classifiers: the file lacks them.
    """
    if exporter not in _OPSETS:
        raise ValueError(f"exporter: found {exporter!r}, expected one of {', '.join(_OPSETS)}")
    refuse_pruned(model)
    target = pathlib.Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target}: found no folder {target.parent}, expected it to exist")
    inner = unwrap(model)
    inputs = _inputs_for(inner, example_input)
    with _evaluating(inner), tempfile.TemporaryDirectory(prefix=".phew-", dir=target.parent) as folder:
        unused = _unused(inner, inputs)
        file = pathlib.Path(folder) / target.name
        if exporter == "torchscript":
            _export_torchscript(inner, inputs, file, dynamic_batch)
        else:
            _export_dynamo(inner, inputs, file, dynamic_batch)
        _check_names(inner, file, unused)
        # The model is last, so that it never stands without its external data.
        for written in sorted(file.parent.iterdir(), key=lambda other: other == file):
            os.replace(written, target.parent / written.name)
    if unused:
        warnings.warn(f"{target}: left out {shortened(unused)}: the forward pass does not use them", stacklevel=2)


def _inputs_for(model: nn.Module, example_input: ExampleInput) -> tuple[Tensor, ...]:
    inputs = example_input if isinstance(example_input, tuple) else (example_input,)
    for value in inputs:
        if not isinstance(value, Tensor):
            raise TypeError(f"example_input: found {type(value).__name__}, expected a tensor or a tuple of tensors")
    like = next(model.parameters(), None)
    if like is None:
        return inputs
    float_type = like.dtype if like.is_floating_point() else None
    return tuple(
        value.to(device=like.device, dtype=float_type if value.is_floating_point() else None) for value in inputs
    )


@contextlib.contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, undone module by module: parts of a model may have been in different modes."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _unused(model: nn.Module, inputs: tuple[Tensor, ...]) -> list[str]:
    """Prunable parameters whose modules a forward pass does not call. A tied one is used if any of its modules is."""
    called: set[int] = set()
    hooks = [
        module.register_forward_pre_hook(lambda module, _: called.add(id(module))) for module in set(model.modules())
    ]
    try:
        model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    used = {id(slot.parameter) for slot in slots(model).values() if id(slot.module) in called}
    return [name for name, slot in slots(model).items() if is_prunable(slot) and id(slot.parameter) not in used]


def _input_names(inputs: tuple[Tensor, ...]) -> list[str]:
    return ["input"] if len(inputs) == 1 else [f"input_{i}" for i in range(len(inputs))]


def _export_torchscript(model: nn.Module, inputs: tuple[Tensor, ...], file: pathlib.Path, dynamic_batch: bool) -> None:
    names = _input_names(inputs)
    options: dict[str, Any] = {
        "input_names": names,
        "opset_version": _OPSETS["torchscript"],
        # Folding replaces a transposed weight by an unnamed constant.
        "do_constant_folding": False,
        # EVAL would fold batch normalisation into the convolutions; the model is in evaluation mode all the same.
        "training": torch.onnx.TrainingMode.PRESERVE,
    }
    if dynamic_batch:
        options["dynamic_axes"] = {name: {0: "batch"} for name, value in zip(names, inputs) if value.dim() > 0}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    with warnings.catch_warnings():
        # That this exporter is the older one, and that batch normalisation is "in training": it is not.
        warnings.simplefilter("ignore")
        torch.onnx.export(model, inputs, str(file), **options)


def _export_dynamo(model: nn.Module, inputs: tuple[Tensor, ...], file: pathlib.Path, dynamic_batch: bool) -> None:
    options: dict[str, Any] = {}
    if dynamic_batch:
        # torch.export takes a dimension of size 1 for a constant.
        inputs = tuple(torch.cat([value, value]) if value.dim() > 0 and len(value) == 1 else value for value in inputs)
        batch = torch.export.Dim("batch")
        options["dynamic_shapes"] = tuple({0: batch} if value.dim() > 0 else None for value in inputs)
    size = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            inputs,
            str(file),
            input_names=_input_names(inputs),
            opset_version=_OPSETS["dynamo"],
            dynamo=True,
            # The optimiser folds batch normalisation into the convolutions, and transposed weights into constants.
            optimize=False,
            external_data=size > _MOST_BYTES_INSIDE,
            verbose=False,
            **options,
        )


def _check_names(model: nn.Module, file: pathlib.Path, unused: list[str]) -> None:
    """A tied parameter must have survived under one of its names."""
    present = initializer_names(file)
    known = slots(model)
    survived = {id(slot.parameter) for name, slot in known.items() if name in present}

    def is_lost(slot: Slot) -> bool:
        return is_prunable(slot) and id(slot.parameter) not in survived and slot.name not in unused

    lost = [name for name, slot in known.items() if is_lost(slot)]
    if lost:
        raise ValueError(
            f"{file.name}: found no {shortened(lost)}, expected every parameter of rank 2 or more under its name; "
            "does the forward pass use it? If so, try the other exporter"
        )

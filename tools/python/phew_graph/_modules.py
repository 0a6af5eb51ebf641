"""What a model's parameters are called, and which modules hold them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Optional

from torch import nn

WRAPPER_PREFIXES = ("module.", "_orig_mod.")


class Slot(NamedTuple):
    """A place that holds a parameter. A tied parameter has several."""

    name: str
    module: nn.Module
    attribute: str
    parameter: nn.Parameter


def unwrap(model: nn.Module) -> nn.Module:
    """The model inside DataParallel, DistributedDataParallel and torch.compile: parameters have its names."""
    while True:
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner: object = model.module
        else:
            inner = model._modules.get("_orig_mod")
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def slots(model: nn.Module) -> dict[str, Slot]:
    """Every place of every parameter by name, in the model's order; wrappers around the model do not show."""
    found = {}
    for path, module in unwrap(model).named_modules(remove_duplicate=False):
        for attribute, parameter in module.named_parameters(recurse=False):
            name = f"{path}.{attribute}" if path else attribute
            found[name] = Slot(name, module, attribute, parameter)
    return found


def is_prunable(slot: Slot) -> bool:
    """Kernels and matrices are; biases and normalisation have rank 1."""
    return slot.parameter.dim() >= 2


def bare_name(name: str, known: dict[str, Slot]) -> Optional[str]:
    """The name as the model has it, wrappers' prefixes removed where that takes it; None if the model has none such."""
    while name not in known:
        prefix = next((p for p in WRAPPER_PREFIXES if name.startswith(p)), None)
        if prefix is None:
            return None
        name = name[len(prefix) :]
    return name


def refuse_pruned(model: nn.Module) -> None:
    """Throws ValueError if torch.nn.utils.prune has changed the model: its weights are then products, not parameters."""
    known = slots(model)
    pruned = [
        slot.name[: -len("_orig")]
        for slot in known.values()
        if slot.attribute.endswith("_orig") and slot.attribute[: -len("_orig")] + "_mask" in slot.module._buffers
    ]
    if pruned:
        raise ValueError(
            f"the model: found {shortened(pruned)} pruned by torch.nn.utils.prune, expected a dense model; "
            "take a copy made before, or torch.nn.utils.prune.remove"
        )


def shortened(names: Iterable[str], most: int = 8) -> str:
    """ "a, b, c and 12 more"."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more

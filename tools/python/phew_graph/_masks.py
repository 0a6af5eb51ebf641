"""Masks from files, and onto models."""

from __future__ import annotations

import difflib
import json
import os
import pathlib
import zipfile
from collections.abc import Iterable, Mapping
from typing import Optional, Union

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.utils import prune

from ._modules import Slot, bare_name, shortened, slots

_BUFFER_SUFFIX = "_mask"


class Masks(dict[str, Tensor]):
    """A dict from parameter names to masks (bool, True = kept), in the network's order."""

    def __init__(self, masks: Union[Mapping[str, Tensor], Iterable[tuple[str, Tensor]]] = (), **metadata: str) -> None:
        super().__init__(masks)
        #: What the file says of itself: method, seed, density, network, weights_xxh3, version, …
        self.metadata = metadata

    @property
    def kept(self) -> int:
        """The number of parameters kept."""
        return sum(int(mask.count_nonzero()) for mask in self.values())

    @property
    def density(self) -> float:
        """Kept / masked parameters."""
        return self.kept / max(1, sum(mask.numel() for mask in self.values()))


def load_masks(path: Union[str, os.PathLike[str]]) -> Masks:
    """Reads a mask file: safetensors, npz or .pt, as phew-graph writes them, told apart by content.

    Also takes `NAME_mask` buffers of a state_dict that torch.nn.utils.prune has changed; the rest of it is left out.

    Returns the masks, on the CPU, with the file's metadata.
    Raises OSError if the file cannot be read, ValueError if it is of no such form or holds values other than 0 and 1.
    A .pt file is read with weights_only, so that it cannot run code; that takes PyTorch 1.13 or later.
    """
    file = pathlib.Path(path)
    with open(file, "rb") as stream:
        start = stream.read(4)
    if start == b"PK\x03\x04":
        tensors, metadata = _read_zip(file)
    else:
        tensors, metadata = _read_safetensors(file)
    if any(name.endswith(_BUFFER_SUFFIX) for name in tensors):
        tensors = {
            name[: -len(_BUFFER_SUFFIX)]: value for name, value in tensors.items() if name.endswith(_BUFFER_SUFFIX)
        }
    if not tensors:
        raise ValueError(f"{file}: found no tensors, expected masks")
    return Masks({name: _as_mask(value, f"{file}: {name}") for name, value in tensors.items()}, **metadata)


def _read_safetensors(file: pathlib.Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(str(file), framework="pt") as content:
            return {name: content.get_tensor(name) for name in _file_order(file)}, dict(content.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{file}: found no safetensors, npz or .pt file ({error})") from error


def _file_order(file: pathlib.Path) -> list[str]:
    """The names in a sound safetensors file as their data lie, which is the network's order; the library sorts them."""
    with open(file, "rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    header.pop("__metadata__", None)
    return sorted(header, key=lambda name: tuple(header[name]["data_offsets"]))


def _read_zip(file: pathlib.Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with zipfile.ZipFile(file) as archive:
        is_torch = any(name.endswith("data.pkl") for name in archive.namelist())
        comment = archive.comment
    metadata: dict[str, str] = json.loads(comment) if comment.startswith(b"{") else {}
    if is_torch:
        state = torch.load(file, map_location="cpu", weights_only=True)
        if not isinstance(state, Mapping):
            raise ValueError(f"{file}: found a {type(state).__name__}, expected a state_dict of masks")
        return {name: value for name, value in state.items() if isinstance(value, Tensor)}, metadata
    import numpy  # an npz file comes from someone who has it

    with numpy.load(file, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}, metadata


def _as_mask(values: Tensor, where: str) -> Tensor:
    mask = values != 0
    if not torch.equal(mask.to(values.dtype), values):
        raise ValueError(f"{where}: found values other than 0 and 1, expected a mask")
    return mask


def apply_masks(model: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Prunes the model's parameters by torch.nn.utils.prune.custom_from_mask: NAME becomes NAME_orig · NAME_mask.

    Pruned weights then stay at zero whatever the optimiser does, one that was made before included. Parameters without
    a mask stay as they are. A tied parameter is pruned wherever it is used, by the mask of any of its names. Masks may
    lie on any device and may be named as in a DataParallel model. Call this before torch.compile.

    `for name in masks: prune.remove(…)` makes it permanent, as ever with torch.nn.utils.prune.

    Raises ValueError, before the model is changed: a name that is no parameter, a parameter that is pruned already,
    another shape, values other than 0 and 1, two masks for one parameter that differ.
    """
    known = slots(model)
    by_parameter: dict[int, tuple[str, Tensor]] = {}
    for name, values in masks.items():
        slot = known[_resolved(name, known)]
        if values.shape != slot.parameter.shape:
            raise ValueError(f"{name}: found a mask of shape {list(values.shape)}, expected {list(slot.parameter.shape)}")
        mask = _as_mask(values, name).to(slot.parameter.device)
        other = by_parameter.setdefault(id(slot.parameter), (name, mask))
        if not torch.equal(other[1], mask):
            raise ValueError(f"{name}: found another mask than for {other[0]}, expected one, since they are tied")
    done: set[tuple[int, str]] = set()
    for slot in known.values():
        place = (id(slot.module), slot.attribute)  # a module in two places of the model is one
        if id(slot.parameter) in by_parameter and place not in done:
            done.add(place)
            mask = by_parameter[id(slot.parameter)][1]
            prune.custom_from_mask(slot.module, slot.attribute, mask)  # type: ignore[no-untyped-call]


def _resolved(name: str, known: dict[str, Slot]) -> str:
    """The model's name for it. Raises ValueError if it has none."""
    found = bare_name(name, known)
    if found is not None:
        return found
    pruned: Optional[str] = bare_name(name + "_orig", known)
    if pruned is not None:
        raise ValueError(
            f"{name}: found it pruned already, expected a dense parameter; apply masks to a copy made before, or to the "
            "model after torch.nn.utils.prune.remove"
        )
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    raise ValueError(f"{name}: found no such parameter in the model; the nearest name is {shortened(near) or 'none'}")

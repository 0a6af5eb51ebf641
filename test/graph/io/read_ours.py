"""Reads what we write with the libraries that users have: read_ours.py numpy|safetensors|torch|prune WRITE_SAMPLES."""

import pathlib
import subprocess
import sys
import tempfile

MASK_SHAPES = {"conv.weight": (4, 3, 3, 3), "fc.weight": (5, 70)}
MIXED = {
    "bool": ("bool", [True, False, True]),
    "uint8": ("uint8", [200]),
    "float32": ("float32", [[0, 1, 2], [3, 4, 5]]),
    "int64": ("int64", -7),
    "bfloat16": ("bfloat16", [1.0, -3.0]),
    "float16": ("float16", [1.0, -2.0]),
    "float64": ("float64", [[0.1]]),
    "empty": ("int32", []),
}


def is_thirds(mask, shape):
    flat = mask.reshape(-1)
    return tuple(mask.shape) == shape and all(int(v) == (i % 3 == 0) for i, v in enumerate(flat))


def check_numpy(folder):
    import numpy as np

    print("numpy", np.__version__)
    mask = np.load(folder / "mask.npz")
    assert list(mask) == list(MASK_SHAPES)
    for name, shape in MASK_SHAPES.items():
        assert mask[name].dtype == np.uint8 and is_thirds(mask[name], shape), name
    mixed = np.load(folder / "mixed.npz")
    assert list(mixed) == list(MIXED)
    for name, (dtype, values) in MIXED.items():
        dtype = "float32" if dtype == "bfloat16" else dtype
        assert mixed[name].dtype == dtype and mixed[name].tolist() == values, name


def check_safetensors(folder):
    import safetensors
    import torch
    from safetensors.torch import load_file

    print("safetensors", safetensors.__version__, "PyTorch", torch.__version__)
    mask = load_file(folder / "mask.safetensors")
    assert sorted(mask) == sorted(MASK_SHAPES)
    for name, shape in MASK_SHAPES.items():
        assert mask[name].dtype == torch.uint8 and is_thirds(mask[name], shape), name
    mixed = load_file(folder / "mixed.safetensors")
    assert sorted(mixed) == sorted(MIXED)
    for name, (dtype, values) in MIXED.items():
        assert mixed[name].dtype == getattr(torch, dtype) and mixed[name].tolist() == values, name
    with safetensors.safe_open(folder / "mask.safetensors", framework="pt") as file:
        assert file.metadata() == {"method": "thirds"}


def check_torch(folder):
    import torch

    print("PyTorch", torch.__version__)
    mask = torch.load(folder / "mask.pt", weights_only=True)
    assert list(mask) == list(MASK_SHAPES)
    for name, shape in MASK_SHAPES.items():
        assert mask[name].dtype == torch.uint8 and is_thirds(mask[name], shape), name
    mixed = torch.load(folder / "mixed.pt", weights_only=True)
    assert list(mixed) == list(MIXED)
    for name, (dtype, values) in MIXED.items():
        assert mixed[name].dtype == getattr(torch, dtype) and mixed[name].tolist() == values, name


def check_prune(folder):
    import torch
    from safetensors.torch import load_file
    from torch.nn.utils import prune

    masks = load_file(folder / "mask.safetensors")
    model = torch.nn.ModuleDict({"conv": torch.nn.Conv2d(3, 4, 3), "fc": torch.nn.Linear(70, 5)})
    for name, mask in masks.items():
        module, parameter = name.rsplit(".", 1)
        before = getattr(model[module], parameter).detach().clone()
        prune.custom_from_mask(model[module], parameter, mask)
        assert torch.equal(getattr(model[module], parameter), before * mask), name
    assert model["fc"](torch.ones(1, 70)).shape == (1, 5)


with tempfile.TemporaryDirectory() as temporary:
    subprocess.run([sys.argv[2], temporary], check=True)
    {"numpy": check_numpy, "safetensors": check_safetensors, "torch": check_torch, "prune": check_prune}[sys.argv[1]](pathlib.Path(temporary))

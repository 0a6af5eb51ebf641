#!/usr/bin/env python3
"""Writes files as PyTorch's users write them, and beside each readable one, as NAME.npz, what it holds.

    make_pytorch_fixtures.py FOLDER

Files that must be read: NAME.pt with NAME.npz, the expected names, order, shapes and values (bfloat16 as float32).
Files that must be refused have no npz; the test says with which message.
Runs with any PyTorch from 1.13 on.
"""

import argparse
import collections
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn.utils import prune


def small_module():
    return nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 1))


def trained_checkpoint(model):
    """A checkpoint as training scripts save it: state beside state, numbers of all kinds, a loss that is a tensor."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(4, 1, 2, 2)).square().sum().backward()
    optimizer.step()
    return {
        "epoch": 3,
        "loss": torch.tensor(0.5),
        "best": np.float64(0.25),
        "history": [1.5, None, True, (1, 2), {"nested": [1 << 70, -5, 70000]}],
        "tags": {"a", "b"},
        "raw": b"bytes",
        "device": torch.device("cpu"),
        "shape": torch.Size([2, 3]),
        "dtype": torch.float32,
        "counts": collections.Counter("aab"),
        "optimizer_state_dict": optimizer.state_dict(),
        "model_state_dict": model.state_dict(),
    }


def views():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return {
        "whole": base,
        "transposed": base.t(),
        "slice": base[1:3],
        "columns": base[:, 1:4],
        "permuted": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).permute(2, 0, 1),
        "channels_last": torch.arange(24, dtype=torch.float32).reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
        "expanded": torch.tensor([1.0, 2.0]).reshape(2, 1).expand(2, 3),
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 3),
    }


def every_dtype():
    values = [0, 1, 2, 3, 100]
    types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
             torch.int8, torch.uint8, torch.bool]
    return {str(t).replace("torch.", ""): torch.tensor(values).to(t) for t in types}


def shared():
    tied = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    return {"encoder.weight": tied, "decoder.weight": tied, "tail": tied.view(-1)[4:]}


def parameters():
    noted = nn.Parameter(torch.ones(2, 2))
    noted.note = "attributes are pickled, too"
    tensor = torch.full((3,), 2.0)
    tensor.note = 1
    return {"plain": nn.Parameter(torch.zeros(2)), "noted": noted, "tensor": tensor}


def pruned():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    prune.random_unstructured(model[0], "weight", amount=0.5)
    state = model.state_dict()
    expected = {}
    for name, value in state.items():
        if name == "0.weight_orig":
            expected["0.weight"] = model[0].weight.detach()
        else:
            expected[name] = value
    return state, expected


def prefixed(prefix, state):
    return collections.OrderedDict((prefix + name, value) for name, value in state.items())


def to_numpy(tensor):
    tensor = tensor.detach()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).contiguous().numpy()


def write_readable(folder):
    def put(name, saved, expected, **options):
        torch.save(saved, folder / (name + ".pt"), **options)
        np.savez_compressed(folder / (name + ".npz"), **{key: to_numpy(value) for key, value in expected.items()})

    model = small_module()
    state = model.state_dict()
    put("state_dict", state, state)
    put("protocol_4", state, state, pickle_protocol=4)
    plain = {"b": torch.randn(3), "a": torch.randn(2, 3)}
    put("plain", plain, plain)
    put("data_parallel", prefixed("module.", state), state)
    put("compiled", prefixed("_orig_mod.module.", state), state)
    put("checkpoint", trained_checkpoint(model), model.state_dict())
    put("pruned", *pruned())
    put("views", views(), views())
    put("shared", shared(), shared())
    put("parameters", parameters(), parameters())
    put("dtypes", every_dtype(), every_dtype())


def write_refused(folder):
    model = nn.Linear(2, 2)
    torch.save({"w": torch.ones(2)}, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(model, folder / "whole_module.pt")
    torch.save({"model": model, "epoch": 1}, folder / "module_in_checkpoint.pt")
    torch.jit.script(model).save(str(folder / "torchscript.pt"))
    torch.save({"state_dict": {"w": torch.ones(2)}, "args": argparse.Namespace(lr=0.1)}, folder / "namespace.pt")
    torch.save({"generator": {"w": torch.ones(2)}, "critic": {"w": torch.ones(2)}}, folder / "two_models.pt")
    torch.save(torch.ones(2), folder / "single_tensor.pt")
    torch.save([model.state_dict()], folder / "list.pt")
    torch.save({"epoch": 1}, folder / "no_tensors.pt")
    torch.save({"w": torch.eye(2).to_sparse()}, folder / "sparse.pt")
    torch.save({"w": torch.ones(2, dtype=torch.complex64)}, folder / "complex.pt")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    np.random.seed(0)
    write_readable(folder)
    write_refused(folder)


if __name__ == "__main__":
    main()

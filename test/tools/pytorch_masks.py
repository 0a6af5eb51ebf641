"""Masks and weights as PyTorch's users have them, read by phew-graph: pytorch_masks.py PHEW_GRAPH

Each file that PyTorch or safetensors writes is held against the mask itself, written as one tensor a parameter:
equal masks have Jaccard index 1.
"""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import safetensors
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

program = os.path.abspath(sys.argv[1])
NET = "lenet-300-100"
NAMES = ["0.weight", "2.weight", "4.weight"]


def run(*arguments, code=0):
    ended = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert ended.returncode == code, (arguments, ended.returncode, ended.stderr)
    return ended.stdout if code == 0 else ended.stderr


def analysis(mask, *options):
    return json.loads(run("analyze", NET, "--mask", mask, "--json", "--quiet", *options))


def dense_model():
    return nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))


def pruned_model(layers):
    model = dense_model()
    for layer in layers:
        prune.random_unstructured(model[layer], "weight", amount=0.75)
    return model


def masks_of(model):
    return {
        name: getattr(model[int(name[0])], "weight_mask", torch.ones_like(model[int(name[0])].weight)).to(torch.uint8)
        for name in NAMES
    }


def made_permanent(model):
    model = copy_of(model)
    for module in model:
        if prune.is_pruned(module):
            prune.remove(module, "weight")
    return model.state_dict()


def copy_of(model):
    """A deep copy; pruned weights are computed tensors, which PyTorch copies once they are detached."""
    for module in model:
        if prune.is_pruned(module):
            module.weight = module.weight.detach()
    return copy.deepcopy(model)


def save_sharded(tensors, folder, name, shards=2):
    """Shards and their index, as Hugging Face's tools write them."""
    names, weight_map = list(tensors), {}
    for i in range(shards):
        file = f"{name}-{i + 1:05}-of-{shards:05}.safetensors"
        part = {key: tensors[key].contiguous() for key in names[i::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map.update(dict.fromkeys(part, file))
    total = sum(value.numel() * value.element_size() for value in tensors.values())
    index = folder / f"{name}.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2) + "\n")
    return index


def check_same(mask, expected, *options):
    found = json.loads(run("similarity", mask, expected, "--json", "--quiet", *options))
    assert found["jaccard"]["whole"] == 1, (mask, found["jaccard"])


def check_masks(folder, layers):
    model = pruned_model(layers)
    masks, state = masks_of(model), model.state_dict()
    kept = [int(masks[name].sum()) for name in NAMES]
    assert 0 < kept[0] < 784 * 300
    expected = folder / "expected.safetensors"
    save_file(masks, expected)

    files = {
        "state": folder / "state.pt",  # weight_orig and weight_mask
        "checkpoint": folder / "checkpoint.pt",
        "parallel": folder / "parallel.pt",
        "buffers": folder / "buffers.pt",
        "safetensors": folder / "state.safetensors",
        "bool": folder / "bool.safetensors",
        "sharded": save_sharded(masks, folder, "masks"),
    }
    torch.save(state, files["state"])
    torch.save({"epoch": 3, "state_dict": state, "best": 0.5}, files["checkpoint"])
    torch.save(nn.DataParallel(model).state_dict(), files["parallel"])
    torch.save({name + "_mask": mask for name, mask in masks.items()}, files["buffers"])
    save_file({name: value.contiguous() for name, value in state.items()}, files["safetensors"])
    save_file({name: mask.bool() for name, mask in masks.items()}, files["bool"])
    for form, file in files.items():
        links = analysis(file)["links"]
        assert [link["kept"] for link in links] == kept, (form, links)
        check_same(file, expected)

    zeros = {
        "zeros": folder / "zeros.pt",
        "zeros in shards": save_sharded(made_permanent(model), folder, "zeros"),
        "zeros in halves": folder / "halves.safetensors",
    }
    torch.save(made_permanent(model), zeros["zeros"])
    save_file({name: value.bfloat16() for name, value in made_permanent(model).items()}, zeros["zeros in halves"])
    for form, file in zeros.items():
        links = analysis(file, "--zeros-are-pruned")["links"]
        assert [link["kept"] for link in links] == kept, (form, links)
        check_same(expected, file, "--zeros-are-pruned")
        assert "--zeros-are-pruned" in run("analyze", NET, "--mask", file, code=65), form


def check_weights(folder):
    """A dense network's shards are its weights; a pruned one's are weights · masks."""
    state = dense_model().state_dict()
    index = save_sharded(state, folder, "model", shards=3)
    save_file(state, folder / "whole.safetensors")
    totals = [
        json.loads(run("analyze", NET, "--weights", file, "--json", "--quiet"))["network"]["ewp_log_total"]
        for file in (index, folder / "whole.safetensors")
    ]
    assert totals[0] == totals[1], totals


def check_bad_shards(folder):
    state = dense_model().state_dict()
    index = save_sharded(state, folder, "bad")
    text = json.loads(index.read_text())

    def refused(code, message, **weight_map):
        changed = {**text["weight_map"], **weight_map}
        index.write_text(json.dumps({"weight_map": {name: file for name, file in changed.items() if file}}))
        said = run("analyze", NET, "--weights", index, code=code)
        assert message in said and said.startswith("error: "), said

    refused(65, "6.weight: found no such tensor in bad-00001", **{"6.weight": "bad-00001-of-00002.safetensors"})
    refused(65, "0.weight: found in bad-00001", **{"0.weight": None})
    refused(66, "missing.safetensors: cannot open", **{"6.weight": "missing.safetensors"})
    refused(65, "the same folder", **{"6.weight": "../outside.safetensors"})
    refused(65, "the same folder", **{"6.weight": str(folder / "bad-00001-of-00002.safetensors")})
    save_file({"0.weight": state["0.weight"], "6.weight": state["0.weight"].clone()}, folder / "again.safetensors")
    refused(65, "0.weight: found in again.safetensors", **{"6.weight": "again.safetensors"})


print("PyTorch", torch.__version__, "safetensors", safetensors.__version__)
torch.manual_seed(0)
with tempfile.TemporaryDirectory() as temporary:
    for which, layers in {"all": [0, 2, 4], "some": [0, 2]}.items():
        place = pathlib.Path(temporary) / which
        place.mkdir()
        check_masks(place, layers)
    check_weights(pathlib.Path(temporary))
    check_bad_shards(pathlib.Path(temporary))

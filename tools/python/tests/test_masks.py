import copy
import json

import pytest
import torch
from conftest import CONV_NET_PRUNABLE, ConvNet, assert_same, lenet, prunable, random_masks
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from phew_graph import Masks, apply_masks, load_masks


def forward_is_masked(model, dense, masks, x):
    """The model's output is that of the dense one with zeros in its weights."""
    with torch.no_grad():
        for name, value in dense.named_parameters():
            if name in masks:
                value.mul_(masks[name])
    return torch.allclose(model(x), dense(x))


# --- load_masks


@pytest.mark.parametrize("extension", ["safetensors", "npz", "pt"])
def test_masks_of_phew_graph_are_read_with_metadata(phew_graph_run, tmp_path, extension):
    file = tmp_path / f"ticket.{extension}"
    phew_graph_run("mask", "lenet-300-100", "--density", 0.02, "--seed", 7, "-o", file)
    masks = load_masks(file)
    assert list(masks) == ["0.weight", "2.weight", "4.weight"]
    assert [list(mask.shape) for mask in masks.values()] == [[300, 784], [100, 300], [10, 100]]
    assert all(mask.dtype == torch.bool for mask in masks.values())
    assert 5324 <= masks.kept < 5324 + 3
    assert masks.density == masks.kept / 266200
    assert masks.metadata["method"] == "phew" and masks.metadata["seed"] == "7"
    assert float(masks.metadata["density"]) == masks.density


def test_buffers_of_a_pruned_state_dict_are_masks(tmp_path):
    model = ConvNet()
    prune.random_unstructured(model.depthwise, "weight", amount=0.5)
    prune.l1_unstructured(model.classifier, "weight", amount=0.25)
    torch.save(model.state_dict(), tmp_path / "pruned.pt")
    assert_same(
        load_masks(tmp_path / "pruned.pt"),
        {
            "depthwise.weight": model.depthwise.weight_mask.bool(),
            "classifier.weight": model.classifier.weight_mask.bool(),
        },
    )


def test_masks_of_any_type_are_read(tmp_path):
    mask = torch.tensor([[1, 0], [0, 1]])
    types = [torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.bool]
    save_file({str(dtype): mask.to(dtype) for dtype in types}, tmp_path / "m.safetensors")
    assert_same(load_masks(tmp_path / "m.safetensors"), {str(dtype): mask.bool() for dtype in types})


def test_files_without_masks_are_refused(tmp_path):
    file = tmp_path / "f"
    for content in [b"", b"not a mask", b"\x80\x02}.", b"\xff" * 100]:
        file.write_bytes(content)
        with pytest.raises(ValueError, match="f: found no safetensors"):
            load_masks(file)
    save_file({"w": torch.tensor([0.0, 1.0, 0.5])}, file)
    with pytest.raises(ValueError, match="f: w: found values other than 0 and 1"):
        load_masks(file)
    save_file({}, file)
    with pytest.raises(ValueError, match="found no tensors"):
        load_masks(file)
    torch.save([torch.ones(2)], file)
    with pytest.raises(ValueError, match="found a list"):
        load_masks(file)
    with pytest.raises(FileNotFoundError):
        load_masks(tmp_path / "absent")


class Hostile:
    def __reduce__(self):
        return (open, ("ran", "w"))


def test_a_pickle_cannot_run_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"w": Hostile()}, "hostile.pt")
    with pytest.raises(Exception, match="(?i)weights.only|unsupported"):
        load_masks("hostile.pt")
    assert not (tmp_path / "ran").exists()


# --- apply_masks


def test_pruned_weights_stay_zero_in_training():
    model = ConvNet()
    # Made before, with momentum and weight decay: the worst case for zeros.
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    masks = random_masks(model)
    apply_masks(model, masks)
    before = model.classifier.weight.detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(4, 3, 8, 8)).square().sum().backward()
        optimizer.step()
    model(torch.randn(4, 3, 8, 8))
    for name, mask in masks.items():
        weight = model.get_submodule(name.rpartition(".")[0]).weight
        assert torch.equal(weight != 0, mask), name
    assert not torch.equal(model.classifier.weight, before)


def test_forward_is_that_of_masked_weights():
    dense = ConvNet().eval()
    model = copy.deepcopy(dense)
    masks = random_masks(model)
    apply_masks(model, masks)
    assert forward_is_masked(model, dense, masks, torch.randn(2, 3, 8, 8))


def test_parameters_without_a_mask_stay():
    model = lenet()
    apply_masks(model, {"2.weight": torch.zeros(100, 300)})
    assert [name for name, _ in model.named_buffers()] == ["2.weight_mask"]
    assert "0.weight" in prunable(model)


@pytest.mark.parametrize(
    "masks, message",
    [
        ({"0.weights": torch.ones(300, 784)}, "0.weights: found no such parameter.*nearest name is 0.weight"),
        ({"2.weight": torch.ones(300, 100)}, r"2.weight: found a mask of shape \[300, 100\], expected \[100, 300\]"),
        ({"4.weight": torch.full((10, 100), 0.5)}, "4.weight: found values other than 0 and 1"),
        ({"4.weight": torch.full((10, 100), float("nan"))}, "4.weight: found values other than 0 and 1"),
    ],
)
def test_masks_that_do_not_fit_are_refused_before_any_is_applied(masks, message):
    model = lenet()
    with pytest.raises(ValueError, match=message):
        apply_masks(model, {"0.weight": torch.ones(300, 784), **masks})
    assert not prune.is_pruned(model)


def test_a_second_mask_is_refused():
    model = lenet()
    apply_masks(model, {"0.weight": torch.ones(300, 784)})
    with pytest.raises(ValueError, match="0.weight: found it pruned already"):
        apply_masks(model, {"0.weight": torch.ones(300, 784)})


@pytest.mark.parametrize("wrap", [nn.DataParallel, lambda model: torch.compile(model, backend="eager")])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
def test_wrappers_do_not_matter(wrap, prefix):
    if not hasattr(torch, "compile") and wrap is not nn.DataParallel:
        pytest.skip("this PyTorch has no torch.compile")
    dense = lenet()
    model = copy.deepcopy(dense)
    masks = random_masks(model)
    wrapped = wrap(model)
    apply_masks(wrapped, {prefix + name: mask for name, mask in masks.items()})
    x = torch.randn(2, 784)
    assert torch.allclose(wrapped(x), model(x))
    assert forward_is_masked(model, dense, masks, x)


def test_a_module_called_module_keeps_its_name():
    model = nn.ModuleDict({"module": nn.Linear(2, 2)})
    apply_masks(model, {"module.weight": torch.zeros(2, 2)})
    assert prune.is_pruned(model["module"])


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(5, 5, bias=False)
        self.decoder = nn.Linear(5, 5, bias=False)
        self.decoder.weight = self.encoder.weight
        self.again = self.encoder

    def forward(self, x):
        return self.decoder(torch.relu(self.encoder(x)))


@pytest.mark.parametrize("name", ["encoder.weight", "decoder.weight", "again.weight"])
def test_a_tied_weight_is_pruned_everywhere(name):
    dense = Tied()
    model = copy.deepcopy(dense)
    mask = torch.rand(5, 5) < 0.5
    apply_masks(model, {name: mask})
    assert model.encoder.weight_orig is model.decoder.weight_orig
    assert forward_is_masked(model, dense, {"encoder.weight": mask}, torch.randn(3, 5))
    assert not hasattr(model, "decoder.weight")


def test_tied_weights_take_one_mask():
    mask = torch.eye(5)
    apply_masks(Tied(), {"encoder.weight": mask, "decoder.weight": mask})
    with pytest.raises(ValueError, match="decoder.weight: found another mask than for encoder.weight"):
        apply_masks(Tied(), {"encoder.weight": mask, "decoder.weight": 1 - mask})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_masks_take_the_type_of_the_weight(dtype):
    model = nn.Linear(4, 3).to(dtype)
    apply_masks(model, {"weight": torch.eye(3, 4, dtype=torch.bool)})
    assert model.weight.dtype == dtype and model.weight_mask.dtype == dtype


def test_channels_last_weights_are_pruned_at_the_right_places():
    model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    dense = model.weight.detach().clone()
    mask = torch.rand(4, 3, 3, 3) < 0.5
    apply_masks(model, {"weight": mask})
    assert torch.equal(model.weight, dense * mask)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_masks_follow_the_model_to_its_device():
    model = lenet().cuda()
    masks = random_masks(model)
    apply_masks(model, masks)
    assert torch.equal((model[0].weight != 0).cpu(), masks["0.weight"])


def test_masks_are_a_dict_with_metadata():
    masks = Masks({"a": torch.eye(2, dtype=torch.bool)}, method="hand")
    assert dict(masks).keys() == {"a"} and masks.kept == 2 and masks.density == 0.5
    assert json.dumps(masks.metadata) == '{"method": "hand"}'
    assert Masks().density == 0


def test_the_models_of_these_tests_are_as_they_say():
    assert list(prunable(ConvNet())) == CONV_NET_PRUNABLE

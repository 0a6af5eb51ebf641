"""Real exports of torch.onnx, by both exporters, against PyTorch: onnx_exports.py PHEW_GRAPH small|full.

small: of each architecture a small version. Parameter names, their order, shapes and values are PyTorch's; a random
mask's effective parameters, which phew-graph counts on its graph, are those whose gradient is not zero in PyTorch once
the network is linear and positive: |w| for weights, no activations, no normalisation, sums for products, means for
maxima, and circular padding, so that every kernel position meets the map.
full: torchvision's own models. Names, order and shapes.
"""

import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torchvision
from torch import nn
from torchvision import models
from torchvision.models import densenet, efficientnet, resnet, shufflenetv2, vgg
from torchvision.ops.misc import SqueezeExcitation

PHEW_GRAPH = sys.argv[1]
EXPORTERS = ("torchscript", "dynamo")
warnings.filterwarnings("ignore")


class GatedBlock(nn.Module):
    """Squeeze and excitation as SE-ResNet's authors' readers write it, around a residual block."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.fc = nn.Sequential(
            nn.Linear(width, width // 2, bias=False), nn.ReLU(), nn.Linear(width // 2, width, bias=False), nn.Sigmoid()
        )
        self.join = torch.mul

    def forward(self, x):
        y = self.bn(self.conv(x))
        gate = self.fc(y.mean((2, 3))).view(y.size(0), y.size(1), 1, 1)
        return torch.relu(x + self.join(y, gate.expand_as(y)))


class PlainShortcut(nn.Module):
    """ResNet's shortcut without parameters (option A): every other position, zeros for new channels."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.conv1 = nn.Conv2d(6, 12, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(12, 12, 3, padding=1)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        x = torch.relu(self.first(x))
        y = self.conv2(torch.relu(self.conv1(x)))
        x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 3, 3))
        return self.fc((x + y).mean((2, 3)))


class Tied(nn.Module):
    """One layer called twice, and one that shares its weights."""

    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(8, 12)
        self.again = nn.Linear(12, 12)
        self.other = nn.Linear(12, 12)
        self.other.weight = self.again.weight
        self.leave = nn.Linear(12, 4, bias=False)

    def forward(self, x):
        x = torch.relu(self.enter(x))
        return self.leave(torch.tanh(self.other(torch.relu(self.again(torch.relu(self.again(x)))))))


def small_vgg():
    return vgg.VGG(vgg.make_layers([8, "M", 12, "M", 16, 16, "M"], batch_norm=True), num_classes=10)


def small_shufflenet():
    return shufflenetv2.ShuffleNetV2([1, 2, 1], [8, 16, 24, 32, 48], num_classes=10)


def small_efficientnet():
    block = efficientnet.MBConvConfig
    layers = [block(1, 3, 1, 16, 8, 1), block(4, 3, 2, 8, 12, 2), block(4, 5, 2, 12, 16, 2)]
    return efficientnet.EfficientNet(layers, dropout=0.2, num_classes=10, last_channel=32)


def small_convnext():
    block = models.convnext.CNBlockConfig
    return models.ConvNeXt([block(8, 16, 1), block(16, None, 2)], num_classes=10)


IMAGE = (1, 3, 64, 64)
SMALL = {
    "mlp": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 10)), (1, 1, 8, 8)),
    "tied": (Tied, (1, 8)),
    "resnet": (lambda: resnet.ResNet(resnet.BasicBlock, [1, 1, 1, 1], num_classes=10), IMAGE),
    "resnext": (
        lambda: resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], num_classes=10, groups=4, width_per_group=4),
        IMAGE,
    ),
    "plain shortcut": (PlainShortcut, IMAGE),
    "gates": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), GatedBlock(8), GatedBlock(8)), IMAGE),
    "vgg": (small_vgg, IMAGE),
    "densenet": (lambda: densenet.DenseNet(8, (2, 3, 2, 2), 16, num_classes=10), IMAGE),
    "mobilenet_v2": (lambda: models.MobileNetV2(num_classes=10, width_mult=0.25), IMAGE),
    "mobilenet_v3": (lambda: models.mobilenet_v3_small(num_classes=10, width_mult=0.25), (1, 3, 96, 96)),
    "googlenet": (lambda: models.GoogLeNet(10, aux_logits=False, init_weights=False), IMAGE),
    "squeezenet": (lambda: models.squeezenet1_1(num_classes=10), IMAGE),
    "shufflenet": (small_shufflenet, IMAGE),
    "efficientnet": (small_efficientnet, IMAGE),
    "convnext": (small_convnext, IMAGE),
}
FULL = ["resnet18", "resnet50", "vgg11_bn", "densenet121", "mobilenet_v2", "googlenet", "shufflenet_v2_x1_0", "efficientnet_b0"]


def export(model, example, path, exporter):
    with open(path.with_suffix(".log"), "w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        torch.onnx.export(model, (example,), str(path), dynamo=exporter == "dynamo")


def phew_graph(*arguments):
    done = subprocess.run([PHEW_GRAPH, *map(str, arguments), "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def prunable(model):
    """Name and parameter of each weight of a convolution or dense layer; tied ones once, aux heads left out."""
    weights = {id(m.weight) for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))}
    return [(k, p) for k, p in model.named_parameters() if id(p) in weights and not k.startswith("aux")]


def first_names(model):
    """Each parameter's name to its first one: a tied one may go by any of its names, exporters choose."""
    first = {id(p): k for k, p in model.named_parameters()}
    return {k: first[id(p)] for k, p in model.named_parameters(remove_duplicate=False)}


def check_names(model, path):
    links = json.loads(phew_graph("describe", path, "--json"))["links"]
    names = first_names(model)
    found = list(dict.fromkeys((names.get(link["parameter"], link["parameter"]), link["prunable"])
                               for link in links if not link["fixed"]))
    expected = [(name, p.numel()) for name, p in prunable(model)]
    assert sorted(found) == sorted(expected), set(found) ^ set(expected)


def check_weights(model, path, folder):
    """Batch-norm as it is initialised scales by 1/sqrt(1 + eps) only."""
    phew_graph("convert", path, folder / "weights.npz")
    names = first_names(model)
    weights = {names.get(name, name): values for name, values in np.load(folder / "weights.npz").items()}
    assert list(weights) == [name for name, _ in prunable(model)], list(weights)
    for name, p in prunable(model):
        assert weights[name].shape == tuple(p.shape), (name, weights[name].shape, tuple(p.shape))
        np.testing.assert_allclose(weights[name], p.detach().numpy(), rtol=1e-3, atol=1e-6, err_msg=name)


def make_linear(module):
    for name, child in module.named_children():
        make_linear(child)
        kind = type(child).__name__
        if isinstance(child, nn.MaxPool2d):
            pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
            setattr(module, name, pool)
        elif "Norm" in kind or "Dropout" in kind or "StochasticDepth" in kind:
            setattr(module, name, nn.Identity())
        elif kind in ("ReLU", "ReLU6", "SiLU", "Hardswish", "Hardsigmoid", "Sigmoid", "GELU", "Tanh"):
            setattr(module, name, nn.Identity())
        if isinstance(child, nn.Conv2d):
            child.padding_mode = "circular"
        if isinstance(child, GatedBlock):
            child.join = torch.add
        if hasattr(child, "layer_scale"):
            child.layer_scale = nn.Parameter(torch.ones_like(child.layer_scale))


@contextlib.contextmanager
def linear_functions():
    keep = torch.relu, torch.tanh, nn.functional.relu, SqueezeExcitation.forward
    identity = lambda x, *_, **__: x
    torch.relu = torch.tanh = nn.functional.relu = identity
    SqueezeExcitation.forward = lambda self, x: self._scale(x) + x
    yield
    torch.relu, torch.tanh, nn.functional.relu, SqueezeExcitation.forward = keep


def effective_by_gradient(model, example, mask):
    model = model.double()
    make_linear(model)
    weights = prunable(model)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
        for name, parameter in weights:
            parameter.copy_((0.5 + torch.rand_like(parameter)) * torch.from_numpy(mask[name]))
    with linear_functions():
        model(torch.ones_like(example, dtype=torch.double)).sum().backward()
    return {name: int(((p.grad != 0).numpy() & (mask[name] != 0)).sum()) for name, p in weights}


def check_effective(model, example, path, folder, density):
    phew_graph("mask", path, "--method", "random", "--density", density, "--seed", 3, "-o", folder / "mask.npz")
    names = first_names(model)
    mask = {names.get(name, name): bits for name, bits in np.load(folder / "mask.npz").items()}
    report = json.loads(phew_graph("analyze", path, "--mask", folder / "mask.npz", "--json", "--structure-only"))
    links = {names.get(link["parameter"], link["parameter"]): link["effective"]
             for link in report["links"] if link["parameter"]}
    expected = effective_by_gradient(model, example, mask)
    assert links == expected, {k: (links.get(k), expected[k]) for k in expected if links.get(k) != expected[k]}
    return sum(expected.values()), int(sum((mask[name] != 0).sum() for name in mask))


def check_small(folder, name):
    make, shape = SMALL[name]
    for exporter in EXPORTERS:
        torch.manual_seed(1)
        model, example = make().eval(), torch.randn(shape)
        path = folder / f"{name.replace(' ', '_')}-{exporter}.onnx"
        export(model, example, path, exporter)
        check_names(model, path)
        check_weights(model, path, folder)
        effective, kept = check_effective(model, example, path, folder, 0.15)
        assert 0 < effective < kept, "the mask says nothing"
        print(f"{name}, {exporter}: {effective} of {kept} kept parameters are effective", flush=True)


def check_full(folder, name):
    with torch.device("cpu"):
        options = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
        model = getattr(models, name)(**options).eval()
    path = folder / f"{name}.onnx"
    export(model, torch.randn(1, 3, 224, 224), path, "torchscript")
    check_names(model, path)
    print(f"{name}: {len(prunable(model))} parameters", flush=True)
    path.unlink()


def main():
    print("PyTorch", torch.__version__, "torchvision", torchvision.__version__)
    names = sys.argv[3:] or (SMALL if sys.argv[2] == "small" else FULL)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            (check_small if sys.argv[2] == "small" else check_full)(pathlib.Path(folder), name)


if __name__ == "__main__":
    main()

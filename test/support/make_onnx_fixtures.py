"""Writes data/onnx, small real exports of torch.onnx, and what PyTorch says of them: make_onnx_fixtures.py FOLDER.

Needs PyTorch with both exporters (2.6 and newer), onnx and onnxscript.
"""

import contextlib
import io
import json
import pathlib
import sys
import warnings

import onnx
import torch
from torch import nn


class Residual(nn.Module):
    """A convolution, a residual block with batch-norm, a dense layer."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.layer1 = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        x = self.stem(x)
        return self.fc(torch.flatten(self.pool(torch.relu(x + self.layer1(x))), 1))


class Shuffle(nn.Module):
    """ShuffleNet's unit: half of the channels pass by, then groups are interleaved."""

    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
        self.pointwise = nn.Conv2d(4, 4, 1, bias=False)
        self.last = nn.Conv2d(8, 2, 1, bias=False)

    def forward(self, x):
        left, right = x.chunk(2, dim=1)
        x = torch.cat((left, self.pointwise(self.depthwise(right))), dim=1)
        n, c, h, w = x.shape
        return self.last(x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w))


class Gate(nn.Module):
    """SiLU, then squeeze and excitation."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.squeeze = nn.Linear(4, 2, bias=False)
        self.excite = nn.Linear(2, 4, bias=False)

    def forward(self, x):
        x = nn.functional.silu(self.conv(x))
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean((2, 3))))))
        return x * gate.view(x.size(0), -1, 1, 1).expand_as(x)


MODELS = {
    "mlp": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 6), nn.ReLU(), nn.Linear(6, 3)), (1, 1, 4, 4)),
    "residual": (Residual, (1, 3, 6, 6)),
    "shuffle": (Shuffle, (1, 8, 4, 4)),
    "gate": (Gate, (1, 3, 6, 6)),
}


def without_paths(path):
    """Dynamo's exporter writes where in its sources each node was made: paths of the machine that ran it."""
    model = onnx.load(path, load_external_data=False)
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if "stack_trace" not in entry.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    path.write_bytes(model.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    expected = {}
    warnings.filterwarnings("ignore")
    for name, (make, shape) in MODELS.items():
        torch.manual_seed(0)
        model, example = make().eval(), torch.zeros(shape)
        weights = [[k, list(p.shape), float(p.double().sum())] for k, p in model.named_parameters() if p.dim() > 1]
        for exporter in ("torchscript", "dynamo"):
            file = f"{name}-{exporter}.onnx"
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                if exporter == "dynamo":
                    external = name == "mlp"
                    torch.onnx.export(model, (example,), str(folder / file), dynamo=True, external_data=external)
                else:
                    torch.onnx.export(model, (example,), str(folder / file), dynamo=False)
            without_paths(folder / file)
            expected[file] = weights
    (folder / "expected.json").write_text(json.dumps({"pytorch": torch.__version__, "weights": expected}, indent=1) + "\n")


if __name__ == "__main__":
    main()

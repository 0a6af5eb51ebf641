"""What the tests share: phew-graph (PHEW_GRAPH or the PATH's; without it tests are skipped) and small models."""

import os
import pathlib
import shutil
import subprocess

import pytest
import torch
from torch import nn


@pytest.fixture(scope="session")
def program():
    found = shutil.which(os.environ.get("PHEW_GRAPH", "phew-graph"))
    if found is None:
        pytest.skip("found no phew-graph on the PATH; PHEW_GRAPH may name one")
    return found


@pytest.fixture(scope="session")
def phew_graph_run(program):
    def run(*arguments):
        return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def lenet():
    """phew-graph's lenet-300-100: 0.weight, 2.weight, 4.weight."""
    return nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))


class ConvNet(nn.Module):
    """A residual block with batch normalisation, a depthwise convolution, pooling and a classifier, 3x8x8 inputs."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.pointwise = nn.Conv2d(8, 8, 1)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(8, 4)

    def forward(self, x):
        x = self.stem(x)
        x = torch.relu(x + self.norm(self.pointwise(self.depthwise(x))))
        return self.classifier(self.dropout(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)))


CONV_NET_PRUNABLE = ["stem.0.weight", "depthwise.weight", "pointwise.weight", "classifier.weight"]


def prunable(model):
    return {name: value for name, value in model.named_parameters() if value.dim() >= 2}


def random_masks(model, density=0.5):
    return {name: torch.rand(value.shape) < density for name, value in prunable(model).items()}


def largest(values, density):
    """The masks of the largest values over all tensors, an exact share of them."""
    scores = torch.cat([value.detach().float().flatten() for value in values.values()])
    kept = torch.zeros(scores.numel(), dtype=torch.bool)
    kept[scores.topk(round(density * scores.numel())).indices] = True
    parts = kept.split([value.numel() for value in values.values()])
    return {name: part.reshape(value.shape) for (name, value), part in zip(values.items(), parts)}


def assert_same(masks, expected):
    assert sorted(masks) == sorted(expected)
    for name, mask in expected.items():
        assert masks[name].dtype == torch.bool and torch.equal(masks[name], mask), name


SOURCE = pathlib.Path(__file__).resolve().parents[1]

#!/usr/bin/env python3
"""Compares phew-train with PyTorch: forward outputs, whole training steps, and the files that pass between them.

The reference networks are plain PyTorch. Exit code 77 (skipped, for Meson) where torch or numpy is absent.
  pytorch_parity.py --graph phew-graph --train phew-train --forward test-forward
  … --renew-golden test/golden/forward.json     writes what PyTorch computes for seeded initial weights
"""

import argparse
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

DTYPES = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    out = {}
    header = json.loads(data[8:8 + size])
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + size + begin:8 + size + end], DTYPES[entry["dtype"]])
        out[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return out


def write_safetensors(path, tensors):
    names = {np.dtype(v): k for k, v in DTYPES.items()}
    header, blobs, offset = {}, [], 0
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(tensor.detach().numpy())
        blobs.append(array.tobytes())
        header[name] = {"dtype": names[array.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(blobs[-1])]}
        offset += len(blobs[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def mlp(widths, norm):
    layers = []
    for i in range(1, len(widths)):
        layers.append(nn.Linear(widths[i - 1], widths[i]))
        if i + 1 < len(widths):
            layers += [nn.BatchNorm1d(widths[i])] * norm + [nn.ReLU()]
    return nn.Sequential(*layers)


class Vgg11Bn(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for out in [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]:
            if out == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
            channels = out
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(512, 10)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Block(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        channels = 16
        for stage, out in enumerate([16, 32, 64], 1):
            blocks = []
            for i in range(3):
                blocks.append(Block(channels, out, 2 if stage > 1 and i == 0 else 1))
                channels = out
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


NETWORKS = {
    "mlp:12-8-6-5": (lambda: mlp([12, 8, 6, 5], False), [4, 12]),
    "mlp:12-8-6-5,bn": (lambda: mlp([12, 8, 6, 5], True), [4, 12]),
    "vgg11-bn": (Vgg11Bn, [4, 3, 32, 32]),
    "resnet20": (ResNet20, [4, 3, 32, 32]),
}


def golden_input(shape):
    count = int(np.prod(shape))
    return torch.from_numpy(((np.arange(count) * 7919 % 1009) / 1009 - 0.5).astype(np.float32).reshape(shape))


def run(*command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}: {done.stderr}")
    return done


def check_close(what, found, expected, tolerance=1e-5):
    error = (found.double() - expected.double()).abs().max().item() / max(1.0, expected.abs().max().item())
    print(f"{what}: largest difference {error:.1e}")
    if not error <= tolerance:
        sys.exit(f"{what}: largest difference {error}, expected at most {tolerance}")


def initialised(args, folder, name, seed):
    """The network in PyTorch with the weights that phew-graph draws, loaded under their names."""
    path = folder / "init.safetensors"
    run(args.graph, "init", name, "--init-seed", seed, "-o", path)
    weights = read_safetensors(path)
    model = NETWORKS[name][0]()
    model.load_state_dict(weights, strict=True)
    if list(weights) != list(model.state_dict()):
        sys.exit(f"{name}: tensors are not in the order of PyTorch's state_dict: {list(weights)}")
    return model


def randomise(model):
    """Batch-norm and biases with values of their own, as training leaves them."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dtype == torch.float32 and tensor.dim() == 1:
                tensor.copy_(torch.rand_like(tensor) + (0.5 if name.endswith(("weight", "var")) else -0.5))


def check_forward(args, folder, name):
    model = initialised(args, folder, name, 1)
    randomise(model)
    x = golden_input(NETWORKS[name][1])
    for mode in ["eval", "train"]:
        write_safetensors(folder / "weights.safetensors", model.state_dict())
        write_safetensors(folder / "x.safetensors", {"x": x})
        run(args.forward, name, folder / "weights.safetensors", folder / "x.safetensors", folder / "y.safetensors", mode)
        ours = read_safetensors(folder / "y.safetensors")
        model.train(mode == "train")
        check_close(f"{name}, {mode}: output", ours.pop("output"), model(x).detach())
        for key, value in model.state_dict().items():
            if torch.is_floating_point(value) and "running" in key:
                error = (ours[key] - value).abs().max().item()
                if error > 1e-5 * max(1.0, value.abs().max().item()):
                    sys.exit(f"{name}, {mode}: {key}: largest difference {error}")
            elif not torch.equal(ours[key], value):
                sys.exit(f"{name}, {mode}: {key} is not PyTorch's")


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", n) for n in array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def make_data(folder, count):
    generator = np.random.RandomState(0)
    for split in ["train", "t10k"]:
        images, labels = generator.randint(0, 256, (count, 28, 28)), generator.randint(0, 10, count)
        write_idx(folder / f"{split}-images-idx3-ubyte", images)
        write_idx(folder / f"{split}-labels-idx1-ubyte", labels)
        if split == "train":
            x = torch.from_numpy(images).float()
            x = (x - x.double().mean().float()) / x.double().std(unbiased=False).float()
            out = x.flatten(1), torch.from_numpy(labels)
    return out


def check_steps(args, folder, optimizer, norm, flags, make):
    """Three steps on the whole data, where the order of the examples does not matter, with and without PyTorch."""
    x, y = make_data(folder, 64)
    name = "mlp:784-20-10" + ",bn" * norm
    NETWORKS[name] = (lambda: mlp([784, 20, 10], norm), None)
    model = initialised(args, folder, name, 2)
    generator = torch.Generator().manual_seed(3)
    masks = {n: (torch.rand(p.shape, generator=generator) < 0.3) for n, p in model.named_parameters() if p.dim() > 1}
    write_safetensors(folder / "mask.safetensors", {n: m.to(torch.uint8) for n, m in masks.items()})

    def apply_masks():
        with torch.no_grad():
            for n, p in model.named_parameters():
                if n in masks:
                    p.mul_(masks[n])

    step = make(model.parameters())
    apply_masks()
    for _ in range(3):
        step.zero_grad()
        F.cross_entropy(model(x), y).backward()
        step.step()
        apply_masks()
    run_folder = folder / f"run-{optimizer}"
    run(args.train, "train", name, "--device", "cpu", "--threads", 1, "--data", "mnist", "--data-dir", folder, "--epochs", 3,
        "--batch-size", 64, "--optimizer", optimizer, *flags, "--init-seed", 2, "--mask", folder / "mask.safetensors",
        "--run", run_folder, "--quiet")
    ours = read_safetensors(run_folder / "weights.safetensors")
    trained = NETWORKS[name][0]()
    trained.load_state_dict(ours, strict=True)
    for key, value in model.state_dict().items():
        check_close(f"three steps of {optimizer}: {key}", ours[key], value, 2e-5)
    for n, mask in masks.items():
        if ours[n][~mask].any() or not ours[n][mask].all():
            sys.exit(f"{optimizer}: {n}: the zeros are not the mask's")


def renew_golden(args, folder, path):
    cases = []
    for name, training in [("mlp:12-8-6-5", False), ("mlp:12-8-6-5,bn", True), ("vgg11-bn", False), ("resnet20", False),
                           ("resnet20", True)]:
        model = initialised(args, folder, name, 1)
        model.train(training)
        shape = [2 if not training else 4] + NETWORKS[name][1][1:]
        output = model(golden_input(shape)).detach().flatten().tolist()
        cases.append({"network": name, "init_seed": 1, "training": training, "input": shape,
                      "output": [float(f"{v:.8g}") for v in output]})
    source = f"PyTorch {torch.__version__}; test/train/pytorch_parity.py --renew-golden"
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    pathlib.Path(path).write_text(f'{{"source": {json.dumps(source)}, "cases": [\n{lines}\n]}}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for program in ["graph", "train", "forward"]:
        parser.add_argument(f"--{program}", required=True)
    parser.add_argument("--renew-golden")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"PyTorch {torch.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if args.renew_golden:
            renew_golden(args, folder, args.renew_golden)
            return
        for network in list(NETWORKS):
            check_forward(args, folder, network)
        check_steps(args, folder, "sgd", True, ["--lr", 0.1, "--momentum", 0.9, "--nesterov", "--weight-decay", 0.01],
                    lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01))
        # Without batch-norm, which makes the bias before it idle: Adam would blow up the rounding of its gradient.
        check_steps(args, folder, "adam", False, ["--lr", 0.001, "--weight-decay", 0.01],
                    lambda p: torch.optim.Adam(p, 0.001, weight_decay=0.01))


if __name__ == "__main__":
    main()

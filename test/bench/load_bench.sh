#!/usr/bin/env bash
# load_bench.sh PHEW_GRAPH LOAD_BENCH [--json]: VGG19's weights from safetensors, npz and, where a Python with torch is there, .pt.
set -eu
graph=$1 bench=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$graph" init vgg19 --quiet -o "$work/vgg19.safetensors"
"$graph" convert --quiet "$work/vgg19.safetensors" "$work/vgg19.npz"
files=("$work/vgg19.safetensors" "$work/vgg19.npz")
if ${PHEW_TEST_PYTHON:-/usr/bin/python3} - "$work" 2>/dev/null <<'PYTHON'; then
import sys, numpy, torch
folder = sys.argv[1]
arrays = numpy.load(folder + "/vgg19.npz")
torch.save({name: torch.from_numpy(arrays[name].copy()) for name in arrays.files}, folder + "/vgg19.pt")
PYTHON
  files+=("$work/vgg19.pt")
else
  echo >&2 "no Python with torch and numpy: .pt is not measured"
fi
"$bench" vgg19 "${files[@]}" "$@"

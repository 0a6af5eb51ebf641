#!/usr/bin/env bash
# bad_input_test.sh PHEW_GRAPH DATA: what phew-graph says of bad input, and with which exit code.
graph=$(realpath "$1") data=$(realpath "$2")
. "$(dirname "$0")/expect.sh"
mask() { "$graph" mask "$@"; }

one=0000803f two=00000040 zero=00000000 nan=0000c07f infinity=0000807f
# mlp:2-1 has one tensor, 0.weight [1, 2].
tensor='{"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
safetensors good.safetensors "$tensor" $one$two
safetensors nan.safetensors "$tensor" $one$nan
safetensors inf.safetensors "$tensor" $infinity$one
safetensors zero.safetensors "$tensor" $zero$zero
safetensors short.safetensors "$tensor" $one
safetensors shape.safetensors '{"0.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}' $one$one$one$one
safetensors names.safetensors '{"fc.wieght":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' $one$one
safetensors order.safetensors '{"other":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}' $one$two
printf '<!DOCTYPE html><html><body>Not found</body></html>' >page.safetensors
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n' >lfs.pt
: >empty.pt
head -c 64 good.safetensors >cut.safetensors

# --- Densities, names, options -----------------------------------------------------------------------------------------
for density in 0 -0.1 1.5 nan inf 10% 0,1; do
  expect 64 "density: found '$density', expected a number above 0 and at most 1" \
    mask mlp:2-1 --density="$density" -o out.safetensors
done
expect 64 'found 1e-09, expected one that keeps at least one' mask mlp:2-1 --density 1e-9 -o out.safetensors
expect 64 'network vgg91: .*expected one like vgg' mask vgg91 --density 0.5 -o out.safetensors
expect 64 "network vgg19,colour=3: unknown option 'colour'" mask vgg19,colour=3 --density 0.5 -o out.safetensors
expect 64 'unknown option --densty; did you mean --density' mask mlp:2-1 --densty 0.5 -o out.safetensors
expect 64 "found 'masc'.*did you mean mask" "$graph" masc
expect 64 "found 'phw'.*did you mean phew" mask mlp:2-1 --density 0.5 --method phw -o out.safetensors
expect 64 'found 0, expected at least 1' mask mlp:2-1 --density 0.5 --count 0 -o out.safetensors
expect 64 "found 'he-normal', expected kaiming-normal" "$graph" init mlp:2-1 --init he-normal -o out.safetensors
expect 64 'found extension ".h5", expected' "$graph" init mlp:2-1 -o out.h5
expect 64 'found extension ".h5", expected' mask mlp:2-1 --density 0.5 -o out.h5

# --- Weight files ------------------------------------------------------------------------------------------------------
expect 66 'nothere.pt' mask mlp:2-1 --weights nothere.pt --density 0.5 -o out.safetensors
expect 66 '\.: found a folder, expected a file' mask mlp:2-1 --weights . --density 0.5 -o out.safetensors
expect 65 'page.safetensors: .*HTML' mask mlp:2-1 --weights page.safetensors --density 0.5 -o out.safetensors
expect 65 'lfs.pt: .*Git.LFS' mask mlp:2-1 --weights lfs.pt --density 0.5 -o out.safetensors
expect 65 'empty.pt: .*empty' mask mlp:2-1 --weights empty.pt --density 0.5 -o out.safetensors
expect 65 'cut.safetensors: ' mask mlp:2-1 --weights cut.safetensors --density 0.5 -o out.safetensors
expect 65 'short.safetensors: ' mask mlp:2-1 --weights short.safetensors --density 0.5 -o out.safetensors
expect 65 'nan.safetensors: 0.weight: found NaN at element 1' \
  mask mlp:2-1 --weights nan.safetensors --density 0.5 -o out.safetensors
expect 65 'inf.safetensors: 0.weight: found an infinity at element 0' \
  mask mlp:2-1 --weights inf.safetensors --method magnitude --density 0.5 -o out.safetensors
expect 65 'inf.safetensors: 0.weight: found an infinity at element 0' \
  "$graph" analyze mlp:2-1 --weights inf.safetensors
expect 65 'shape.safetensors: 0.weight: found shape \[2, 2\], expected \[1, 2\]' \
  mask mlp:2-1 --weights shape.safetensors --density 0.5 -o out.safetensors
expect 65 'names.safetensors: 0.weight: found no tensor of that name \(nearest: fc.wieght\)' \
  mask mlp:2-1 --weights names.safetensors --density 0.5 -o out.safetensors
expect 0 '"kept": 1' mask mlp:2-1 --weights order.safetensors --density 0.5 --json -o taken.safetensors
grep -q 'taken in order' stderr || complain 'no notice that names do not fit'

safetensors bits.safetensors '{"0.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[0,2]}}' 0100
expect 65 'bits.safetensors: 0.weight: found uint8, expected floating-point weights; a mask goes to --mask' \
  mask mlp:2-1 --weights bits.safetensors --density 0.5 -o out.safetensors
for seed in -1 1.5 18446744073709551616 x; do
  expect 64 "seed: found '$seed', expected a whole number" mask mlp:2-1 --density 0.5 --seed=$seed -o out.safetensors
done
expect 64 'count: found 2 seeds from 18446744073709551615' \
  mask mlp:2-1 --density 0.5 --seed 18446744073709551615 --count 2 -o out.safetensors
expect 64 'granularity: random does not read it' \
  mask mlp:2-1 --density 0.5 --method random --granularity kernel -o out.safetensors
expect 64 'scope: phew does not read it' mask mlp:2-1 --density 0.5 --scope layer -o out.safetensors
expect 66 'model.onnx: cannot open' "$graph" describe model.onnx
expect 65 'page.onnx: found no ONNX model' "$graph" describe "$(cp page.safetensors page.onnx && echo page.onnx)"
printf '\x08\x07\x12\x07pytorch' >cut.onnx
expect 65 'cut.onnx: found no graph' "$graph" mask cut.onnx --density 0.5 -o out.safetensors
expect 64 'zeros-are-pruned: found neither --mask nor --weights' "$graph" analyze mlp:2-1 --zeros-are-pruned
safetensors sparse.safetensors "$tensor" $zero$two
expect 0 '"kept": 1,' "$graph" analyze mlp:2-1 --weights sparse.safetensors --zeros-are-pruned --json

# --- Layers of zeros: an error for walks, a report for analyze -----------------------------------------------------------
expect 65 'zero.safetensors: 0.weight: found only zeros' \
  mask mlp:2-1 --weights zero.safetensors --density 0.5 -o out.safetensors
expect 0 '"zero_weights": 2' "$graph" analyze mlp:2-1 --weights zero.safetensors --json
safetensors half.safetensors "$tensor" $zero$one
expect 65 'density 1: found 0.5 \(1 of 2 parameters\)' mask mlp:2-1 --weights half.safetensors --density 1 -o out.safetensors

# --- Masks -------------------------------------------------------------------------------------------------------------
bits='{"0.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[0,2]}}'
safetensors zero_mask.safetensors "$bits" 0000
safetensors two_mask.safetensors "$bits" 0102
safetensors none_mask.safetensors '{}'
safetensors shape_mask.safetensors '{"0.weight":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]}}' 0101
safetensors name_mask.safetensors '{"0.wait":{"dtype":"U8","shape":[1,2],"data_offsets":[0,2]}}' 0101
analyze() { "$graph" analyze mlp:2-1 --mask "$@"; }
expect 0 '"0.weight"|"0"' analyze zero_mask.safetensors --json
grep -q '"connected": false' stdout || complain 'an all-zero mask is not reported as disconnected'
expect 65 'two_mask.safetensors: 0.weight: found 2' analyze two_mask.safetensors
expect 65 'none_mask.safetensors: found no tensors' analyze none_mask.safetensors
expect 65 'shape_mask.safetensors: 0.weight: found shape \[2, 1\], expected \[1, 2\]' analyze shape_mask.safetensors
expect 65 'name_mask.safetensors: 0.weight: .*0\.wait' analyze name_mask.safetensors
expect 66 'nomask.safetensors' analyze nomask.safetensors

# --- Outputs -----------------------------------------------------------------------------------------------------------
expect 64 'good.safetensors: ' mask mlp:2-1 --weights good.safetensors --density 0.5 -o good.safetensors
expect 64 'good.safetensors: ' "$graph" convert good.safetensors good.safetensors
ln -s good.safetensors alias.safetensors
expect 64 'alias.safetensors: ' "$graph" convert good.safetensors alias.safetensors
expect 73 'nofolder' mask mlp:2-1 --density 0.5 -o nofolder/out.safetensors
mkdir folder.safetensors
expect 73 'folder.safetensors: found a folder' mask mlp:2-1 --density 0.5 -o folder.safetensors
mkdir readonly && chmod 555 readonly && chmod 755 .
if [ "$(id -u)" -ne 0 ]; then
  expect 73 'readonly/out.safetensors: cannot write' mask mlp:2-1 --density 0.5 -o readonly/out.safetensors
elif command -v setpriv >/dev/null && setpriv --reuid=65534 --clear-groups "$graph" --version >/dev/null 2>&1; then
  expect 73 'readonly/out.safetensors: cannot write' \
    setpriv --reuid=65534 --clear-groups "$graph" mask mlp:2-1 --density 0.5 -o "$work/readonly/out.safetensors"
fi
# A file-size limit stands for a full disk: the write fails, the old file stays.
"$graph" mask mlp:784-100-10 --density 0.5 --quiet -o kept.safetensors && cp kept.safetensors before
small_disk() { (trap '' XFSZ; ulimit -f 8; exec "$@"); }
expect 74 'kept.safetensors: write failed' small_disk "$graph" mask mlp:784-100-10 --density 0.4 --quiet -o kept.safetensors
cmp -s kept.safetensors before || complain 'a failed write changed the file that was there'
expect 74 'stdout: write failed' sh -c "'$graph' describe vgg19 --json >/dev/full"
expect 74 'rite' sh -c "'$graph' describe vgg19 >/dev/full"

# --- What PyTorch writes, but is no state_dict (made by torch, see data/pytorch/README.md) ---------------------------------
for kind in legacy module torchscript; do
  file=$(find "$data/pytorch" -name "*$kind*" | head -n 1)
  [ -n "$file" ] || { complain "no fixture for $kind"; continue; }
  expect 65 "$(basename "$file"): " mask mlp:2-1 --weights "$file" --density 0.5 -o out.safetensors
done
finish

#!/usr/bin/env bash
# convert_test.sh PHEW_GRAPH DATA: convert between the formats, masked or not, and what it refuses.
graph=$(realpath "$1")
data=$(realpath "$2")
. "$(dirname "$0")/expect.sh"
net=mlp:6-5-4

"$graph" init $net -o w.safetensors --quiet
"$graph" mask $net --weights w.safetensors --density 0.4 -o m.safetensors --quiet

# --- There and back is the same file ---------------------------------------------------------------------------------
"$graph" convert w.safetensors w.npz --quiet
"$graph" convert w.npz back.safetensors --quiet
cmp -s w.safetensors back.safetensors || complain 'safetensors to npz and back is another file'
"$graph" convert "$data/pytorch/checkpoint.pt" c.npz --quiet
expect 0 '"tensors": 8' "$graph" convert c.npz c.safetensors --json
expect 0 '"format": "pt"' "$graph" convert "$data/pytorch/state_dict.pt" s.npz --json

# --- Masked weights have the mask's zeros ----------------------------------------------------------------------------
"$graph" convert w.safetensors masked.npz --mask m.safetensors --quiet
"$graph" analyze $net --mask m.safetensors --json --quiet 2>/dev/null >of-mask.json
"$graph" analyze $net --weights w.safetensors --mask masked.npz --zeros-are-pruned --json --quiet 2>/dev/null >of-zeros.json
for key in kept stub_units effective; do
  [ "$(grep -m1 "\"$key\"" of-mask.json)" = "$(grep -m1 "\"$key\"" of-zeros.json)" ] || complain "$key of masked weights differs"
done
"$graph" convert w.safetensors again.npz --mask masked.npz --zeros-are-pruned --quiet
cmp -s masked.npz again.npz || complain 'zeros of weights mask otherwise than the mask they came from'

# --- Output = input, by whatever name --------------------------------------------------------------------------------
ln -s w.safetensors link.safetensors
ln w.safetensors hard.safetensors
mkdir sub
sum=$(sha256sum <w.safetensors)
for out in w.safetensors ./sub/../w.safetensors link.safetensors hard.safetensors; do
  expect 64 'as output, expected another file' "$graph" convert w.safetensors $out
done
expect 64 'as output, expected another file' "$graph" convert w.safetensors m.safetensors --mask m.safetensors
[ "$sum" = "$(sha256sum <w.safetensors)" ] || complain 'the input was changed'

# --- Other refusals --------------------------------------------------------------------------------------------------
expect 64 'expected .safetensors, .npz or .pt' "$graph" convert w.safetensors w.h5
expect 64 'zeros-are-pruned' "$graph" convert w.safetensors x.npz --zeros-are-pruned
expect 66 'none.pt: cannot open' "$graph" convert none.pt x.npz
expect 73 'create it first' "$graph" convert w.safetensors missing/x.npz
expect 65 '0.weight: found .* expected 0 and 1' "$graph" convert w.safetensors x.npz --mask w.npz
expect 65 'no such tensor' "$graph" convert c.npz x.npz --mask m.safetensors
expect 65 'torch.save\(model.state_dict' "$graph" convert "$data/pytorch/whole_module.pt" x.npz
finish

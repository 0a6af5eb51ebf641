#!/usr/bin/env bash
# score_test.sh PHEW_TRAIN PHEW_GRAPH CHECK_SCHEMA SCHEMAS: `phew-train score` as its users call it, and the masks that
# `phew-graph mask` makes of its files.
train=$(realpath "$1") graph=$(realpath "$2") check_schema=$(realpath "$3") schemas=$(realpath "$4") here=$(realpath "$(dirname "$0")")
. "$here/expect.sh"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
is() { jq -e "$1" "$2" >/dev/null || complain "$2: not $1: $(jq -c "$1" "$2" 2>&1)"; }
metadata() { tail -c +9 "$1" | head -c "$(od -An -tu8 -N8 "$1" | tr -d ' ')" | jq .__metadata__; }

. "$here/small_data.sh"
net=resnet20,input=1x10x10
score() { "$train" score "$@" --device cpu --threads 1; }
from() { score "$@" --data mnist --data-dir data; }

# --- Every method writes a file that masks can be made of ----------------------------------------------------------------
for method in gradient snip grasp; do
  from $net --method $method --samples-per-class 3 --json --quiet -o $method.safetensors >$method.json ||
    complain "$method fails"
  is '.samples == 30 and .data == "mnist" and .seed == 0 and .rounds == null' $method.json
done
for method in synflow synflow-l2; do
  score $net --method $method --rounds 5 --density 0.05 --json --quiet -o $method.safetensors >$method.json ||
    complain "$method fails"
  is '.samples == 0 and .data == null and .rounds == 5' $method.json
done
for method in gradient snip grasp synflow synflow-l2; do
  "$check_schema" "$schemas/score.json" $method.json >violations || complain "$method: $(cat violations)"
  is ".method == \"$method\" and .prunable == .kept and (.tensors | map(.prunable) | add) == .prunable" $method.json
  expect 0 '"kept": 13530' "$graph" mask $net --method scores --scores $method.safetensors --density 0.05 --json \
    -o $method-mask.safetensors
done
is '(.tensors | map(.sum) | add - 1 | fabs) < 1e-5' snip.json
is '.tensors | map(.smallest) | min < 0' grasp.json
metadata grasp.safetensors >metadata.json
is '.method == "grasp" and .temperature == "200" and .samples == "30" and .bn == "eval" and (.weights_xxh3 | length) == 32' \
  metadata.json
metadata synflow.safetensors >metadata.json
is '.rounds == "5" and .target_density == "0.05" and (has("samples") | not)' metadata.json

# --- The paper's higher-gradient paths, and walks by gradients: two commands each -------------------------------------------
for method in gradient-walk top-paths; do
  expect 0 '"kept": [23]' "$graph" mask $net --method $method --scores gradient.safetensors --density 0.001 --json \
    -o $method.safetensors
  "$graph" analyze $net --mask $method.safetensors --json >analyze.json 2>/dev/null
  is '.network.effective == .network.kept and .network.connected' analyze.json
done
expect 65 'expected scores of at least 0' "$graph" mask $net --method top-paths --scores grasp.safetensors \
  --density 0.005 -o no.safetensors

# --- Repeatable; the batch size is about memory only, the seed about which examples -----------------------------------------
for file in again:0:128 split:0:7 other:1:128; do
  IFS=: read -r name seed batch <<<"$file"
  from $net --method snip --samples-per-class 3 --seed "$seed" --batch-size "$batch" --precision fp64 --quiet \
    -o "$name.npz" >/dev/null || complain "snip --seed $seed --batch-size $batch fails"
  "$graph" mask $net --method scores --scores "$name.npz" --density 0.1 --quiet -o "$name.safetensors"
done
from $net --method snip --samples-per-class 3 --precision fp64 --quiet -o twice.npz >/dev/null
cmp -s again.npz twice.npz || complain 'the same command gives other scores'
same() { "$graph" similarity "$1" "$2" --json 2>/dev/null >pair.json; }
same again.safetensors split.safetensors
is '.jaccard.whole > 0.999' pair.json
same again.safetensors other.safetensors
is '.jaccard.whole < 0.9' pair.json

# --- A masked network: its kept weights only ---------------------------------------------------------------------------------
from $net --method snip --mask snip-mask.safetensors --json --quiet -o masked.safetensors >masked.json
is '.kept == 13530' masked.json
"$graph" mask $net --method scores --scores masked.safetensors --density 0.02 --quiet -o inner.safetensors
same inner.safetensors snip-mask.safetensors
is '(.jaccard.whole - 5412 / 13530 | fabs) < 1e-4' pair.json

# --- What is refused, and leaves nothing ---------------------------------------------------------------------------------------
expect 64 "method: found 'snap'.*did you mean snip" from $net --method snap -o no.safetensors
expect 64 'density: found none' score $net --method synflow -o no.safetensors
expect 64 'rounds: snip does not read it' from $net --method snip --rounds 3 -o no.safetensors
expect 64 'data: synflow does not read it' from $net --method synflow --density 0.1 -o no.safetensors
expect 64 'temperature: snip does not read it' from $net --method snip --temperature 1 -o no.safetensors
expect 64 'allow-split' from $net --method snip --bn train --batch-size 7 -o no.safetensors
expect 64 'precision' from $net --method snip --precision fp16 -o no.safetensors
expect 65 'found 20 examples of class 0, expected 21' from $net --method snip --samples-per-class 21 -o no.safetensors
expect 65 'density: found 0.5' score $net --method synflow --mask snip-mask.safetensors --density 0.5 -o no.safetensors
expect 65 'use --precision fp64' score mlp:64x30 --method synflow --init normal:1 --rounds 1 -o no.safetensors
expect 66 'nowhere' "$train" score $net --method snip --data mnist --data-dir nowhere -o no.safetensors
expect 73 '' from $net --method snip -o nowhere/no.safetensors
expect 64 'no.txt' from $net --method snip -o no.txt
from $net --method snip --bn train --batch-size 15 --allow-split --quiet -o split.safetensors >/dev/null ||
  complain '--allow-split does not allow it'

# --- Ctrl-C writes nothing --------------------------------------------------------------------------------------------------
timeout -s INT 2 "$train" score vgg11 --method synflow --density 0.01 --rounds 100000 --device cpu --threads 1 \
  -o no.safetensors 2>stderr
[ $? -eq 124 ] || complain "timeout did not end it"
[ ! -e no.safetensors ] || complain 'an interrupted command wrote a file'
finish

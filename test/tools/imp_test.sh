#!/usr/bin/env bash
# imp_test.sh PHEW_TRAIN PHEW_GRAPH CHECK_SCHEMA SCHEMAS: `phew-train imp` as its users call it.
train=$(realpath "$1") graph=$(realpath "$2") check_schema=$(realpath "$3") schemas=$(realpath "$4")
here=$(realpath "$(dirname "$0")")
. "$here/expect.sh"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
is() { jq -e "$1" "$2" >/dev/null || complain "$2: not $1: $(jq -c "$1" "$2" 2>&1)"; }
. "$here/small_data.sh"
net=mlp:100-20-10
imp() { "$train" imp $net --data mnist --data-dir data --epochs 2 --device cpu --threads 1 "$@"; }

# --- Rounds, their files and the summary ------------------------------------------------------------------------------------
imp --density 0.6 --run run --json --quiet >imp.json || complain 'imp fails'
"$check_schema" "$schemas/imp.json" imp.json >violations || complain "$(cat violations)"
cmp -s imp.json run/imp.json || complain 'imp.json is not what --json prints'
is '.status == "finished" and (.rounds | map(.kept)) == [2200, 1760, 1408, 1320]' imp.json
is '.rounds | map(.final.epoch) == [2, 2, 2, 2]' imp.json
is '.rounds[0].files.mask == null and .rounds[3].density == 0.6' imp.json
for round in 1 2 3; do
  "$graph" analyze $net --weights run/rewind.safetensors --mask run/round-$round/mask.safetensors --json 2>/dev/null |
    jq .network >analyze.json
  jq .network run/round-$round/analysis.json | cmp -s - analyze.json || complain "round $round: another analysis"
  jq ".rounds[$round]" imp.json >round.json
  [ "$(jq -c '[.kept, .stub_units, .dead_units, .effective]' round.json)" = \
    "$(jq -c '[.kept, .stub_units, .dead_units, .effective]' analyze.json)" ] || complain "round $round: other numbers"
done
# Without rewinding to a later step the saved weights are the initial ones; a round is a run that evaluate takes.
"$graph" init $net --quiet -o initial.safetensors
"$graph" mask $net --weights initial.safetensors --method magnitude --density 0.3 --quiet -o a.safetensors
"$graph" mask $net --weights run/rewind.safetensors --method magnitude --density 0.3 --quiet -o b.safetensors
"$graph" similarity a.safetensors b.safetensors --json >pair.json 2>/dev/null
is '.jaccard.whole == 1' pair.json
"$train" evaluate run/round-3 --data-dir data --json --quiet --device cpu >evaluate.json || complain 'evaluate fails'
[ "$(jq .final.test_accuracy evaluate.json)" = "$(jq '.rounds[3].final.test_accuracy' imp.json)" ] ||
  complain 'evaluate finds another accuracy'

# --- Once more: nothing is run again; other settings are refused -----------------------------------------------------------
expect 0 '^3 +1320 +0.6000' imp --density 0.6 --run run
expect 78 'found density = 0.6, expected density = 0.5' imp --density 0.5 --run run
expect 78 'lr = 0.01, expected 0.5' imp --density 0.6 --lr 0.5 --run run
expect 0 '"kept": 1100' imp --density 0.5 --rounds 1 --scope layer --rewind-step 2 --run layer --json
is '.links | map(.kept) == [1000, 100]' layer/round-1/analysis.json

# --- Ctrl-C in the middle, and on -----------------------------------------------------------------------------------------------
"$train" imp $net --data mnist --data-dir data --epochs 1000000 --rounds 1 --device cpu --threads 1 --run long --quiet \
  >stdout &
until [ -s long/round-0/metrics.jsonl ] || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
kill -INT $!
wait $! && complain 'an interrupted command ends well'
[ -n "$(find long/round-0 -name 'checkpoint-*')" ] || complain 'no checkpoint is left'
[ ! -e long/round-0/weights.safetensors ] || complain 'an interrupted round has weights'

# --- What is refused -----------------------------------------------------------------------------------------------------------
expect 64 'density: found neither' imp --run no
expect 64 'fraction: found beside' imp --density 0.5 --rounds 2 --fraction 0.1 --run no
expect 64 'fraction: found 1' imp --rounds 2 --fraction 1 --run no
expect 64 'rewind-step: found 4, expected fewer than the 4 steps' imp --rounds 1 --rewind-step 4 --run no
expect 64 'scope' imp --rounds 1 --scope unit --run no
expect 73 'its parent must exist' imp --rounds 1 --run nowhere/no
finish

#!/usr/bin/env bash
# commands_test.sh PHEW_GRAPH: what the commands of phew-graph give to other programs: files and JSON keys.
graph=$(realpath "$1")
. "$(dirname "$0")/expect.sh"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }

# keys FILTER JSON-FILE KEY...: the object that FILTER picks has all keys.
keys() {
  local filter=$1 file=$2 key
  shift 2
  for key in "$@"; do
    jq -e "$filter | has(\"$key\")" "$file" >/dev/null || complain "$file: $filter lacks $key"
  done
}
# is FILTER JSON-FILE: the filter gives true.
is() { jq -e "$1" "$2" >/dev/null || complain "$2: not $1: $(jq -c "$1" "$2" 2>&1)"; }

"$graph" describe resnet20 --json >describe.json
keys . describe.json schema network prunable layers links flops
keys '.layers[0]' describe.json name units
keys '.links[0]' describe.json name parameter from to edges kernel prunable fixed
is '.prunable == 270896 and (.links | map(.prunable) | add) == 270896' describe.json
is '.links | map(select(.fixed)) | length == 7 and all(.parameter == null)' describe.json
# ResNet20 on 32×32: 40.81 M multiply–accumulates with the projection shortcuts.
is '.flops == 81626368' describe.json

"$graph" init resnet20 --init-seed 3 -o weights.safetensors --quiet
"$graph" init resnet20 --init-seed 3 -o weights.npz --quiet
"$graph" init resnet20 --init-seed 3 --threads 5 -o again.safetensors --quiet
cmp -s weights.safetensors again.safetensors || complain 'initial weights depend on the thread count'

# --- The mask is a pure function of its inputs -----------------------------------------------------------------------
for method in phew uniform-walk random magnitude; do
  for threads in 1 2 3 7; do
    "$graph" mask resnet20 --weights weights.safetensors --method $method --density 0.05 --seed 1 --threads $threads \
      --quiet -o $method-$threads.safetensors
  done
  [ "$(sha256sum $method-?.safetensors | cut -d' ' -f1 | sort -u | wc -l)" -eq 1 ] ||
    complain "$method: the mask depends on the thread count"
done
"$graph" mask resnet20 --weights weights.npz --density 0.05 --seed 1 --quiet -o npz.safetensors
cmp -s npz.safetensors phew-1.safetensors || complain 'the mask depends on the form of the weight file'
for form in npz pt; do
  "$graph" mask resnet20 --weights weights.npz --density 0.05 --seed 1 --quiet -o mask.$form
  "$graph" similarity mask.$form phew-1.safetensors --json 2>/dev/null >same.json
  is '.jaccard.whole == 1' same.json
done
"$graph" mask resnet20 --init-seed 3 --density 0.05 --seed 1 --quiet -o init.safetensors
"$graph" similarity init.safetensors phew-1.safetensors --json 2>/dev/null >same.json
is '.jaccard.whole == 1' same.json  # initial weights in memory are those of init
grep -q '"mask_rule"' phew-1.safetensors || complain 'the metadata lacks the mask rule'

"$graph" mask resnet20 --weights weights.safetensors --density 0.05 --seed 1 --count 3 --json -o many.safetensors >mask.json 2>/dev/null
keys . mask.json schema method seed prunable target kept density walks steps seconds files masks
keys .seconds mask.json load prepare sample write
is '.files == ["many-1.safetensors", "many-2.safetensors", "many-3.safetensors"]' mask.json
is '.masks | map(.seed) == [1, 2, 3]' mask.json
is '.target == 13545 and .kept >= .target and .kept < .target + 25 and .kept == .masks[0].kept' mask.json
cmp -s many-1.safetensors phew-1.safetensors || complain '--count gives another mask than a single call'
cmp -s many-2.safetensors many-1.safetensors && complain 'two seeds give the same mask'

# --- Options from a file: the command line wins -----------------------------------------------------------------------
printf 'output = "never.safetensors"\nnet = "resnet20"\ninit-seed = 3\ndensity = 0.5\nseed = 1\nquiet = true\n[mask]\noutput = "configured.safetensors"\n[init]\noutput = "never.safetensors"\n' >options.toml
"$graph" mask lenet-300-100 --config options.toml --density 0.05 -o other.safetensors
"$graph" mask --config options.toml --density 0.05
cmp -s configured.safetensors init.safetensors || complain 'options from a file give another mask'
echo 'densty = 0.5' >typo.toml
echo 'this is no TOML' >broken.toml
printf '[maks]\ndensity = 0.5\n' >table.toml
echo 'json = 0' >flag.toml
expect 64 'table.toml: found table .maks.' "$graph" mask lenet-300-100 --config table.toml -o typo.safetensors
expect 64 'flag.toml: json: expected true or false' "$graph" mask lenet-300-100 --config flag.toml -o typo.safetensors
expect 65 'broken.toml: line 1: expected TOML' "$graph" mask lenet-300-100 --config broken.toml -o typo.safetensors
expect 66 '.: found no such file' "$graph" mask lenet-300-100 --config . -o typo.safetensors
expect 64 'typo.toml: found key densty' "$graph" mask lenet-300-100 --config typo.toml -o typo.safetensors
expect 66 'nothere.toml' "$graph" mask lenet-300-100 --config nothere.toml -o typo.safetensors

# --- Reports ---------------------------------------------------------------------------------------------------------
"$graph" analyze resnet20 --weights weights.safetensors --mask many-1.safetensors --json >analyze.json 2>/dev/null
keys .network analyze.json prunable kept density effective effective_density stub_units dead_units collapsed_links \
  connected unused_inputs unused_outputs paths_log10 ewp_log_total path_kernel_trace_log min_hidden_cut
keys '.layers[0]' analyze.json name units stub_units dead_units units_on_path
keys '.links[0]' analyze.json name parameter prunable kept effective density effective_density
is '.network.stub_units == 0 and .network.effective == .network.kept and .network.connected' analyze.json
is '(.links | map(.kept) | add) == .network.kept' analyze.json
"$graph" analyze resnet20 --weights weights.safetensors --mask many-1.safetensors | awk 'length > 100 { exit 1 }' ||
  complain 'a line of the table is wider than 100 columns'

"$graph" mask lenet-300-100 --method random --density 0.005 --quiet -o sparse.safetensors
expect 1 'stub' "$graph" analyze lenet-300-100 --mask sparse.safetensors --fail-on stub
expect 0 'stub' "$graph" analyze lenet-300-100 --mask sparse.safetensors --fail-on collapse
expect 0 '0\[' "$graph" analyze lenet-300-100 --mask sparse.safetensors --list-units stub

mkdir phew random
mv many-*.safetensors phew
for seed in 1 2 3; do
  "$graph" mask resnet20 --method random --density 0.05 --seed $seed --quiet -o random/$seed.safetensors
done
"$graph" similarity phew --against random --json >similarity.json 2>/dev/null
keys . similarity.json jaccard links groups
keys .jaccard similarity.json whole chance chance_global corrected
keys '.links[0]' similarity.json name jaccard chance corrected
# PHEW masks of one initialisation share more than chance; with random masks they share what chance gives.
"$graph" similarity phew/many-1.safetensors phew/many-2.safetensors --json >same.json 2>/dev/null
is '.jaccard.corrected > 0.02' same.json
is '.jaccard.corrected | fabs < 0.01' similarity.json
finish

#!/usr/bin/env bash
# mask_test.sh PHEW_GRAPH: the methods of `phew-graph mask` as their users call them: flags, files, errors.
graph=$(realpath "$1")
. "$(dirname "$0")/expect.sh"
command -v jq >/dev/null || { echo "jq is not installed"; exit 77; }
mask() { "$graph" mask "$@"; }
# is FILTER JSON-FILE: the filter gives true.
is() { jq -e "$1" "$2" >/dev/null || complain "$2: not $1: $(jq -c "$1" "$2" 2>&1)"; }
# metadata FILE: the metadata of a safetensors file.
metadata() { tail -c +9 "$1" | head -c "$(od -An -tu8 -N8 "$1" | tr -d ' ')" | jq .__metadata__; }
# kept_in A B: B keeps all that A keeps: the Jaccard index is then kept(A) / kept(B).
kept_in() {
  "$graph" similarity "$1" "$2" --json 2>/dev/null >pair.json
  local a b
  a=$(metadata "$1" | jq -r .density) b=$(metadata "$2" | jq -r .density)
  is "(.jaccard.whole - $a / $b | fabs) < 1e-9" pair.json
}
net=lenet-300-100

"$graph" init $net --init-seed 5 -o weights.safetensors --quiet
"$graph" convert weights.safetensors weights.npz --quiet

# --- The list: every method, with what --method takes ---------------------------------------------------------------------
mask --list >list.txt || complain '--list fails'
mask --list --json >list.json || complain '--list --json fails'
is '.schema.name == "phew-graph/methods" and (.methods | length) > 10' list.json
is '.methods | all(has("name") and has("needs") and has("options") and has("source") and has("summary"))' list.json
is '.methods[] | select(.name == "gradient-walk") | .needs == ["scores"]' list.json
is '.methods[] | select(.name == "erk") | .needs == [] and .options == ["--nested"]' list.json
[ "$(wc -L <list.txt)" -le 100 ] || complain "a line of the list has $(wc -L <list.txt) columns"
mask --help >help.txt
for name in $(jq -r '.methods[].name' list.json); do
  grep -qx "$name" list.txt || complain "--list lacks $name"
  grep -q " $name " help.txt || complain "--help lacks $name"
done

# --- Every method that needs no file makes its mask, whatever the threads ------------------------------------------------------
for name in $(jq -r '.methods[] | select(.needs - ["weights", "scores or weights"] == []) | .name' list.json); do
  for threads in 1 3; do
    mask $net --weights weights.safetensors --method $name --density 0.03 --seed 1 --threads $threads --json --quiet \
      -o $name-$threads.safetensors >$name.json || complain "$name fails"
  done
  cmp -s $name-1.safetensors $name-3.safetensors || complain "$name: the mask depends on the thread count"
  is '.target == 7986 and .kept > 0 and .density == .kept / .prunable' $name.json
  metadata $name-1.safetensors >metadata.json
  is ".method == \"$name\" and .seed == \"1\" and .target_density == \"0.03\" and (.density | tonumber) > 0" metadata.json
  "$graph" analyze $net --structure-only --mask $name-1.safetensors --json >analyze.json
  [ "$(jq .network.kept analyze.json)" -eq "$(jq .kept $name.json)" ] || complain "$name: kept is not what the file keeps"
done
expect 0 '"seed": 1' mask mlp:4-3-2 --method magnitude --density 0.5 --count 2 --json -o same.npz
grep -q 'magnitude draws nothing at random' stderr || complain 'no notice of equal masks'
for name in random erk uniform-layer magnitude invert; do is '.kept == .target' $name.json; done
is '.chance == 0.03 and .kept != .target' bernoulli.json
is '.edges == .kept' random-regular.json
is '(.radices | split(" ") | length) == 3' radix-net.json
metadata phew-1.safetensors >metadata.json
is '.granularity == "parameter" and .start == "round-robin" and .shortcuts == "skip" and (has("scope") | not)' metadata.json
metadata random-1.safetensors >metadata.json
is '.scope == "global" and (has("granularity") | not) and (has("start") | not)' metadata.json

# --- Scores: of a file, by whoever ------------------------------------------------------------------------------------------
# Weights as scores: keep_top of w, not of |w|; a mask's complement is what invert keeps.
mask $net --method scores --scores weights.safetensors --density 0.25 --quiet -o top.safetensors
mask $net --method scores --scores weights.npz --density 0.25 --quiet -o npz.safetensors
"$graph" similarity top.safetensors npz.safetensors --json >pair.json
is '.jaccard.whole == 1' pair.json
mask $net --method invert --scores weights.safetensors --density 0.75 --quiet -o bottom.safetensors
"$graph" similarity top.safetensors bottom.safetensors --json >pair.json
is '.jaccard.whole == 0' pair.json
metadata top.safetensors >metadata.json
is '(.scores_xxh3 | length) == 32 and (has("weights_xxh3") | not)' metadata.json
metadata invert-1.safetensors >metadata.json
is '(.weights_xxh3 | length) == 32 and (has("scores_xxh3") | not)' metadata.json
mask $net --method scores --scores weights.safetensors --scope layer --density 0.1 --json --quiet -o layer.safetensors >layer.json
"$graph" analyze $net --structure-only --mask layer.safetensors --json >analyze.json
is '.links | map(.kept) == [23520, 3000, 100]' analyze.json
expect 65 'weights.safetensors: 0.weight: found -[0-9.e-]+ at element [0-9]+, expected scores of at least 0' \
  mask $net --method gradient-walk --scores weights.safetensors --density 0.1 -o out.safetensors
tensor='{"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
safetensors scores.safetensors "$tensor" 0000803f00000040
safetensors nan.safetensors "$tensor" 0000803f0000c07f
safetensors inf.safetensors "$tensor" 0000803f0000807f
safetensors shape.safetensors '{"0.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}' 0000803f00000040
expect 0 '"kept": 1' mask mlp:2-1 --method gradient-walk --scores scores.safetensors --density 0.5 --json -o g.safetensors
expect 65 'nan.safetensors: 0.weight: found NaN at element 1' \
  mask mlp:2-1 --method scores --scores nan.safetensors --density 0.5 -o out.safetensors
expect 65 'nan.safetensors: 0.weight: found NaN at element 1' \
  mask mlp:2-1 --method gradient-walk --scores nan.safetensors --density 0.5 -o out.safetensors
expect 0 '"kept": 1' mask mlp:2-1 --method scores --scores inf.safetensors --density 0.5 --json -o i.safetensors
expect 65 'inf.safetensors: 0.weight: found an infinity' \
  mask mlp:2-1 --method gradient-walk --scores inf.safetensors --density 0.5 -o out.safetensors
expect 65 'shape.safetensors: 0.weight: found shape \[2, 1\]' \
  mask mlp:2-1 --method scores --scores shape.safetensors --density 0.5 -o out.safetensors
expect 66 'nothere' mask mlp:2-1 --method scores --scores nothere.npz --density 0.5 -o out.safetensors
expect 64 'scores: scores needs a file' mask mlp:2-1 --method scores --density 0.5 -o out.safetensors
expect 64 'scores: phew reads no scores; gradient-walk, top-paths, scores, invert' \
  mask mlp:2-1 --scores scores.safetensors --density 0.5 -o out.safetensors
expect 64 'found the scores file as output' \
  mask mlp:2-1 --method scores --scores scores.safetensors --density 0.5 -o scores.safetensors

# --- Controls: from a mask ------------------------------------------------------------------------------------------------
mask $net --method shuffle --mask phew-1.safetensors --seed 2 --json --quiet -o shuffled.safetensors >shuffle.json
is '.target == .kept and .kept >= 7986' shuffle.json
for file in phew-1 shuffled; do
  "$graph" analyze $net --structure-only --mask $file.safetensors --json | jq -c '.links | map(.kept)' >$file.links
done
cmp -s phew-1.links shuffled.links || complain "shuffle changes a layer's count"
metadata shuffled.safetensors >metadata.json
is '.method == "shuffle" and .mask == "phew-1.safetensors" and .mask_method == "phew"' metadata.json
mask $net --method reinit --mask phew-1.safetensors --init-seed 77 --quiet -o reinit.safetensors
"$graph" similarity phew-1.safetensors reinit.safetensors --json >pair.json
is '.jaccard.whole == 1' pair.json
metadata reinit.safetensors >reinit.json
metadata phew-1.safetensors >metadata.json
is '.init_seed == "77" and .mask_method == "phew"' reinit.json
[ "$(jq .weights_xxh3 reinit.json)" != "$(jq .weights_xxh3 metadata.json)" ] || complain 'reinit names the old weights'
expect 0 '"kept": 2' mask mlp:2-1 --method shuffle --mask scores.safetensors --zeros-are-pruned --json -o z.safetensors
expect 0 '"kept": 66550' mask $net --method shuffle --mask top.safetensors --density 0.25 --json -o same.safetensors
expect 64 'density: found 0.2, but top.safetensors keeps 66550 of 266200' \
  mask $net --method shuffle --mask top.safetensors --density 0.2 -o out.safetensors
expect 64 'mask: shuffle needs a mask' mask $net --method shuffle --density 0.5 -o out.safetensors
expect 64 'mask: phew starts from no mask; shuffle, reinit' \
  mask $net --mask top.safetensors --density 0.5 -o out.safetensors
expect 64 'found the mask file as output' mask $net --method shuffle --mask top.safetensors -o top.safetensors
expect 65 '0.weight: found shape' mask mlp:2-1 --method shuffle --mask top.safetensors -o out.safetensors

# --- Nested: each inside the one before ---------------------------------------------------------------------------------------
for name in $(jq -r '.methods[] | select((.options | index("--nested")) and .needs - ["weights", "scores or weights"] == []) | .name' list.json); do
  mask $net --weights weights.safetensors --method $name --density 0.5,0.2,0.05 --nested --seed 1 --json --quiet \
    -o nest.safetensors >nest.json || complain "$name --nested fails"
  is '.files == ["nest-0.5.safetensors", "nest-0.2.safetensors", "nest-0.05.safetensors"]' nest.json
  is '(.masks | map(.target)) == [133100, 53240, 13310] and .target == 133100 and .kept == .masks[0].kept' nest.json
  kept_in nest-0.2.safetensors nest-0.5.safetensors
  kept_in nest-0.05.safetensors nest-0.2.safetensors
  metadata nest-0.2.safetensors >metadata.json
  is '.target_density == "0.2"' metadata.json
  mask $net --weights weights.safetensors --method $name --density 0.5 --seed 1 --quiet -o single.safetensors
  cmp -s single.safetensors nest-0.5.safetensors || complain "$name: the first nested mask is not that of its density"
done
printf 'density = [0.5, 0.0123456789]\nnested = true\nmethod = "random"\n' >nested.toml
expect 0 '"nest-0.0123456789.safetensors"' mask $net --config nested.toml --json -o nest.safetensors
expect 64 'nested: random-regular makes no masks inside each other' \
  mask $net --method random-regular --density 0.5,0.2 --nested -o out.safetensors
expect 64 'found 2 densities, expected one' mask $net --method random --density 0.5,0.2 -o out.safetensors
expect 64 'found 0.2,0.5, expected falling' mask $net --method random --density 0.2,0.5 --nested -o out.safetensors
expect 64 'found --count 2' mask $net --method random --density 0.5,0.2 --nested --count 2 -o out.safetensors
for density in 0.5, ,0.5 0.5,x 0.5,0 '0.5 0.2'; do
  expect 64 "density: found '$density', expected" mask $net --method random --density="$density" --nested -o out.safetensors
done

# --- Effective density ---------------------------------------------------------------------------------------------------------
for name in random erk magnitude; do
  mask $net --weights weights.safetensors --method $name --density 0.01 --effective-density --json --quiet \
    -o effective.safetensors >effective.json
  is '.target == 2662 and .effective >= 2662 and .effective < 3200 and .kept > .effective' effective.json
  is '.iterations > 1 and .effective_density == .effective / .prunable and .method_target == .kept' effective.json
  "$graph" analyze $net --structure-only --mask effective.safetensors --json >analyze.json
  [ "$(jq .network.effective analyze.json)" -eq "$(jq .effective effective.json)" ] || complain "$name: analyze finds another effective density"
done
metadata effective.safetensors >metadata.json
is '.target_density == "0.01" and .target == "effective density"' metadata.json
mask $net --density 0.01 --effective-density --json --quiet -o effective.safetensors >effective.json
is '.iterations == 1 and .effective == .kept' effective.json
expect 64 'effective-density: shuffle keeps as many' \
  mask $net --method shuffle --mask top.safetensors --effective-density -o out.safetensors
expect 64 'nested: found --effective-density' \
  mask $net --method random --density 0.5,0.2 --nested --effective-density -o out.safetensors

# --- Options that a method ignores --------------------------------------------------------------------------------------------
for option in '--granularity kernel' '--start balanced' '--shortcuts walk' '--max-walks 9'; do
  expect 64 "${option%% *}: random does not read it; its options: --scope" \
    mask $net --method random $option --density 0.5 -o out.safetensors
done
expect 64 'scope: phew does not read it; its options: --granularity, --start' \
  mask $net --scope layer --density 0.5 -o out.safetensors
expect 64 'scope: erk does not read it; it has no options' mask $net --method erk --scope layer --density 0.5 -o out.safetensors
expect 64 'NET is required' mask --density 0.5 -o out.safetensors
expect 64 'output is required' mask $net --density 0.5
expect 64 'density is required' mask $net -o out.safetensors
expect 64 'start' mask $net --start random --density 0.5 -o out.safetensors

# --- Best paths and pruning in rounds -------------------------------------------------------------------------------------------
mask $net --weights weights.safetensors --method top-paths --paths 50 --json --quiet -o top.safetensors >top.json
is '.paths == 50 and .target == .kept and .steps == 150 and .inputs_used > 0 and .outputs_used > 0' top.json
is '.distinct_edges == .kept' top.json
expect 64 'paths: found --density, too' mask $net --method top-paths --paths 5 --density 0.5 -o out.safetensors
expect 64 'paths: phew does not read it' mask $net --paths 5 -o out.safetensors
expect 65 'expected scores of at least 0' \
  mask $net --method top-paths --scores weights.safetensors --paths 5 -o out.safetensors
mask $net --weights weights.safetensors --method synflow --rounds 7 --schedule linear --density 0.1 --json --quiet \
  -o flow.safetensors >flow.json
is '.kept == .target and .rounds == 7' flow.json
metadata flow.safetensors >metadata.json
is '.rounds == "7" and .schedule == "linear"' metadata.json
expect 64 'rounds' mask $net --method synflow --rounds 0 --density 0.1 -o out.safetensors
expect 64 'schedule' mask $net --method synflow --schedule cosine --density 0.1 -o out.safetensors
finish

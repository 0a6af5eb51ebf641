#!/usr/bin/env bash
# analyze_test.sh PHEW_GRAPH CHECK_SCHEMA SCHEMAS: what `phew-graph analyze` prints, and when it exits with 1.
graph=$(realpath "$1") check_schema=$(realpath "$2") schemas=$(realpath "$3")
. "$(dirname "$0")/expect.sh"
analyze() { "$graph" analyze "$@"; }

# mlp:2-2-1: 0.weight [2, 2], 2.weight [1, 2].
#   input 0 ──► hidden 0 ──► output     stub: hidden 1 is entered (input 1) and not left
#   input 1 ──► hidden 1
header='{"0.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"2.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[4,6]}}'
mkdir masks
safetensors masks/ticket-2.safetensors "$header" 010000010100 # stub
safetensors masks/ticket-10.safetensors "$header" 000000000000
safetensors full.safetensors "$header" 010101010101
safetensors two.safetensors "$header" 010000010102
safetensors notensors.safetensors '{}'

# --- Reports -----------------------------------------------------------------------------------------------------------
expect 0 'healthy' analyze mlp:2-2-1
grep -q 'initialised by kaiming-normal, seed 0' stderr || complain 'no notice of initial weights'
expect 0 '^EWP' analyze mlp:2-2-1 --mask full.safetensors
expect 0 '1 stub unit' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors
expect 0 '^  0\[1\]$' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --list-units stub
expect 0 'disconnected' analyze mlp:2-2-1 --mask masks/ticket-10.safetensors
expect 0 '"weights": null' analyze mlp:2-2-1 --structure-only --json
grep -q '"ewp_log_total": null' stdout || complain 'a structure has no EWP'
[ ! -s stderr ] || complain "structure only, but: $(cat stderr)"
expect 0 '"weights": "kaiming-normal, seed 3"' analyze mlp:2-2-1 --init-seed 3 --json --quiet
[ ! -s stderr ] || complain "--quiet, but: $(cat stderr)"

# A folder: a row each, in the order of their numbers; JSON repeats the first at the top.
expect 0 '^ticket-2 ' analyze mlp:2-2-1 --mask masks
grep -n 'ticket' stdout | head -n 1 | grep -q 'ticket-2 ' || complain 'ticket-10 before ticket-2'
expect 0 '"masks": \[' analyze mlp:2-2-1 --mask masks --json
[ "$(grep -c '"stub_units": 1,$' stdout)" -ge 2 ] || complain 'the first mask is not both on top and in masks'

# More analyses where they are asked for.
expect 0 '^without shortcuts: connected, 1 stub units' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --parametric
expect 0 '^0 +source +1 +1.00 +1 ' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --degrees
expect 0 '^0 +2.00 +2.00 +2.0000 ' analyze mlp:2-2-1 --spectra 2
expect 0 '"ramanujan_difference": 2.0' analyze mlp:2-2-1 --spectra 2 --json
grep -q '"units": \[' stdout && complain 'degrees that were not asked for'

# Every line of a report for people fits 100 columns.
expect 0 'layer4.0.downsample.0' analyze resnet50 --structure-only
[ "$(wc -L <stdout)" -le 100 ] || complain "a line of $(wc -L <stdout) columns"
expect 0 'layer4.0.downsample.0' analyze resnet50 --structure-only --parametric --degrees --spectra 3
[ "$(wc -L <stdout)" -le 100 ] || complain "more analyses: a line of $(wc -L <stdout) columns"
expect 0 'own' analyze --help
sed '1,/^The keys/d' stdout >keys
[ "$(wc -L <keys)" -le 100 ] || complain "a definition of $(wc -L <keys) columns"

# --- Layers of zeros: a report and a warning -------------------------------------------------------------------------------
safetensors zeros.safetensors "$(printf '%s' "$header" | sed 's/U8/F32/g; s/\[0,4\]/[0,16]/; s/\[4,6\]/[16,24]/')" \
  000000000000000000000000000000000000803f0000803f
expect 0 '"zero_weights": 4' analyze mlp:2-2-1 --weights zeros.safetensors --json
grep -q '^warning: 0.weight: all 4 kept weights are 0' stderr || complain 'no warning of a layer of zeros'

# --- --fail-on -----------------------------------------------------------------------------------------------------------
expect 1 '1 stub unit' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --fail-on stub
expect 0 '1 stub unit' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --fail-on collapse,disconnected
expect 1 'collapsed' analyze mlp:2-2-1 --mask masks/ticket-10.safetensors --fail-on collapse
expect 1 'disconnected' analyze mlp:2-2-1 --mask masks/ticket-10.safetensors --fail-on stub,disconnected
expect 1 'ticket-10' analyze mlp:2-2-1 --mask masks --fail-on disconnected
expect 0 'healthy' analyze mlp:2-2-1 --mask full.safetensors --fail-on stub,collapse,disconnected
expect 0 'healthy' analyze --fail-on stub --list-units dead mlp:2-2-1

# --- The page (what it shows: page_test.sh) ---------------------------------------------------------------------------------
expect 0 '"kept": 3' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --json --html page.html
head -n 1 page.html | grep -qx '<!DOCTYPE html>' && tail -n 1 page.html | grep -qx '</html>' || complain 'no whole page'
cp page.html before.html
expect 65 'two.safetensors' analyze mlp:2-2-1 --mask two.safetensors --html page.html
cmp -s page.html before.html || complain 'a failed analysis changed the page'
expect 73 'found no folder' analyze mlp:2-2-1 --html nothere/page.html
expect 73 'found a folder' analyze mlp:2-2-1 --html masks
expect 64 'found the input' analyze mlp:2-2-1 --mask full.safetensors --html full.safetensors
expect 64 'found the input masks/ticket-2' analyze mlp:2-2-1 --mask masks --html masks/ticket-2.safetensors
expect 1 'stub' analyze mlp:2-2-1 --mask masks --fail-on stub --html page.html
! cmp -s page.html before.html || complain '--fail-on kept the page from being written'
# --- --csv: tidy tables whose columns are the keys of --json ---------------------------------------------------------------
expect 0 'ticket-10' analyze mlp:2-2-1 --mask masks --csv report.csv
[ "$(wc -l <report-network.csv) $(wc -l <report-layers.csv) $(wc -l <report-links.csv)" = '3 7 5' ] ||
  complain "rows of --csv: $(wc -l report-*.csv)"
grep -q '^mask,name,units,stub_units,' report-layers.csv || complain "columns of layers: $(head -n 1 report-layers.csv)"
grep -q '^masks/ticket-2.safetensors,0,2,1,' report-layers.csv || complain "layers: $(cat report-layers.csv)"
grep -q ',in_degree_mean,' report-links.csv || complain "columns of links: $(head -n 1 report-links.csv)"
grep -q ',0 2,false,' report-network.csv || complain "collapsed links are not one cell: $(cat report-network.csv)"
for table in report-*.csv; do
  [ "$(awk -F, '{ print NF }' "$table" | sort -u | wc -l)" -eq 1 ] || complain "$table: rows of different lengths"
done
expect 0 '^EWP' analyze mlp:2-2-1 --csv dense.csv
grep -q '^,0,0.weight,4,4,' dense-links.csv || complain "a dense network's mask is not empty: $(cat dense-links.csv)"
expect 73 'nowhere' analyze mlp:2-2-1 --csv nowhere/report.csv

# --- --dot: small graphs -----------------------------------------------------------------------------------------------
expect 0 '1 stub unit' analyze mlp:2-2-1 --mask masks/ticket-2.safetensors --dot graph.dot
[ "$(grep -c ' -> ' graph.dot)" -eq 3 ] || complain "edges of --dot: $(cat graph.dot)"
grep -q 'tooltip="0\[1\]: stub"' graph.dot || complain "no stub in --dot: $(cat graph.dot)"
if command -v dot >/dev/null; then
  dot -Tsvg graph.dot >graph.svg 2>faults || complain "dot: $(cat faults)"
  [ ! -s faults ] && grep -q '</svg>' graph.svg || complain "dot: $(cat faults)"
  rm graph.svg faults
else
  echo 'skipped: dot -Tsvg (no graphviz)'
fi
expect 69 'lenet-300-100: found 266200 edges .*, expected at most 4000' analyze lenet-300-100 --structure-only --dot large.dot
expect 64 'dot: found folder' analyze mlp:2-2-1 --mask masks --dot graph.dot
expect 73 'nowhere' analyze mlp:2-2-1 --dot nowhere/graph.dot

# --- --sweep: critical densities ---------------------------------------------------------------------------------------
sweep='--sweep 0.5:0.001 --method random --sweep-points 20 --seeds 3'
expect 0 '^a stub unit +3 of 3 ' analyze lenet-300-100 $sweep
[ "$(wc -L <stdout)" -le 100 ] || complain "sweep: a line of $(wc -L <stdout) columns"
grep -qE '^no input-output path +[0-3] of 3 ' stdout || complain "no line for disconnection: $(cat stdout)"
expect 0 '"nested": true' analyze lenet-300-100 $sweep --json --csv sweep.csv --threads 1
cp stdout sweep.json
"$check_schema" "$schemas/sweep.json" sweep.json >faults || complain "the sweep does not fit its schema: $(head -n 3 faults)"
sed 's/"stub_units"/"stubs"/' sweep.json >bad.json
"$check_schema" "$schemas/sweep.json" bad.json >faults && complain 'the schema of sweep takes anything'
rm faults
expect 0 '"nested": true' analyze lenet-300-100 $sweep --json --threads 3
cmp -s stdout sweep.json || complain 'threads change a sweep'
[ "$(wc -l <sweep-seeds.csv) $(wc -l <sweep-points.csv)" = '4 61' ] || complain "rows of the sweep: $(wc -l sweep-*.csv)"
grep -q '^seed,target,kept,density,stub_units,collapsed_links,connected$' sweep-points.csv ||
  complain "columns of points: $(head -n 1 sweep-points.csv)"
# The second seed alone is the second row.
expect 0 '"nested"' analyze lenet-300-100 --sweep 0.5:0.001 --method random --sweep-points 20 --seed 1 --seeds 1 --csv one.csv --json
[ "$(tail -n 1 one-seeds.csv)" = "$(sed -n 3p sweep-seeds.csv)" ] || complain 'a seed depends on the seeds beside it'
# Walks leave no stub unit at any density.
expect 0 '^a stub unit +0 of 2 +< 0.01 ' analyze lenet-300-100 --sweep 0.2:0.01 --sweep-points 5 --seeds 2 --quiet
expect 0 'do not lie inside' analyze mlp:8-8-8 --sweep 0.5:0.1 --method random-regular --sweep-points 3 --seeds 1
expect 0 '1 seed;' analyze lenet-300-100 --sweep 0.5:0.01 --method magnitude --sweep-points 3
grep -q 'magnitude draws nothing at random' stderr || complain 'no notice that seeds are one'
expect 64 'sweep.*expected two falling densities' analyze mlp:2-2-1 --sweep 0.1:0.5
expect 64 'sweep.*expected two falling densities' analyze mlp:2-2-1 --sweep 0.5
expect 64 'sweep' analyze mlp:2-2-1 --seeds 3
expect 64 'mask' analyze mlp:2-2-1 --sweep 0.5:0.1 --mask full.safetensors
expect 64 'rounds: random does not read it' analyze mlp:2-2-1 --sweep 0.5:0.1 --method random --rounds 3
expect 64 'shuffle keeps as many parameters as its mask' analyze mlp:2-2-1 --sweep 0.5:0.1 --method shuffle
expect 64 'scores: gradient-walk needs' analyze mlp:2-2-1 --sweep 0.5:0.1 --method gradient-walk
expect 65 'lower the density' analyze mlp:2-2-1 --sweep 1:0.5 --method phew --max-walks 1

# --- Ctrl-C: no half-written file, no output, 130 ----------------------------------------------------------------------
mkdir interrupted
for signal in INT TERM; do
  rc=0
  timeout --preserve-status -s $signal 1 "$graph" analyze vgg19 --sweep 0.5:0.001 --seeds 100000 --csv interrupted/a.csv \
    --json >stdout 2>stderr || rc=$?
  [ $rc -eq $([ $signal = INT ] && echo 130 || echo 143) ] || complain "SIG$signal: exit $rc"
  [ ! -s stdout ] || complain "SIG$signal: printed $(head -n 3 stdout)"
  [ -z "$(ls -A interrupted)" ] || complain "SIG$signal left $(ls -A interrupted)"
done

# --- Bad input ------------------------------------------------------------------------------------------------------------
mkdir empty
expect 64 'fail-on.*stubs' analyze mlp:2-2-1 --fail-on stubs
expect 66 'nothere: found nothing' analyze mlp:2-2-1 --mask nothere
expect 66 'empty: found no mask files' analyze mlp:2-2-1 --mask empty
expect 65 'notensors.safetensors: found no tensors' analyze mlp:2-2-1 --mask notensors.safetensors
expect 65 'full.safetensors: 0.weight: found shape \[2, 2\], expected \[3, 2\]' analyze mlp:2-3-1 --mask full.safetensors
expect 65 'two.safetensors: 2.weight: ' analyze mlp:2-2-1 --mask two.safetensors
expect 0 'density 1\)' analyze mlp:2-2-1 --mask full.safetensors --zeros-are-pruned
# A mask says which weights it was made for.
"$graph" mask mlp:2-2-1 --density 0.5 --init-seed 3 --quiet -o three.safetensors
expect 0 '^EWP' analyze mlp:2-2-1 --mask three.safetensors
grep -q 'three.safetensors: made for other weights than these: for --init kaiming-normal --init-seed 3' stderr ||
  complain 'no notice of other weights'
expect 0 '^EWP' analyze mlp:2-2-1 --mask three.safetensors --init-seed 3
! grep -q 'other weights' stderr || complain 'a notice of other weights, but they are the same'
expect 74 '' sh -c "'$graph' analyze mlp:2-2-1 --quiet >/dev/full"
finish

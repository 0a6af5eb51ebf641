#!/usr/bin/env bash
# analyze_test.sh PHEW_GRAPH: what `phew-graph analyze` prints, and when it exits with 1.
graph=$(realpath "$1")
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

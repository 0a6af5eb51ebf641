#!/usr/bin/env bash
# theory_test.sh PHEW_GRAPH CHECK_SCHEMA SCHEMAS: what `phew-graph theory` prints.
graph=$(realpath "$1") check_schema=$(realpath "$2") schemas=$(realpath "$3")
. "$(dirname "$0")/expect.sh"
theory() { "$graph" theory "$@"; }

valid() {
  "$check_schema" "$schemas/$1.json" "$2" >faults || complain "$2 does not fit $1.json: $(head -n 3 faults)"
}
fits() { [ "$(wc -L <stdout)" -le 100 ] || complain "$1: a line of $(wc -L <stdout) columns"; }

# --- ewp ---------------------------------------------------------------------------------------------------------------
expect 0 '^mlp:8x4 +3 +biased ' theory ewp --width 8 --depths 2:3 --inits 20 --walks 50
fits ewp
expect 0 '"finite"' theory ewp --width 8 --depths 3 --inits 20 --walks 50 --json --threads 1
cp stdout ewp.json
valid theory-ewp ewp.json
sed 's/"walks": 50/"walks": 0.5/' ewp.json >bad.json
"$check_schema" "$schemas/theory-ewp.json" bad.json >faults && complain 'the schema of theory ewp takes anything'
expect 0 '"finite"' theory ewp --width 8 --depths 3 --inits 20 --walks 50 --json --threads 3
cmp -s stdout ewp.json || complain 'threads change theory ewp'
expect 0 '"finite"' theory ewp --width 8 --depths 2:3 --inits 20 --walks 50 --json
grep -qF "$(grep '"measured"' ewp.json | head -n 1)" stdout || complain 'a row depends on the rows beside it'
expect 0 '^mlp:5-7-2 +2 +uniform' theory ewp mlp:5-7-2 --inits 5 --walks 10
expect 64 'not be given|excludes' theory ewp mlp:5-7-2 --width 8
expect 69 'expected a chain' theory ewp resnet20
expect 64 'expected a normal one' theory ewp --init xavier-uniform
expect 64 'depths: found' theory ewp --depths 0:3

# --- stubs -------------------------------------------------------------------------------------------------------------
# Eq. 5, 6 and 8 at N = 4, x = 1/2, L = 3: 30/256, 12 times that, 1 - (226/256)^12.
expect 0 '^4 +0.5 +0.1172 .* 1.406 .* 0.7759 ' theory stubs --widths 4 --pruning-ratios 0.5 --trials 200
fits stubs
grep -q '^Eq. 7-8 assume independent units' stdout || complain 'the gap of Eq. 7-8 is not printed'
expect 0 '"gap"' theory stubs --widths 4,20 --pruning-ratios 0:1:0.25 --trials 150 --json --threads 1
cp stdout one.json
valid theory-stubs one.json
sed 's/"gap"/"gab"/' one.json >bad.json
"$check_schema" "$schemas/theory-stubs.json" bad.json >faults && complain 'the schema of theory stubs takes anything'
expect 0 '"gap"' theory stubs --widths 4,20 --pruning-ratios 0:1:0.25 --trials 150 --json --threads 3
cmp -s stdout one.json || complain 'threads change theory stubs'
expect 0 '^4,3,0.5,0.5,0.1171875,' theory stubs --widths 4 --pruning-ratios 0.5 --trials 150 --csv
[ "$(head -n 1 stdout | tr ',' '\n' | wc -l)" -eq "$(tail -n 1 stdout | tr ',' '\n' | wc -l)" ] ||
  complain 'CSV: names and numbers differ in number'
expect 64 'csv' theory stubs --json --csv
expect 64 'pruning-ratios: found' theory stubs --pruning-ratios 1.5

# --- The frame: commands of commands -----------------------------------------------------------------------------------
for command in ewp stubs; do
  expect 0 'paper Eq' theory $command --help
  sed '1,/^The keys/d' stdout >keys
  [ "$(wc -L <keys)" -le 100 ] || complain "$command: a definition of $(wc -L <keys) columns"
done
expect 64 "found 'stub', expected one of ewp, stubs; did you mean stubs" theory stub
expect 64 'subcommand' theory
expect 64 'ewp: found unknown option --depth; did you mean --depths' theory ewp --depth 3
printf 'inits = 20\nwalks = 50\njson = true\n[theory.ewp]\nwidth = 8\ndepths = 3\n[mask]\ndensity = 0.1\n' >options.toml
expect 0 '"finite"' theory ewp --config options.toml
cmp -s stdout ewp.json || complain 'options from a file give other figures'
printf '[theory.ewq]\nwidth = 8\n' >typo.toml
expect 64 'found table .ewq.' theory ewp --config typo.toml

finish

#!/usr/bin/env bash
# paths_test.sh PHEW_GRAPH CHECK_SCHEMA SCHEMAS: what `phew-graph paths` prints and writes.
graph=$(realpath "$1") check_schema=$(realpath "$2") schemas=$(realpath "$3")
. "$(dirname "$0")/expect.sh"
paths() { "$graph" paths "$@"; }

valid() {
  "$check_schema" "$schemas/paths.json" "$1" >faults || complain "$1 does not fit paths.json: $(head -n 3 faults)"
}
fits() { [ "$(wc -L <stdout)" -le 100 ] || complain "$1: a line of $(wc -L <stdout) columns"; }

# mlp:1-2-1, weights 3 -1 and -2 5: EWP 6 by hidden 0, 5 by hidden 1.
header='{"0.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"2.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}'
safetensors two.safetensors "$header" 00004040000080bf000000c00000a040
# Hidden 0's way out is 0.
safetensors zero.safetensors "$header" 00004040000080bf000000000000a040

# --- Reports -----------------------------------------------------------------------------------------------------------
expect 0 '^paths +2$' paths mlp:1-2-1 --weights two.safetensors
grep -qE '^ln EWP +mean 1\.7006, std 0\.0912, from 1\.6094 to 1\.7918$' stdout || complain 'moments of ln EWP'
grep -qE '^ +input\[0\] > 0\[0\] > 2\[0\]$' stdout || complain 'the best path'
grep -qE '^0 +2 +1\.0000 +0\.5455 +2\.0$' stdout || complain 'shares of the hidden layer'
expect 0 '^paths of EWP 0 +1$' paths mlp:1-2-1 --weights zero.safetensors --list-units ewp
grep -qE '^  0\[1\] +1$' stdout || complain 'share of the unit on the only path'
expect 0 '^the path of the largest EWP' paths mlp:1-2-1 --weights two.safetensors --top 1 --samples 0
grep -q '^quantile' stdout && complain '--samples 0 still samples'
expect 0 'expected \(Eq. 4\)' paths mlp:20x4
expect 0 '^layer1.0.add->layer1.1.add' paths resnet20
fits resnet20
expect 0 '^paths +10\^[0-9.]+ of kernels' paths resnet56 --kernel-level --exact-paths --samples 1000 --quiet
fits resnet56
[ ! -s stderr ] || complain "--quiet, but: $(cat stderr)"
expect 0 'David and Nagaraja' paths --help
sed '1,/^The keys/d' stdout >keys
[ "$(wc -L <keys)" -le 100 ] || complain "a definition of $(wc -L <keys) columns"

# --- JSON --------------------------------------------------------------------------------------------------------------
expect 0 '"zero_paths_exact": "1"' paths mlp:1-2-1 --weights zero.safetensors --exact-paths --list-units ewp --json
valid stdout
sed 's/"log_mean"/"log_maen"/' stdout >bad.json
"$check_schema" "$schemas/paths.json" bad.json >faults && complain 'the schema of paths takes anything'
expect 0 '"0.weight\[1,0\]"' paths mlp:1-2-1 --weights two.safetensors --json
"$graph" mask resnet20 --density 0.02 --quiet -o ticket.safetensors
expect 0 '"fc.weight\[' paths resnet20 --mask ticket.safetensors --json --seed 3 --threads 1
valid stdout
cp stdout one.json
expect 0 '"log_mean"' paths resnet20 --mask ticket.safetensors --json --seed 3 --threads 3
cmp -s stdout one.json || complain 'threads change the report'
expect 0 '"log_mean"' paths resnet20 --mask ticket.safetensors --json --seed 4
cmp -s stdout one.json && complain 'the seed changes nothing'

# --- CSV ---------------------------------------------------------------------------------------------------------------
expect 0 '^paths' paths mlp:1-2-1 --weights two.safetensors --quantiles 0.25,0.75 --csv table.csv
[ "$(head -n 1 table.csv)" = 'kind,rank,quantile,ewp_log,standard_error,low,high,units,parameters' ] || complain 'CSV header'
grep -qE '^top,1,,1\.79175946.*,,,,"input\[0\];0\[0\];2\[0\]","0\.weight\[0,0\];2\.weight\[0,0\]"$' table.csv ||
  complain "CSV: the best path: $(cat table.csv)"
[ "$(grep -cE '^quantile,,0\.(25,1\.6094|75,1\.7917).*,,$' table.csv)" -eq 2 ] || complain "CSV: quantiles: $(cat table.csv)"
expect 73 'nothere' paths mlp:1-2-1 --weights two.safetensors --csv nothere/table.csv

# --- Bad input ---------------------------------------------------------------------------------------------------------
expect 64 'quantiles: found' paths mlp:1-2-1 --quantiles 1.5
expect 64 'top' paths mlp:1-2-1 --top -1
expect 64 'list-units' paths mlp:1-2-1 --list-units stub
expect 66 'nothere.safetensors' paths mlp:1-2-1 --mask nothere.safetensors
finish

#!/usr/bin/env bash
# similarity_test.sh PHEW_GRAPH: what `phew-graph similarity` prints.
graph=$(realpath "$1")
. "$(dirname "$0")/expect.sh"
similarity() { "$graph" similarity "$@"; }

# One tensor of 2×2 and one of 1×2. a and b share one of three parameters; chance: both densities 1/2 in the first
# tensor (2·2/4 = 1 of 3 expected), 0 in the second of b.
header='{"fc.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"out.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[4,6]}}'
mkdir A B
safetensors A/a.safetensors "$header" 010100000000
safetensors A/b.safetensors "$header" 000101000000
safetensors B/c.safetensors "$header" 010100000100
safetensors B/d.safetensors "$header" 010101010101
safetensors B/e.safetensors "$header" 000001010100
safetensors shape.safetensors '{"fc.weight":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]},"out.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[2,4]}}' 01010101
safetensors other.safetensors '{"cf.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"out.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[4,6]}}' 010101010101
safetensors fewer.safetensors '{"fc.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}' 01010101
safetensors bias.safetensors '{"fc.bias":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}' 0101

expect 0 '^whole +6 +0.3333 +0.3333 +0.0000$' similarity A/a.safetensors A/b.safetensors
grep -qE '^out +2 +- +- +-$' stdout || complain 'a link that both masks leave empty has no index'
expect 0 '"whole": 0.333' similarity A --json
expect 0 'within B' similarity A --against B
grep -q 'all 10 labelings; the smallest p possible is 0.1' stdout || complain 'no permutation test of 2 against 3'
expect 0 'the smallest p possible is 0.25' similarity A/a.safetensors --against B
expect 0 '"test": null' similarity A/a.safetensors --against A/b.safetensors --json
cp B/d.safetensors same.safetensors
expect 0 '1\.0000 +' similarity B/d.safetensors same.safetensors
grep -q 'B/d.safetensors and same.safetensors hold the same mask' stderr || complain 'no word on equal masks'
[ "$(wc -L <stdout)" -le 100 ] || complain "a line of $(wc -L <stdout) columns"

expect 64 'found one mask' similarity A/a.safetensors
expect 64 '' similarity
expect 64 'B/d.safetensors: found it twice' similarity B/d.safetensors B/d.safetensors
expect 64 'A/a.safetensors: found it twice' similarity A/a.safetensors --against A
expect 64 'B/c.safetensors: found it twice' similarity A B --against B/../B/c.safetensors
expect 66 'nothere: found nothing' similarity A nothere
expect 65 'shape.safetensors: fc.weight: found shape \[2, 1\], expected \[2, 2\]' similarity A/a.safetensors shape.safetensors
expect 65 'other.safetensors: cf.weight: found a tensor that .*nearest there is fc.weight' similarity A other.safetensors
expect 65 'fewer.safetensors: out.weight: found no such mask' similarity A fewer.safetensors
expect 65 'A/a.safetensors: out.weight: found a tensor that fewer.safetensors has not' similarity fewer.safetensors A
expect 65 'bias.safetensors: found no tensors of rank 2' similarity bias.safetensors A

# --csv: a line of names, then one for the whole and one for each of two links, of three pairs.
expect 0 '' similarity A/a.safetensors --against A/b.safetensors B/c.safetensors --csv pairs.csv
[ "$(wc -l <pairs.csv)" -eq 10 ] || complain "$(wc -l <pairs.csv) lines of CSV, expected 10"
grep -q '^across,A/a.safetensors,A/b.safetensors,whole,,,6,2,2,0.3333333333333333,' pairs.csv || complain 'the CSV lacks a pair'
expect 73 'nofolder/x.csv: found no folder' similarity A --csv nofolder/x.csv
expect 64 'A/a.safetensors: found a mask as output' similarity A --csv A/a.safetensors

# --align: units in another order are found again; chance is that of aligned random masks, and repeats.
"$graph" mask mlp:12-10-8-3 --method random --density 0.3 --seed 1 -o first.safetensors --quiet
"$graph" mask mlp:12-10-8-3 --method random --density 0.3 --seed 2 -o second.safetensors --quiet
expect 0 'Aligned: 18 hidden units of mlp:12-10-8-3' similarity first.safetensors second.safetensors --align
expect 0 '"align"' similarity first.safetensors second.safetensors --align --json --threads 1
cp stdout once
expect 0 '"chance_pairs": 20' similarity first.safetensors second.safetensors --align --json --threads 3 --network mlp:12-10-8-3
cmp -s once stdout || complain 'aligning depends on threads or on where the network is named'
expect 0 '"chance_pairs": 25' similarity first.safetensors second.safetensors --align --align-chance 25 --json
# fc: 2 hidden units that the second mask has in the other order.
header='{"0.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"2.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[4,6]}}'
safetensors one.safetensors "$header" 010000000100
safetensors two.safetensors "$header" 000001000001
expect 0 '^whole +6 +1\.0000 +[0-9.]+ +[0-9.]+ +0\.0000$' similarity one.safetensors two.safetensors --align --network mlp:2-2-1
expect 64 "found 0 networks named in the masks' metadata" similarity one.safetensors two.safetensors --align
expect 65 '0.weight: found no such tensor of shape \[3, 2\]' similarity one.safetensors two.safetensors --align --network mlp:2-3-1
expect 65 'found 2 tensors, expected the 1 of mlp:2-2' similarity one.safetensors two.safetensors --align --network mlp:2-2
expect 64 '--network requires --align' similarity one.safetensors two.safetensors --network mlp:2-2-1
expect 64 'chance' similarity one.safetensors two.safetensors --align --network mlp:2-2-1 --align-chance 5
finish

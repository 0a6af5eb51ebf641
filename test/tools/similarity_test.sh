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
expect 0 '1\.0000 +' similarity B/d.safetensors B/d.safetensors
[ "$(wc -L <stdout)" -le 100 ] || complain "a line of $(wc -L <stdout) columns"

expect 64 'found one mask' similarity A/a.safetensors
expect 64 '' similarity
expect 66 'nothere: found nothing' similarity A nothere
expect 65 'shape.safetensors: fc.weight: found shape \[2, 1\], expected \[2, 2\]' similarity A/a.safetensors shape.safetensors
expect 65 'other.safetensors: cf.weight: found a tensor that .*nearest there is fc.weight' similarity A other.safetensors
expect 65 'fewer.safetensors: out.weight: found no such mask' similarity A fewer.safetensors
expect 65 'A/a.safetensors: out.weight: found a tensor that fewer.safetensors has not' similarity fewer.safetensors A
expect 65 'bias.safetensors: found no tensors of rank 2' similarity bias.safetensors A
finish

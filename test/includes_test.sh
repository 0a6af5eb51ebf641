#!/bin/sh
# The direction of includes (see CONTRIBUTING.md): who may include what, read from the sources themselves.
#
#   includes_test.sh ROOT     checks the tree at ROOT, after proving on planted trees that each rule can fail
set -u

# A rule: folders; what an include there (the name between quotes or brackets) must not match; why.
# Headers of ours are always named from src or tools ("graph/mask.hpp") or from the same folder ("program.hpp").
rules='
src/graph;^(walks|analysis|train|common|phew-graph|phew-train)/;src/graph includes nothing of ours
src/walks;^(analysis|train|common|phew-graph|phew-train)/;src/walks includes src/graph only
src/analysis;^(walks|train|common|phew-graph|phew-train)/;src/analysis includes src/graph only
src/train;^(walks|analysis|common|phew-graph|phew-train)/;src/train includes src/graph only
tools/common;^(walks|analysis|train|phew-graph|phew-train)/;tools/common includes src/graph only
tools/phew-graph;^(train|phew-train)/;tools/phew-graph never includes src/train
tools/phew-train;^phew-graph/;a program does not include the other
src/graph src/walks src/analysis tools/common tools/phew-graph;^(torch|ATen|c10|caffe2)/;LibTorch is for src/train and tools/phew-train
src tools test;^[.][.]/;a header is named from src, tools or test, not by ..
'

# violations ROOT: prints "FILE: #include …: why" for each.
violations() (
  cd "$1" || exit 2
  printf '%s' "$rules" | while IFS=';' read -r folders pattern why; do
    for folder in $folders; do
      [ ! -d "$folder" ] || find "$folder" -name '*.[ch]pp' -exec grep -HE '^[[:space:]]*#[[:space:]]*include' {} +
    done | sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^>"]*).*/ \1/' |
      awk -v pattern="$pattern" -v why="$why" '$2 ~ pattern { print $1 ": #include " $2 ": " why }'
  done
)

# must_catch FOLDER INCLUDE: a tree with that one line in it is refused.
must_catch() {
  planted=$(mktemp -d) || exit 2
  mkdir -p "$planted/$1"
  printf '// planted\n#include %s\n' "$2" >"$planted/$1/planted.cpp"
  found=$(violations "$planted")
  rm -rf "$planted"
  [ -n "$found" ] || { echo "not caught: #include $2 in $1"; exit 1; }
}
must_catch src/graph '"walks/phew.hpp"'
must_catch src/graph '<torch/torch.h>'
must_catch src/graph/io '"analysis/similarity.hpp"'
must_catch src/walks '"analysis/path_stats.hpp"'
must_catch src/walks '"train/module.hpp"'
must_catch src/analysis '"walks/phew.hpp"'
must_catch src/analysis '<ATen/ATen.h>'
must_catch src/train '"walks/phew.hpp"'
must_catch src/train '"../walks/phew.hpp"'
must_catch tools/common '"train/module.hpp"'
must_catch tools/phew-graph '"train/module.hpp"'
must_catch tools/phew-graph '<c10/core/Device.h>'
must_catch tools/phew-train '"phew-graph/commands.hpp"'

[ -d "$1/src/graph" ] || { echo "$1: no src/graph there"; exit 2; }
found=$(violations "$1")
[ -z "$found" ] || { echo "$found"; exit 1; }

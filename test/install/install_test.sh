#!/bin/sh
# install_test.sh MESON BUILD_FOLDER COMPILER PROGRAM.cpp: installs the build into an empty folder, compiles the program
# against that through pkg-config alone, as a user would, and runs it.
set -eu
meson=$1 build=$2 compiler=$3 program=$4
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage "$meson" install -C "$build" --no-rebuild --quiet
package=$(find "$stage" -name phew-graph.pc)
PKG_CONFIG_PATH=$(dirname "$package")
export PKG_CONFIG_PATH

# The programs run from there, too.
for installed in $(find "$stage" -path '*/bin/*' -type f); do "$installed" --version; done

flags=$(pkg-config --cflags --libs phew-graph)
case $flags in
  *"$stage"*) ;;
  *) echo "pkg-config names folders outside the installation: $flags"; exit 1 ;;
esac
# Unquoted: the compiler may be a wrapper and a compiler, the flags are words.
$compiler -std=c++20 "$program" -o "$stage/program" $flags
cd "$stage"
"$(find "$stage" -name phew-graph -type f)" init mlp:4-3-2 -o weights.safetensors --quiet
./program | tee output
# Steps from the first input to each unit, and the edges: 4·3 + 3·2, and half of them plus less than one walk's.
grep -qx '0 0 0 0 1 1 1 2 2 18 edges' output
grep -qE ' (9|10) edges$' output

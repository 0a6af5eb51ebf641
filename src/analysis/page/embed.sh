#!/bin/sh
# embed.sh OUT.cpp NAME=FILE…: a source that defines phew::page_files::NAME as the text of each file and its SHA-256,
# by which a page's Content-Security-Policy admits this script or style and no other.
set -eu
export LC_ALL=C
out=$1
shift
{
  echo '// Made by embed.sh.'
  echo '#include "analysis/html_page.hpp"'
  echo '#pragma GCC diagnostic ignored "-Woverlength-strings"'
  echo 'namespace phew::page_files {'
} >"$out"
for file in "$@"; do
  name=${file%%=*} path=${file#*=}
  # What would end the element that holds the text, or the literal.
  if grep -qiE '</(script|style)|<!--|<script|\)phew_page"' "$path"; then
    echo "$path: holds what would end its element: </script, </style, <script or <!--" >&2
    rm -f "$out"
    exit 1
  fi
  hash=$(sha256sum <"$path" | cut -c1-64 | tr a-f A-F | basenc --base16 -d | basenc --base64)
  {
    printf 'const PageFile %s{R"phew_page(' "$name"
    cat "$path"
    printf ')phew_page",\n  "%s"};\n' "$hash"
  } >>"$out"
done
echo '}  // namespace phew::page_files' >>"$out"

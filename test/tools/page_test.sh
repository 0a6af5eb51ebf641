#!/usr/bin/env bash
# page_test.sh PHEW_GRAPH PROBE.js: the page that `phew-graph analyze --html` writes, in a real browser: it is drawn
# without a message on the console, asks the network for nothing, and does what its buttons say. Skipped (77) where
# there is no Chromium.
graph=$(realpath "$1") probe=$(realpath "$2")
. "$(dirname "$0")/expect.sh"

for browser in chromium-headless-shell chromium chromium-browser google-chrome none; do
  command -v "$browser" >/dev/null && break
done
[ "$browser" != none ] || { echo 'skipped: found no Chromium; tools/setup check installs one'; exit 77; }

# browse PAGE OPTION…: opens it; leaves the document in dom, messages of the console in console and addresses that were
# asked for in requests.
browse() {
  local page=$1
  shift
  rm -f dom console requests net.json log
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
    --disable-background-networking --disable-component-update --no-first-run --user-data-dir="$work/profile" \
    --window-size=1280,2400 --virtual-time-budget=20000 --enable-logging=stderr --log-net-log="$work/net.json" "$@" \
    "file://$work/$page" >dom 2>log </dev/null || complain "$browser failed on $page: $(tail -n 3 log)"
  grep 'CONSOLE' log >console
  [ -s net.json ] || complain "no log of the network for $page"
  grep -oE '"url":"[a-z-]+:[^"]*' net.json | grep -vE '"url":"(file|data|blob|about|chrome):' >requests
}

# good PAGE OPTION…: a page as it should be.
good() {
  browse "$@" --dump-dom
  grep -q '<body data-state="ready"' dom || complain "$1 is not drawn: $(grep -o 'could not be drawn[^<]*' dom)"
  [ ! -s console ] || complain "messages on the console of $1: $(cat console)"
  [ ! -s requests ] || complain "$1 asks the network for $(cat requests)"
}

# probed PAGE OPTION…: uses a copy of the page, whose policy is taken off, by page_probe.js; what it found is in found.
probed() {
  local page=$1
  shift
  { sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' "$page" && echo '<script>' && cat "$probe" &&
    echo '</script>'; } >probed.html
  browse probed.html "$@" --dump-dom
  sed -n '/<pre id="probe">/,/<\/pre>/p' dom |
    sed 's/<pre id="probe">//; s/<\/pre>.*//; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >found
  [ ! -s console ] || complain "messages on the console of $page under the probe: $(cat console)"
  ! grep -E '^ERROR|EMPTY|SAME' found || complain "$page under the probe: see above"
}

found() { grep -qxE -- "$1" found || complain "not found under the probe: $1"; }

# mlp:2-2-1: 0.weight [2, 2], 2.weight [1, 2].
#   input 0 ──► hidden 0 ──► output     stub: hidden 1 is entered (input 1) and not left
#   input 1 ──► hidden 1
header='{"0.weight":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"2.weight":{"dtype":"U8","shape":[1,2],"data_offsets":[4,6]}}'
mkdir masks '<'
safetensors masks/stub.safetensors "$header" 010000010100
safetensors masks/full.safetensors "$header" 010101010101
safetensors masks/none.safetensors "$header" 000000000000
# A name that would end the page's data, were it not escaped.
hostile='</script><b id=hostile><img src=nothere onerror=alert(1)>.safetensors'
cp masks/stub.safetensors "$hostile"

expect 0 '1 stub unit' "$graph" analyze mlp:2-2-1 --mask masks/stub.safetensors --html stub.html
good stub.html
probed stub.html
[ "$(grep -c '^figure .* drawn$' found)" -eq 8 ] || complain "not eight figures drawn: $(grep '^figure' found)"
found 'state ready'
found 'severity bad'
found 'verdict ✕1 stub unit1 kept parameter on no path.*Bottleneck of 1 unit at layer 0\.'
found 'density.csv 0,4,2,0.5,1,0.25'
found 'density.csv 2,2,1,0.5,1,0.5'
found 'graph.csv 0,1,stub,1,0'
found 'graph.csv input,0,on a path,0,1'
found 'hover 0\[1\] \| stub \| 1 kept edges in, 0 out'
found 'hover link 0: input → 0 \| 2 of 4 kept \| density 0.5, effective 0.25'
found 'table density 2'
found 'table graph 3'
found 'csv theory.csv 51'
found 'csv ewp.csv 2'
found 'figures 8 canvases 7'
# The reader's theme, and the other at a press of the button.
found 'theme light'
found 'theme dark'
probed stub.html --blink-settings=preferredColorScheme=0
[ "$(grep '^theme' found | tr '\n' ' ')" = 'theme dark theme light ' ] ||
  complain "themes of a dark system: $(grep '^theme' found)"

# A healthy and a collapsed network; a residual one, whose layers are many and whose shortcuts are arcs.
expect 0 'healthy' "$graph" analyze mlp:2-2-1 --html full.html
probed full.html
found 'severity good'
found 'csv ewp.csv 51'
expect 0 'collapsed' "$graph" analyze mlp:2-2-1 --mask masks/none.safetensors --html none.html
probed none.html
found 'verdict ✕Disconnected: no input-output path.*links collapsed.*Collapsed: 0, 2No bottleneck.*'
found 'hover link 0: .*collapsed'
expect 0 'layer4' "$graph" analyze resnet18 --structure-only --html residual.html
good residual.html
probed residual.html
found 'hover conv1 → layer1.0.add \| fixed: no parameters'
found 'hover layer4.1.add\[[0-9]+\] \| on a path \| 512 kept edges in, 10 out'

# Several masks: a table to choose from, and how alike they are.
expect 0 'stub' "$graph" analyze mlp:2-2-1 --mask masks --html several.html
good several.html
probed several.html
[ "$(grep -c '^figure ' found)" -eq 10 ] || complain "not ten figures of several masks: $(grep '^figure' found)"
found 'verdict ✓Healthy.*'
found 'second ✕Disconnected.*'
found 'csv pairs.csv 4'
found 'csv jaccard.csv 4'

expect 0 '1 stub unit' "$graph" analyze mlp:2-2-1 --mask "$hostile" --html hostile.html
good hostile.html
probed hostile.html
found 'hostile 0'

# Pictures, light and dark.
for theme in 1 0; do
  browse residual.html --blink-settings=preferredColorScheme=$theme --screenshot="$work/theme-$theme.png"
  [ "$(wc -c <"theme-$theme.png")" -gt 20000 ] || complain "the picture of theme $theme is empty"
done
! cmp -s theme-0.png theme-1.png || complain 'light and dark look the same'

# What finds faults must find planted ones.
sed 's/window.layered_graph.draw(/window.layered_graph.nothing(/' stub.html >changed.html
browse changed.html --dump-dom
! grep -q '<body data-state="ready"' dom || complain 'a script that is not the policy'"'"'s ran'
[ -s console ] || complain 'no message of a script that the policy forbids'
sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' changed.html >broken.html
browse broken.html --dump-dom
grep -q '<body data-state="failed"' dom || complain 'a page whose script fails does not say so'
grep -q 'This page could not be drawn: ' dom || complain 'a page whose script fails does not say why'
{ cat stub.html && echo '<img src="http://127.0.0.1:9/leak">'; } >guarded.html
browse guarded.html --dump-dom
[ ! -s requests ] || complain "the policy let a request through: $(cat requests)"
sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' guarded.html >leaking.html
browse leaking.html --dump-dom
grep -q '127.0.0.1:9/leak' requests || complain 'a request is not noticed'
finish

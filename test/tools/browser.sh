# browser.sh, for tests that have sourced expect.sh: pages in a real browser. Ends the test as skipped (77) where there is
# no Chromium.
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

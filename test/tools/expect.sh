# Sourced by the process tests: run a program, and hold its exit code and its words against what is expected.
set -u
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

complain() { echo "FAILED: $1"; failures=$((failures + 1)); }

# expect CODE PATTERN COMMAND...: the command exits with CODE and prints one line on stderr that begins with "error: "
# and matches the extended regular expression (CODE 0: PATTERN must be in stdout). $work gets no new file on failure.
expect() {
  local code=$1 pattern=$2 before after rc=0
  shift 2
  before=$(find . ! -name stdout ! -name stderr | sort)
  "$@" >stdout 2>stderr </dev/null || rc=$?
  after=$(find . ! -name stdout ! -name stderr | sort)
  [ $rc -eq "$code" ] || complain "exit $rc, expected $code: $* — $(tail -n 2 stderr)"
  if [ "$code" -eq 0 ] || [ "$code" -eq 1 ]; then
    grep -qE -- "$pattern" stdout || complain "stdout lacks /$pattern/: $*"
    return 0
  fi
  [ "$(grep -c '^error: ' stderr)" -eq 1 ] || complain "not one error line: $* — $(cat stderr)"
  [ "$(tail -n 1 stderr | cut -c1-7)" = "error: " ] || complain "the error is not the last line: $* — $(cat stderr)"
  grep -qE -- "$pattern" stderr || complain "stderr lacks /$pattern/: $* — $(cat stderr)"
  [ "$before" = "$after" ] || complain "something was left behind: $* — $(diff <(echo "$before") <(echo "$after"))"
}

# safetensors FILE HEADER [HEX]: a file by hand; HEX as in "0000803f".
safetensors() {
  local file=$1 header=$2 hex=${3:-} length
  length=$(printf '%s' "$header" | wc -c)
  {
    printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x\\x00\\x00\\x00\\x00' $((length & 255)) $((length >> 8 & 255)) \
      $((length >> 16 & 255)) $((length >> 24 & 255)))"
    printf '%s' "$header"
    printf "$(printf '%s' "$hex" | sed 's/../\\x&/g')"
  } >"$file"
}

finish() {
  [ $failures -eq 0 ] && echo "all as expected"
  exit $((failures > 0))
}

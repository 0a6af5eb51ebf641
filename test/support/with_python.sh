#!/bin/sh
# with_python.sh "MODULE…" SCRIPT ARGUMENT…: runs a script with a Python that has these modules, or skips the test (77)
# and says why. PHEW_TEST_PYTHON names the only Python to try; else it is the PATH's, or the system's.
modules=$1
shift
imports=$(echo "$modules" | tr ' ' ',')
for python in ${PHEW_TEST_PYTHON:-python3 /usr/bin/python3}; do
  if "$python" -c "import $imports" 2>/dev/null; then
    exec "$python" "$@"
  fi
done
echo "skipped: found no Python with $modules; PHEW_TEST_PYTHON may name one"
exit 77

#!/bin/sh
# with_python.sh "MODULE…" SCRIPT ARGUMENT…: runs a script with a Python that has these modules, or skips the test (77)
# and says why. PHEW_TEST_PYTHON names the Python to take instead of python3.
modules=$1
shift
python=${PHEW_TEST_PYTHON:-python3}
for module in $modules; do
  if ! "$python" -c "import $module" 2>/dev/null; then
    echo "skipped: $python has no $module; PHEW_TEST_PYTHON may name a Python that has"
    exit 77
  fi
done
exec "$python" "$@"

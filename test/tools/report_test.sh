#!/usr/bin/env bash
# report_test.sh PHEW_TRAIN: the table and the page of `phew-train report`.
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
. "$here/expect.sh"
. "$here/small_data.sh"
report() { "$program" report "$@"; }

mkdir runs
for seed in 1 2; do
  expect 0 'final' "$program" train mlp:100-16-10 --data mnist --data-dir data --epochs 2 --seed $seed --device cpu --threads 1 \
    --run "runs/seed-$seed"
done
expect 0 '^runs/seed-1 +1 +2 ' report runs/seed-1
expect 0 '^runs/seed-2 .* finished' report runs
expect 0 '"name": "phew-train/report"' report runs --json --html runs.html
[ "$(grep -c '"phew-train/train"' stdout)" -eq 2 ] || complain 'two runs are not two documents'
expect 66 'nothere: found no config.toml' report nothere
expect 73 'nothere/page.html' report runs --html nothere/page.html
# An unfinished run is shown as far as it came.
rm runs/seed-2/weights.safetensors runs/seed-2/result.json
expect 0 '^runs/seed-2 .* interrupted' report runs/seed-2
echo 'no json' >>runs/seed-2/metrics.jsonl
expect 65 'metrics.jsonl: line 3' report runs/seed-2

[ $failures -eq 0 ] || finish
. "$here/browser.sh"
good runs.html
[ "$(grep -oE '<figure id="[a-z_]+"' dom | sort -u | wc -l)" -eq 7 ] || complain "figures: $(grep -oE '<figure id="[a-z_]+"' dom)"
finish

# Sourced by tests of phew-train: data/ gets a small set in MNIST's files, 200 and 50 images of 10×10 whose class is
# their number's last digit.
be32() { printf "$(printf '\\x00\\x00\\x%02x\\x%02x' $(($1 / 256)) $(($1 % 256)))"; }
header() { printf "\\x00\\x00\\x08\\x0$#"; for n; do be32 "$n"; done; }
mkdir data
for name in train:200 t10k:50; do
  count=${name#*:} file=data/${name%:*}
  { header "$count" 10 10; seq 1 99999 | head -c $((count * 100)); } >"$file-images-idx3-ubyte"
  { header "$count"; for ((i = 0; i < count; i++)); do printf "\\x0$((i % 10))"; done; } >"$file-labels-idx1-ubyte"
done

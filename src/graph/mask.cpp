#include "graph/mask.hpp"

#include "graph/bit_kernels.hpp"

namespace phew {

BitMatrix::BitMatrix(std::int64_t rows, std::int64_t columns, bool value)
    : rows_(rows),
      columns_(columns),
      words_per_row_((columns + 63) / 64),
      words_(static_cast<std::size_t>(rows * words_per_row_), value ? ~std::uint64_t{0} : 0) {
  const std::int64_t used = columns & 63;
  if (!value || used == 0) return;
  const std::uint64_t last = (std::uint64_t{1} << used) - 1;
  for (std::int64_t r = 0; r < rows; ++r) words_[index(r, columns - 1)] = last;
}

std::int64_t BitMatrix::count() const { return count_bits(words_); }

std::int64_t BitMatrix::next(std::int64_t row, std::int64_t from) const {
  if (from >= columns_) return columns_;
  const auto words = this->row(row);
  auto w = static_cast<std::size_t>(from >> 6);
  std::uint64_t bits = words[w] & (~std::uint64_t{0} << (from & 63));
  while (bits == 0) {
    if (++w == words.size()) return columns_;
    bits = words[w];
  }
  return static_cast<std::int64_t>(w) * 64 + std::countr_zero(bits);
}

Mask::Mask(std::span<const Parameter> parameters, bool value) {
  tensors_.reserve(parameters.size());
  for (const Parameter& p : parameters) tensors_.emplace_back(p.rows(), p.row_length(), value);
}

std::int64_t Mask::kept() const {
  std::int64_t sum = 0;
  for (const BitMatrix& tensor : tensors_) sum += tensor.count();
  return sum;
}

std::int64_t Mask::size() const {
  std::int64_t sum = 0;
  for (const BitMatrix& tensor : tensors_) sum += tensor.rows() * tensor.columns();
  return sum;
}

double Mask::density() const {
  const std::int64_t all = size();
  return all == 0 ? 0.0 : static_cast<double>(kept()) / static_cast<double>(all);
}

}  // namespace phew

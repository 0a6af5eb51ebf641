// Forward rows: the inner loop of forward_read, over whole rows of a weight tensor (a row: all parameters of a target).
#pragma once

#include <array>
#include <cstdint>

namespace phew {

/// What the paths to a row's sources contribute, an array of one value per position of the row for each sum.
/// M and V are mean and variance of ln EWP over a source's paths, M less an offset common to the row.
struct RowFactors {
  const double* count = nullptr;   ///< paths
  const double* ewp = nullptr;     ///< Σ over paths of Π|w|
  const double* square = nullptr;  ///< Σ over paths of Π w²
  const double* trace = nullptr;   ///< Σ over paths of Σ_i Π_{j≠i} w_j²
  const double* mean = nullptr;    ///< count · M
  const double* spread = nullptr;  ///< count · (V + M²)
};

/// The same of a target, over its sources by way of weights that are not 0.
struct RowSums {
  double count = 0;        ///< Σ count
  double ewp = 0;          ///< Σ |w| · ewp
  double square = 0;       ///< Σ w² · square
  double trace = 0;        ///< Σ w² · trace: terms of earlier parameters …
  double left_out = 0;     ///< Σ square: … and of this one, which the product leaves out
  double log_sum = 0;      ///< Σ mean + count · L, with L = ln|w| − log_offset
  double log_squares = 0;  ///< Σ spread + 2 mean · L + count · L²
};

/// How far beyond a row's n values its factors may be read.
inline constexpr std::int64_t forward_row_padding = 8;

/// sums[r] of row r < rows, each of n weights; bits[r · words + p / 64] gets a bit for each weight that is not 0.
/// One pass over n + padding factors; a NaN or an infinity among the weights makes ewp not finite. The same bits on
/// every machine.
void forward_rows(const float* w, std::int64_t rows, std::int64_t n, const RowFactors& factors, double log_offset,
                  RowSums* sums, std::uint64_t* bits, std::int64_t words);

}  // namespace phew

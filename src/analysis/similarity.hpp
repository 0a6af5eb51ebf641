// Similarity: how much two masks of one network agree, beside how much they would by chance.
#pragma once

#include "graph/mask.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phew {

/// What two masks keep of one parameter tensor (or of several together).
struct Overlap {
  std::int64_t size = 0;    ///< parameters
  std::int64_t kept_a = 0;  ///< kept by the first mask
  std::int64_t kept_b = 0;  ///< kept by the second
  std::int64_t both = 0;    ///< kept by both
  std::int64_t either = 0;  ///< kept by at least one

  Overlap& operator+=(const Overlap& other);
};

/// A Jaccard index and what independent random masks of the same densities would give.
struct Jaccard {
  std::optional<double> value;           ///< both / either; none if neither mask keeps anything
  std::optional<double> chance;          ///< none where the value has none
  std::optional<double> chance_error{};  ///< standard error of a simulated chance; the closed form has none
  std::optional<double> unaligned{};     ///< the value before units were matched, where they were (aligned_pairs)

  /// (value − chance) / (1 − chance): 0 at chance, 1 for equal masks; none where the chance is 1 (both masks full).
  [[nodiscard]] std::optional<double> corrected() const;
};

/// Two masks, tensor by tensor and as a whole.
struct Similarity {
  std::vector<Jaccard> links;  ///< by parameter tensor; a tied tensor counts once
  Jaccard whole;               ///< its chance keeps each tensor's densities: Σ n·p·q / Σ n(p + q − p·q)
  /// Chance if each mask's parameters were spread evenly over the network: p·q / (p + q − p·q) of the whole densities.
  std::optional<double> chance_global;
};

/// Counts by words of both masks' bits: one read of each. Throws Error(internal) if the matrices differ in size.
[[nodiscard]] Overlap overlap(const BitMatrix& a, const BitMatrix& b);
/// p·q / (p + q − p·q), the chance level of one tensor with densities p and q; none if both are 0.
[[nodiscard]] std::optional<double> chance_jaccard(const Overlap& counts);
/// Jaccard indices from the overlaps of all tensors.
[[nodiscard]] Similarity similarity(std::span<const Overlap> tensors);
/// The same from two masks of one network. O(mask words).
[[nodiscard]] Similarity similarity(const Mask& a, const Mask& b);

}  // namespace phew

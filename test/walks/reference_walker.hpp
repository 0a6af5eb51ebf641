// A second, plain sampler of walks on a chain, which can be told to make a mistake: it proves that the tests of
// frequencies see such mistakes.
#pragma once

#include "oracle_chain.hpp"

#include <cstdint>
#include <iosfwd>
#include <random>

namespace phew::test {

enum class Fault {
  none,
  squared_weights,          ///< w² for |w|
  last_edge_never,          ///< the last of a unit's edges is never chosen
  columns_for_rows,         ///< the tensor read as [source][target]
  forward_rule_in_reverse,  ///< a reverse walk chooses by the chances of the forward walk
  uniform_in_kernel,        ///< any parameter of the kernel, whatever its magnitude
  start_always_unit_0,
};
std::ostream& operator<<(std::ostream& out, Fault fault);

class ReferenceWalker {
 public:
  ReferenceWalker(const Chain& chain, Direction direction, Fault fault, std::uint64_t seed)
      : chain_(chain), direction_(direction), fault_(fault), random_(seed) {}

  /// Walk i of its direction; starts go round-robin.
  Path operator()(std::uint64_t i);

 private:
  [[nodiscard]] double parameter_bias(const Chain::Link& link, std::int64_t target, std::int64_t source,
                                      std::int64_t position) const;
  [[nodiscard]] double edge_bias(const Chain::Link& link, std::int64_t target, std::int64_t source) const;
  [[nodiscard]] double forward_chance(const Chain::Link& link, std::int64_t target, std::int64_t source) const;
  Step step(const Chain::Link& link, std::int64_t unit);
  std::int64_t choose(const std::vector<double>& biases);

  const Chain& chain_;
  Direction direction_;
  Fault fault_;
  std::mt19937_64 random_;
};

}  // namespace phew::test

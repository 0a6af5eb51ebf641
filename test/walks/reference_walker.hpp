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
  // of biases
  squared_weights,          ///< w² for |w|
  root_weights,             ///< √|w| for |w|
  signed_weights,           ///< negative weights never chosen
  coarse_weights,           ///< |w| rounded to quarters
  columns_for_rows,         ///< the tensor read as [source][target]
  neighbours_weights,       ///< those of the next target unit
  edge_by_largest,          ///< an edge's bias is its kernel's largest |w|, not the sum
  edge_by_first,            ///< … or the first
  uniform_edges,            ///< any edge
  uniform_in_kernel,        ///< any parameter of the kernel
  forward_rule_in_reverse,  ///< a reverse walk chooses by the chances of the forward walk
  // of choices
  first_edge_never,
  last_edge_never,
  largest_edge_always,
  edges_shifted,        ///< the edge after the one drawn
  first_edges_swapped,  ///< edge 0 for edge 1 and the other way round
  parameters_shifted,   ///< the parameter after the one drawn
  last_parameter_never,
  largest_parameter_always,
  sometimes_uniform,  ///< one edge in five is drawn with equal chance
  // of random numbers and starts
  one_number_a_step,  ///< edge and parameter drawn by the same number
  one_number_a_walk,  ///< all edges drawn by the same number
  start_always_unit_0,
  start_never_at_last,
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
  [[nodiscard]] std::vector<double> edge_biases(const Chain::Link& link, std::int64_t unit) const;
  [[nodiscard]] std::vector<double> kernel_biases(const Chain::Link& link, const Step& taken) const;
  Step step(const Chain::Link& link, std::int64_t unit);
  std::int64_t choose_edge(std::vector<double> biases);
  std::int64_t choose_parameter(std::vector<double> biases);
  /// A new number in [0, 1), or the last one again where that is the fault.
  double number(bool again);

  const Chain& chain_;
  Direction direction_;
  Fault fault_;
  std::mt19937_64 random_;
  double last_number_ = 0;
  bool first_step_ = true;
};

}  // namespace phew::test

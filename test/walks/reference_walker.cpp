#include "reference_walker.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

namespace phew::test {
namespace {

/// The first whose running sum exceeds u times the total.
std::int64_t find(const std::vector<double>& biases, double u) {
  double total = 0, sum = 0;
  for (const double bias : biases) total += bias;
  std::size_t i = 0;
  for (; i + 1 < biases.size(); ++i)
    if ((sum += biases[i]) > u * total) break;
  return static_cast<std::int64_t>(i);
}

std::int64_t largest(const std::vector<double>& biases) { return std::ranges::max_element(biases) - biases.begin(); }

std::int64_t after(std::int64_t i, const std::vector<double>& biases) { return (i + 1) % std::ssize(biases); }

}  // namespace

std::ostream& operator<<(std::ostream& out, Fault fault) { return out << "fault " << static_cast<int>(fault); }

Path ReferenceWalker::operator()(std::uint64_t i) {
  const bool forward = direction_ == Direction::forward;
  auto starts = static_cast<std::uint64_t>(forward ? chain_.links.front().sources : chain_.links.back().targets);
  if (fault_ == Fault::start_never_at_last) --starts;
  std::int64_t unit = fault_ == Fault::start_always_unit_0 ? 0 : static_cast<std::int64_t>(i % starts);
  Path path(chain_.links.size());
  first_step_ = true;
  for (std::size_t n = 0; n < path.size(); ++n, first_step_ = false) {
    const std::size_t l = forward ? n : path.size() - 1 - n;
    path[l] = step(chain_.links[l], unit);
    unit = forward ? path[l].target : path[l].source;
  }
  return path;
}

std::vector<double> ReferenceWalker::edge_biases(const Chain::Link& link, std::int64_t unit) const {
  const bool forward = direction_ == Direction::forward;
  std::vector<double> edges;
  for (std::int64_t end = 0; end < (forward ? link.targets : link.sources); ++end) {
    if (forward)
      edges.push_back(edge_bias(link, end, unit));
    else if (fault_ == Fault::forward_rule_in_reverse)
      edges.push_back(forward_chance(link, unit, end));
    else
      edges.push_back(edge_bias(link, unit, end));
  }
  return edges;
}

std::vector<double> ReferenceWalker::kernel_biases(const Chain::Link& link, const Step& taken) const {
  std::vector<double> kernel;
  for (std::int64_t p = 0; p < link.kernel; ++p)
    kernel.push_back(fault_ == Fault::uniform_in_kernel ? 1 : parameter_bias(link, taken.target, taken.source, p));
  return kernel;
}

Step ReferenceWalker::step(const Chain::Link& link, std::int64_t unit) {
  const bool forward = direction_ == Direction::forward;
  const std::int64_t end = choose_edge(edge_biases(link, unit));
  Step taken{forward ? end : unit, forward ? unit : end, 0};
  taken.position = choose_parameter(kernel_biases(link, taken));
  return taken;
}

std::int64_t ReferenceWalker::choose_edge(std::vector<double> biases) {
  if (fault_ == Fault::first_edge_never) biases.front() = 0;
  if (fault_ == Fault::last_edge_never) biases.back() = 0;
  if (fault_ == Fault::uniform_edges || (fault_ == Fault::sometimes_uniform && number(false) < 0.2))
    std::ranges::fill(biases, 1.0);
  const std::int64_t drawn = find(biases, number(fault_ == Fault::one_number_a_walk && !first_step_));
  switch (fault_) {
    case Fault::largest_edge_always:
      return largest(biases);
    case Fault::edges_shifted:
      return after(drawn, biases);
    case Fault::first_edges_swapped:
      return drawn < 2 ? 1 - drawn : drawn;
    default:
      return drawn;
  }
}

std::int64_t ReferenceWalker::choose_parameter(std::vector<double> biases) {
  if (biases.size() == 1) return 0;
  if (fault_ == Fault::last_parameter_never) biases.back() = 0;
  const double edges_number = last_number_;
  const std::int64_t drawn = find(biases, number(fault_ == Fault::one_number_a_step));
  last_number_ = edges_number;
  switch (fault_) {
    case Fault::largest_parameter_always:
      return largest(biases);
    case Fault::parameters_shifted:
      return after(drawn, biases);
    default:
      return drawn;
  }
}

double ReferenceWalker::number(bool again) {
  if (!again) last_number_ = std::uniform_real_distribution<double>()(random_);
  return last_number_;
}

double ReferenceWalker::parameter_bias(const Chain::Link& link, std::int64_t target, std::int64_t source,
                                       std::int64_t position) const {
  if (fault_ == Fault::neighbours_weights) target = (target + 1) % link.targets;
  const std::int64_t edge =
      fault_ == Fault::columns_for_rows ? source * link.targets + target : target * link.sources + source;
  const double signed_w = link.weights[static_cast<std::size_t>(edge * link.kernel + position)], w = std::abs(signed_w);
  switch (fault_) {
    case Fault::squared_weights:
      return w * w;
    case Fault::root_weights:
      return std::sqrt(w);
    case Fault::signed_weights:
      return std::max(signed_w, 0.0);
    case Fault::coarse_weights:
      return std::ceil(4 * w) / 4;
    default:
      return w;
  }
}

double ReferenceWalker::edge_bias(const Chain::Link& link, std::int64_t target, std::int64_t source) const {
  double sum = 0, most = 0;
  for (std::int64_t p = 0; p < link.kernel; ++p) {
    sum += parameter_bias(link, target, source, p);
    most = std::max(most, parameter_bias(link, target, source, p));
  }
  if (fault_ == Fault::edge_by_largest) return most;
  return fault_ == Fault::edge_by_first ? parameter_bias(link, target, source, 0) : sum;
}

double ReferenceWalker::forward_chance(const Chain::Link& link, std::int64_t target, std::int64_t source) const {
  double sum = 0;
  for (std::int64_t t = 0; t < link.targets; ++t) sum += edge_bias(link, t, source);
  return edge_bias(link, target, source) / sum;
}

}  // namespace phew::test

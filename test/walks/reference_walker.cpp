#include "reference_walker.hpp"

#include <cmath>
#include <ostream>

namespace phew::test {

std::ostream& operator<<(std::ostream& out, Fault fault) {
  constexpr const char* names[] = {"no fault",
                                   "w² for |w|",
                                   "the last edge never chosen",
                                   "columns for rows",
                                   "the forward rule in reverse",
                                   "uniform in the kernel",
                                   "start always unit 0"};
  return out << names[static_cast<std::size_t>(fault)];
}

Path ReferenceWalker::operator()(std::uint64_t i) {
  const bool forward = direction_ == Direction::forward;
  const auto starts = static_cast<std::uint64_t>(forward ? chain_.links.front().sources : chain_.links.back().targets);
  std::int64_t unit = fault_ == Fault::start_always_unit_0 ? 0 : static_cast<std::int64_t>(i % starts);
  Path path(chain_.links.size());
  for (std::size_t n = 0; n < path.size(); ++n) {
    const std::size_t l = forward ? n : path.size() - 1 - n;
    path[l] = step(chain_.links[l], unit);
    unit = forward ? path[l].target : path[l].source;
  }
  return path;
}

Step ReferenceWalker::step(const Chain::Link& link, std::int64_t unit) {
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
  if (fault_ == Fault::last_edge_never) edges.pop_back();
  const std::int64_t end = choose(edges);
  Step taken{forward ? end : unit, forward ? unit : end, 0};
  std::vector<double> kernel;
  for (std::int64_t p = 0; p < link.kernel; ++p)
    kernel.push_back(fault_ == Fault::uniform_in_kernel ? 1 : parameter_bias(link, taken.target, taken.source, p));
  taken.position = choose(kernel);
  return taken;
}

double ReferenceWalker::parameter_bias(const Chain::Link& link, std::int64_t target, std::int64_t source,
                                       std::int64_t position) const {
  const std::int64_t edge =
      fault_ == Fault::columns_for_rows ? source * link.targets + target : target * link.sources + source;
  const double w = std::abs(link.weights[static_cast<std::size_t>(edge * link.kernel + position)]);
  return fault_ == Fault::squared_weights ? w * w : w;
}

double ReferenceWalker::edge_bias(const Chain::Link& link, std::int64_t target, std::int64_t source) const {
  double sum = 0;
  for (std::int64_t p = 0; p < link.kernel; ++p) sum += parameter_bias(link, target, source, p);
  return sum;
}

double ReferenceWalker::forward_chance(const Chain::Link& link, std::int64_t target, std::int64_t source) const {
  double sum = 0;
  for (std::int64_t t = 0; t < link.targets; ++t) sum += edge_bias(link, t, source);
  return edge_bias(link, target, source) / sum;
}

std::int64_t ReferenceWalker::choose(const std::vector<double>& biases) {
  return std::discrete_distribution<std::int64_t>(biases.begin(), biases.end())(random_);
}

}  // namespace phew::test

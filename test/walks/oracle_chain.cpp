#include "oracle_chain.hpp"

#include "chi_square.hpp"
#include "graph/zoo.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <stdexcept>

namespace phew::test {
namespace {

using Json = nlohmann::json;

Json read_oracle(const std::string& name) {
  const std::string path = std::string(PHEW_SOURCE_DIR) + "/data/oracle/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return Json::parse(file);
}

/// All numbers of nested arrays, last index fastest.
std::vector<double> flat(const Json& array) {
  if (array.is_number()) return {array.get<double>()};
  std::vector<double> values;
  for (const Json& inner : array) {
    const std::vector<double> part = flat(inner);
    values.insert(values.end(), part.begin(), part.end());
  }
  return values;
}

Chain make_chain(const Network& network, const Json& weights) {
  std::vector<Tensor> tensors;
  std::vector<std::vector<double>> values;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    values.push_back(flat(weights[l]));
    const Parameter& p = network.parameters()[l];
    tensors.push_back(make_tensor(p.name, p.shape, std::vector<float>(values[l].begin(), values[l].end())));
  }
  Chain chain{{}, LayeredGraph(network, Weights(network.parameters(), std::move(tensors)))};
  for (std::size_t l = 0; l < values.size(); ++l) {
    const Link& link = chain.graph.links()[l];
    chain.links.push_back({link.group_targets, link.group_sources, link.kernel, std::move(values[l])});
  }
  return chain;
}

bool is_forward(Direction direction) { return direction == Direction::forward; }
std::string key(Direction direction, const std::string& rest) {
  return (is_forward(direction) ? "forward_" : "reverse_") + rest;
}

std::int64_t start_of(Direction direction, const Path& path) {
  return is_forward(direction) ? path.front().source : path.back().target;
}

/// Cells of a link's tensor.
std::function<std::int64_t(const Path&)> parameter_cell(const Chain& chain, std::size_t link) {
  return [sources = chain.links[link].sources, kernel = chain.links[link].kernel, link](const Path& path) {
    const Step& step = path[link];
    return (step.target * sources + step.source) * kernel + step.position;
  };
}

CellTest given_start(CellTest test, Direction direction, std::int64_t start) {
  test.name += " from start " + std::to_string(start);
  test.cell = [cell = std::move(test.cell), direction, start](const Path& path) {
    return start_of(direction, path) == start ? cell(path) : -1;
  };
  return test;
}

CellTest starts_test(const Chain& chain, Direction direction) {
  const std::int64_t n = is_forward(direction) ? chain.links.front().sources : chain.links.back().targets;
  return {"starts", std::vector<double>(static_cast<std::size_t>(n), 1 / static_cast<double>(n)),
          [direction](const Path& path) { return start_of(direction, path); }};
}

/// Where a walk goes from each unit that it can be at before link `l`.
void add_transitions(std::vector<CellTest>& tests, const Chain::Link& link, std::size_t l, const Json& transition,
                     Direction direction) {
  const bool forward = is_forward(direction);
  for (std::int64_t from = 0; from < (forward ? link.sources : link.targets); ++from) {
    CellTest test{"transition of link " + std::to_string(l) + " from unit " + std::to_string(from), {}, {}};
    for (std::int64_t to = 0; to < (forward ? link.targets : link.sources); ++to)
      test.probability.push_back(forward ? transition[static_cast<std::size_t>(to)][static_cast<std::size_t>(from)]
                                         : transition[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)]);
    test.cell = [l, from, forward](const Path& path) {
      const Step& step = path[l];
      return (forward ? step.source : step.target) == from ? (forward ? step.target : step.source) : -1;
    };
    tests.push_back(std::move(test));
  }
}

/// A dense path's number: its units, the last fastest.
std::int64_t path_number(const Chain& chain, const Path& path) {
  std::int64_t number = path.front().source;
  for (std::size_t l = 0; l < path.size(); ++l) number = number * chain.links[l].targets + path[l].target;
  return number;
}

/// The oracle's 972 ways through both convolutions: in, mid, position in kernel 1, out, position in kernel 2.
std::int64_t conv_path_number(const Path& path) {
  std::int64_t number = path[0].source;
  number = number * 3 + path[0].target;
  number = number * 9 + path[0].position;
  number = number * 2 + path[1].target;
  return number * 9 + path[1].position;
}

/// DESIGN §4 on a linear layer that reads maps: the output in proportion to Σ|w| of its kernel for the channel, then
/// the position in proportion to |w|. `channels` has the chances of being at each channel.
std::vector<double> visits_behind_flatten(const Chain::Link& link, const std::vector<double>& channels) {
  std::vector<double> visits(link.weights.size());
  for (std::int64_t c = 0; c < link.sources; ++c) {
    double sum = 0;
    const auto each = [&](auto&& f) {
      for (std::int64_t t = 0; t < link.targets; ++t)
        for (std::int64_t p = 0; p < link.kernel; ++p)
          f(static_cast<std::size_t>((t * link.sources + c) * link.kernel + p));
    };
    each([&](std::size_t i) { sum += std::abs(link.weights[i]); });
    each([&](std::size_t i) { visits[i] = channels[static_cast<std::size_t>(c)] * std::abs(link.weights[i]) / sum; });
  }
  return visits;
}

op::Conv2d conv3x3(std::int64_t in, std::int64_t out) {
  op::Conv2d conv{.in = in, .out = out};
  conv.kernel = {3, 3};
  conv.padding = {1, 1};
  return conv;
}

}  // namespace

Chain mlp_chain() { return make_chain(make_network("mlp:4-3-3-2"), read_oracle("mlp_4-3-3-2.json")["weights"]); }

std::vector<CellTest> mlp_tests(Direction direction) {
  const Json oracle = read_oracle("mlp_4-3-3-2.json");
  const Chain chain = mlp_chain();
  std::vector<CellTest> tests{starts_test(chain, direction)};
  const Json& by_start = oracle[key(direction, "edge_visit_given_start")];
  for (std::size_t l = 0; l < chain.links.size(); ++l) {
    const CellTest visits{"visits of link " + std::to_string(l), flat(oracle[key(direction, "edge_visit")][l]),
                          parameter_cell(chain, l)};
    tests.push_back(visits);
    for (std::size_t start = 0; start < by_start.size(); ++start) {
      tests.push_back(given_start(visits, direction, static_cast<std::int64_t>(start)));
      tests.back().probability = flat(by_start[start][l]);
    }
    add_transitions(tests, chain.links[l], l, oracle[key(direction, "transition")][l], direction);
  }
  for (std::size_t start = 0; start < by_start.size(); ++start) {
    CellTest paths{"paths", std::vector<double>(72), [chain](const Path& path) { return path_number(chain, path); }};
    for (const Json& path : oracle["paths"]) {
      const auto units = path["units"].get<std::vector<std::size_t>>();
      if ((is_forward(direction) ? units.front() : units.back()) != start) continue;
      const std::size_t number = ((units[0] * 3 + units[1]) * 3 + units[2]) * 2 + units[3];
      paths.probability[number] = path[is_forward(direction) ? "p_forward_given_start" : "p_reverse_given_start"];
    }
    tests.push_back(given_start(std::move(paths), direction, static_cast<std::int64_t>(start)));
  }
  return tests;
}

//   input(2) ─3×3─► (3) ─3×3─► (2), 2×2 maps ─ flatten ─► linear(2)
Chain conv_chain() {
  Network net("conv");
  const auto input = net.add("input", op::Input{{2, 2, 2}});
  const auto c1 = net.add("c1", conv3x3(2, 3), {input});
  const auto c2 = net.add("c2", conv3x3(3, 2), {c1});
  const auto flatten = net.add("flatten", op::Flatten{}, {c2});
  net.add("output", op::Output{}, {net.add("fc", op::Linear{.in = 8, .out = 2}, {flatten})});
  return make_chain(net, read_oracle("conv_2-3-2-8-2.json")["weights"]);
}

std::vector<CellTest> conv_tests(Direction direction) {
  const Json oracle = read_oracle("conv_2-3-2-8-2.json");
  const Json marginal = read_oracle("conv_2-3-2-8-2_paths.json");
  const Chain chain = conv_chain();
  const std::vector<double> ways = marginal[is_forward(direction) ? "p_forward" : "p_reverse"];
  std::vector<CellTest> tests{starts_test(chain, direction)};
  for (std::size_t l = 0; l < chain.links.size(); ++l)
    tests.push_back({"visits of link " + std::to_string(l), flat(oracle[key(direction, "edge_visit")][l]),
                     parameter_cell(chain, l)});
  tests.push_back({"ways through the convolutions", ways, conv_path_number});
  if (!is_forward(direction)) return tests;

  std::vector<double> channels(2);
  for (std::size_t i = 0; i < ways.size(); ++i) channels[i / 9 % 2] += ways[i];
  tests[3].probability = visits_behind_flatten(chain.links[2], channels);
  const CellTest all = tests.back();
  for (std::size_t start = 0; start < 2; ++start) {
    tests.push_back(given_start(all, direction, static_cast<std::int64_t>(start)));
    for (std::size_t i = 0; i < ways.size(); ++i)
      tests.back().probability[i] = i / (ways.size() / 2) == start ? 2 * ways[i] : 0;
  }
  return tests;
}

Verdict least_likely(const std::vector<CellTest>& tests, const std::function<Path(std::uint64_t)>& draw,
                     std::uint64_t count) {
  std::vector<std::vector<std::int64_t>> counts;
  for (const CellTest& test : tests) counts.emplace_back(test.probability.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    const Path path = draw(i);
    for (std::size_t t = 0; t < tests.size(); ++t)
      if (const std::int64_t cell = tests[t].cell(path); cell >= 0) ++counts[t].at(static_cast<std::size_t>(cell));
  }
  Verdict worst;
  for (std::size_t t = 0; t < tests.size(); ++t)
    if (const double p = chi_square_p(counts[t], tests[t].probability); p < worst.p) worst = {tests[t].name, p};
  return worst;
}

}  // namespace phew::test

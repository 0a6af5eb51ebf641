// phew-graph describe NET: layers, links, units, parameters, FLOPs.
#include "common/network_options.hpp"
#include "phew-graph/commands.hpp"

#include <memory>

namespace phew::tools {
namespace {

/// FLOPs of one example at full density: 2 per multiply–accumulate of the weighted ops.
std::int64_t flops(const Network& network) {
  std::int64_t sum = 0;
  for (Network::Vertex v = 0; v < network.node_count(); ++v) sum += 2 * multiply_accumulates(network, v);
  return sum;
}

Json to_json(const Network& network, const LayeredGraph& graph) {
  Json layers = Json::array();
  for (const Layer& layer : graph.layers()) layers.push_back({{"name", layer.name}, {"units", layer.units}});
  Json links = Json::array();
  for (const Link& link : graph.links()) {
    const bool fixed = link.fixed();
    links.push_back({{"name", link.name},
                     {"parameter", fixed ? Json() : Json(graph.parameters()[link.parameter].name)},
                     {"from", graph.layers()[link.from].name},
                     {"to", graph.layers()[link.to].name},
                     {"edges", graph.edge_count(link)},
                     {"kernel", link.kernel},
                     {"kernel_size", Json::array({link.kernel_size.height, link.kernel_size.width})},
                     {"groups", link.groups},
                     {"prunable", fixed ? 0 : graph.parameters()[link.parameter].size()},
                     {"fixed", fixed}});
  }
  return {{"schema", {{"name", "phew-graph/describe"}, {"version", 1}}},
          {"network", network.name()},
          {"prunable", network.prunable()},
          {"units", graph.unit_count()},
          {"layers", std::move(layers)},
          {"links", std::move(links)},
          {"flops", flops(network)}};
}

void print_text(const Network& network, const LayeredGraph& graph) {
  fmt::print("{}: {} prunable parameters, {} units in {} layers, {} links, {} FLOPs\n\n", network.name(),
             network.prunable(), graph.unit_count(), graph.layers().size(), graph.links().size(), flops(network));
  fmt::print("{:<24} {:<20} {:<20} {:>9} {:>6} {:>11}\n", "link", "from", "to", "edges", "kernel", "prunable");
  for (const Link& link : graph.links()) {
    const Layer& from = graph.layers()[link.from];
    const Layer& to = graph.layers()[link.to];
    const std::string kernel =
        link.fixed() ? "fixed" : fmt::format("{}x{}", link.kernel_size.height, link.kernel_size.width);
    fmt::print("{:<24} {:<20} {:<20} {:>9} {:>6} {:>11}\n", link.fixed() ? "-" : link.name,
               fmt::format("{} ({})", from.name, from.units), fmt::format("{} ({})", to.name, to.units),
               graph.edge_count(link), kernel, link.fixed() ? 0 : graph.parameters()[link.parameter].size());
  }
}

}  // namespace

void add_describe(CLI::App& app) {
  CLI::App* command = app.add_subcommand("describe", "Layers, links, units, parameters and FLOPs of a network");
  const auto globals = std::make_shared<Globals>();
  const auto options = std::make_shared<NetworkOptions>();
  add_net_argument(*command, *options);
  add_globals(*command, *globals);
  command->callback([=] {
    const Network network = load_network(*options);
    const LayeredGraph graph(network);
    if (globals->json)
      print_json(to_json(network, graph));
    else
      print_text(network, graph);
  });
}

}  // namespace phew::tools

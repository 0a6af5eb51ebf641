// phew-graph describe NET: layers, links, units, parameters, FLOPs.
#include "common/network_options.hpp"
#include "phew-graph/commands.hpp"

#include <algorithm>
#include <memory>

namespace phew::tools {
namespace {

/// FLOPs of one example at full density: 2 per multiply–accumulate of the weighted ops.
std::int64_t flops(const Network& network) {
  std::int64_t sum = 0;
  for (Network::Vertex v = 0; v < network.node_count(); ++v) sum += 2 * multiply_accumulates(network, v);
  return sum;
}

/// Where a node of an ONNX file went: the layer whose units its output is, and its link if it has weights.
struct Place {
  std::string layer, link;
};

/// `v` adds a layer, or keeps the units of what it reads.
Place place_of(const Network& network, const LayeredGraph& graph, Network::Vertex v) {
  Place place;
  for (bool first = true;; first = false) {
    const auto layer = std::ranges::find(graph.layers(), network.node(v).name, &Layer::name);
    const auto link = std::ranges::find_if(graph.links(), [&](const Link& l) { return !l.fixed() && l.node == v; });
    if (first && link != graph.links().end()) place.link = link->name;
    if (layer != graph.layers().end())
      place.layer = layer->name;
    else if (link != graph.links().end())
      place.layer = graph.layers()[link->to].name;
    if (!place.layer.empty() || network.inputs(v).empty()) return place;
    v = network.inputs(v).front();
  }
}

Json nodes_to_json(const LoadedNetwork& loaded, const LayeredGraph& graph) {
  Json nodes = Json::array();
  for (const OnnxNode& node : loaded.nodes) {
    Json entry{{"node", node.name}, {"op", node.op},    {"is", nullptr},
               {"name", nullptr},   {"layer", nullptr}, {"link", nullptr}};
    if (node.vertex) {
      const Place place = place_of(loaded.network, graph, *node.vertex);
      entry["is"] = op_name(loaded.network.node(*node.vertex).op);
      entry["name"] = loaded.network.node(*node.vertex).name;
      entry["layer"] = place.layer;
      if (!place.link.empty()) entry["link"] = place.link;
    } else {
      entry["is"] = node.note;
    }
    nodes.push_back(std::move(entry));
  }
  return nodes;
}

void print_nodes(const LoadedNetwork& loaded, const LayeredGraph& graph) {
  if (loaded.nodes.empty()) return;
  fmt::print("\n{:<40} {:<20} {:<14} {:<24} {}\n", "node of the file", "op", "is", "layer", "link");
  for (const OnnxNode& node : loaded.nodes) {
    if (!node.vertex) continue;
    const Place place = place_of(loaded.network, graph, *node.vertex);
    fmt::print("{:<40} {:<20} {:<14} {:<24} {}\n", node.name, node.op, op_name(loaded.network.node(*node.vertex).op),
               place.layer, place.link.empty() ? "-" : place.link);
  }
}

Json to_json(const LoadedNetwork& loaded, const LayeredGraph& graph) {
  const Network& network = loaded.network;
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
  Json document{{"schema", {{"name", "phew-graph/describe"}, {"version", 1}}},
                {"network", network.name()},
                {"prunable", network.prunable()},
                {"units", graph.unit_count()},
                {"layers", std::move(layers)},
                {"links", std::move(links)},
                {"flops", flops(network)}};
  if (!loaded.nodes.empty()) document["nodes"] = nodes_to_json(loaded, graph);
  return document;
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
    const LoadedNetwork loaded = load_network(*options, *globals);
    const LayeredGraph graph(loaded.network);
    if (globals->json) return print_json(to_json(loaded, graph));
    print_text(loaded.network, graph);
    print_nodes(loaded, graph);
  });
}

}  // namespace phew::tools

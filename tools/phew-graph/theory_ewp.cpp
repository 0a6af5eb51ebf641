// phew-graph theory ewp: Eq. 4, its form for finite layers, and walks on random initial weights.
#include "analysis/theory.hpp"
#include "common/network_options.hpp"
#include "common/progress.hpp"
#include "common/table.hpp"
#include "graph/zoo.hpp"
#include "phew-graph/definitions_text.hpp"
#include "phew-graph/measured_ewp.hpp"
#include "phew-graph/number_list.hpp"
#include "phew-graph/theory.hpp"

#include <array>
#include <memory>

namespace phew::tools {
namespace {

constexpr std::array biases{Bias::uniform, Bias::weight};

struct EwpCommand : Globals {
  std::string net;  ///< empty: MLPs of these widths and depths
  std::string widths = "20,100";
  std::string depths = "2:8";
  std::string init = "kaiming-normal";
  EwpMeasurement measurement;
};

/// One network's figures.
struct Row {
  Network network;
  ExpectedEwp expected;
  std::vector<MeasuredEwp> measured;  ///< by bias
};

/// One walk's three figures.
struct Figures {
  const char* walk;
  double eq4 = 0, finite = 0;
  MeasuredEwp measured;

  /// Standard errors between measurement and finite form.
  [[nodiscard]] double z() const { return (measured.mean - finite) / measured.error; }
};

std::array<Figures, 2> figures(const Row& row) {
  const ExpectedEwp& e = row.expected;
  return {Figures{"uniform", e.uniform, e.uniform, row.measured[0]},
          Figures{"biased", e.biased_wide, e.biased, row.measured[1]}};
}

std::vector<Network> networks(const EwpCommand& command) {
  std::vector<Network> list;
  if (!command.net.empty()) {
    list.push_back(make_network(command.net));
    return list;
  }
  for (const std::int64_t width : whole_number_list("--width", command.widths, 1, 10'000))
    for (const std::int64_t depth : whole_number_list("--depths", command.depths, 1, 100))
      list.push_back(make_network(fmt::format("mlp:{}x{}", width, depth + 1)));
  return list;
}

/// What the walks of a measurement, every other one reverse, have on average.
ExpectedEwp expected_of(const Network& network, const Initializer& initializer, std::int64_t walks) {
  const LayeredGraph graph(network);
  const ExpectedEwp forward = expected_ewp(walk_steps(graph, initializer, Direction::forward));
  const ExpectedEwp reverse = expected_ewp(walk_steps(graph, initializer, Direction::reverse));
  const double share = static_cast<double>(walks / 2) / static_cast<double>(walks);  // of reverse walks
  return {forward.uniform, forward.biased_wide, forward.biased + share * (reverse.biased - forward.biased)};
}

std::vector<Row> measure(const EwpCommand& command) {
  const Initializer initializer = parse_initializer(command.init);
  std::vector<Row> rows;
  for (Network& network : networks(command)) {
    const ExpectedEwp expected = expected_of(network, initializer, command.measurement.walks);
    rows.push_back({std::move(network), expected, {}});
  }
  ProgressBar bar(command.quiet);
  const std::int64_t total = command.measurement.inits * static_cast<std::int64_t>(rows.size());
  std::int64_t done = 0;
  EwpMeasurement options = command.measurement;
  options.threads = command.thread_count();
  options.progress = [&] { bar.update(++done, total, "initialisations"); };
  for (Row& row : rows) row.measured = measure_ewp(row.network, initializer, biases, options);
  return rows;
}

Json to_json(const Figures& f) {
  return {{"eq4", f.eq4},
          {"finite", f.finite},
          {"measured", f.measured.mean},
          {"standard_error", f.measured.error},
          {"z", f.measured.error > 0 ? Json(f.z()) : Json()}};
}

Json to_json(const EwpCommand& command, const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) {
    Json json{{"network", row.network.name()}, {"depth", row.network.parameters().size()}};
    for (const Figures& f : figures(row)) json[f.walk] = to_json(f);
    list.push_back(std::move(json));
  }
  return {{"schema", {{"name", "phew-graph/theory-ewp"}, {"version", 1}}},
          {"init", command.init},
          {"inits", command.measurement.inits},
          {"walks", command.measurement.walks},
          {"seed", command.measurement.seed},
          {"rows", std::move(list)}};
}

void print_text(const EwpCommand& command, const std::vector<Row>& rows) {
  const EwpMeasurement& m = command.measurement;
  fmt::print("Mean edge-weight product of a walk: {}, {} initialisations, {} walks of each, seed {}\n\n", command.init,
             m.inits, m.walks, m.seed);
  Table table({"network", "depth", "walk", "Eq. 4", "finite width", "measured", "std. error", "z"});
  for (const Row& row : rows)
    for (const Figures& f : figures(row))
      table.add({row.network.name(), fmt::format("{}", row.network.parameters().size()), f.walk,
                 fmt::format("{:.5g}", f.eq4), fmt::format("{:.5g}", f.finite), fmt::format("{:.5g}", f.measured.mean),
                 fmt::format("{:.2g}", f.measured.error), fmt::format("{:.2f}", f.z())});
  fmt::print(
      "{}\nEq. 4 is exact for uniform walks and the limit of wide layers for biased ones. The form for finite\n"
      "width, by numerical integration, is exact for both; z: standard errors from it to the measurement.\n",
      table.text());
}

constexpr Definition definitions[] = {
    {"rows.network", "An MLP of constant width, or NET.", "own"},
    {"rows.depth", "L, its number of weighted layers.", "paper Sec. 5.1"},
    {"rows.uniform.eq4",
     "(2/pi)^(L/2) times the product of the layers' standard deviations: mean edge-weight product of a uniform walk "
     "over "
     "random initial weights, at any width.",
     "paper Eq. 4, A.3"},
    {"rows.biased.eq4", "(pi/2)^(L/2) times that product: of a biased walk, in the limit of wide layers.",
     "paper Eq. 4, A.3"},
    {"rows.biased.finite",
     "Product over layers of the standard deviation and E[sum w^2 / sum |w|], the sums over the n standard normal "
     "weights that a step chooses from; by numerical integration (double exponential) of 1/S = integral of exp(-t S), "
     "relative error below 1e-10. For uniform walks, Eq. 4. Mean of forward and reverse walks where they differ.",
     "paper Eq. 3; own"},
    {"rows.*.measured",
     "Mean edge-weight product of phew-graph's own walks: mean over initialisations of the mean over an "
     "initialisation's walks, every other one reverse.",
     "own"},
    {"rows.*.standard_error", "Standard deviation over initialisations / square root of their number.", "own"},
    {"rows.*.z", "(measured - finite) / standard_error; null where that is 0.", "own"},
};

}  // namespace

void add_theory_ewp(CLI::App& theory) {
  CLI::App* command = theory.add_subcommand("ewp", "Mean edge-weight product of uniform and biased walks (Eq. 4)");
  const auto options = std::make_shared<EwpCommand>();
  EwpMeasurement& m = options->measurement;
  CLI::Option* net = command->add_option("NET", options->net,
                                         "A built-in chain, an MLP or a VGG, instead of MLPs of --width, --depths");
  command->add_option("--width", options->widths, "Units of each layer: 100, 20,100 or 20:100:40")
      ->capture_default_str();
  command->add_option("--depths", options->depths, "Weighted layers: 4, 2,4,8 or 2:8")->capture_default_str();
  net->excludes("--width")->excludes("--depths");
  command->add_option("--init", options->init, "Initial weights: kaiming-normal[:fan-in], xavier-normal, normal:STD")
      ->capture_default_str();
  command->add_option("--inits", m.inits, "Initialisations of each network")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{10'000'000}))
      ->capture_default_str();
  command->add_option("--walks", m.walks, "Walks of each kind on each initialisation")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--seed", m.seed, "Seed of weights and walks")->check(seed_check())->capture_default_str();
  add_globals(*command, *options);
  command->footer(definitions_text(definitions, "data/schema/theory-ewp.json"));
  command->callback([=] {
    const std::vector<Row> rows = measure(*options);
    if (options->json)
      print_json(to_json(*options, rows));
    else
      print_text(*options, rows);
  });
}

}  // namespace phew::tools

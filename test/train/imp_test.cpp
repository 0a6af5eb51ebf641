#include "train/imp.hpp"

#include "graph/initializer.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/zoo.hpp"
#include "train/run_files.hpp"
#include "train/state_file.hpp"
#include "train/support.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using phew::ImpConfig;
using phew::ImpFiles;
using phew::Mask;
using phew::Network;
using phew::RunStatus;
using phew::Scope;
using phew::test::thrown_by;
using Targets = std::vector<std::int64_t>;

const phew::Machine machine{"cpu", 1, "test"};

phew::Weights weights(const Network& network, const std::vector<std::vector<float>>& values) {
  std::vector<phew::Tensor> tensors;
  for (std::size_t p = 0; p < values.size(); ++p)
    tensors.push_back(phew::make_tensor(network.parameters()[p].name, network.parameters()[p].shape, values[p]));
  return {network.parameters(), std::move(tensors)};
}

bool inside(const Mask& inner, const Mask& outer) {
  for (std::size_t p = 0; p < inner.tensor_count(); ++p)
    for (std::size_t w = 0; w < inner[p].words().size(); ++w)
      if ((inner[p].words()[w] & ~outer[p].words()[w]) != 0) return false;
  return true;
}

/// A small network, easy data, six steps an epoch.
struct Scene {
  phew::test::TemporaryFolder folder;
  Network network = phew::make_network("mlp:36-24-3");
  phew::Dataset data = phew::test::banded_data(96, 48, 6, 3);
  phew::Ticket ticket{network, phew::initial_state(network, {}, 2), {}};
  ImpFiles files{folder / "imp"};
  phew::RunConfig config;
  ImpConfig imp{.density = 0.3};

  Scene() {
    config.network = "mlp:36-24-3";
    config.epochs = 2;
    config.batch_size = 16;
    config.lr = 0.1;
  }
  RunStatus run(const phew::ImpObserver& observer = {}, bool restart = false) {
    return phew::run_imp(ticket, data, imp, config, machine, {.folder = files.folder, .restart = restart}, observer);
  }
  [[nodiscard]] std::string hash_of_file(const std::filesystem::path& path) const {
    return phew::hash_of_state(phew::read_tensor_file(path).tensors);
  }
  [[nodiscard]] std::string final_hash(std::int64_t round) const {
    return hash_of_file(phew::RunFiles{files.round(round)}.weights());
  }
  [[nodiscard]] Mask mask_of(std::int64_t round) const {
    if (round == 0) return Mask(network.parameters(), true);
    return phew::read_mask_file(phew::RunFiles{files.round(round)}.mask(), network.parameters());
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(imp)

BOOST_AUTO_TEST_CASE(targets_fall_by_a_fifth_and_end_exactly) {
  const auto targets = [](std::int64_t prunable, const ImpConfig& config) {
    check(config);
    return phew::imp_targets(prunable, config);
  };
  BOOST_TEST(targets(1000, {.density = 0.5}) == (Targets{1000, 800, 640, 512, 500}), boost::test_tools::per_element());
  BOOST_TEST(targets(1000, {.rounds = 2}) == (Targets{1000, 800, 640}), boost::test_tools::per_element());
  BOOST_TEST(targets(1000, {.fraction = 0.5, .density = 0.125}) == (Targets{1000, 500, 250, 125}),
             boost::test_tools::per_element());
  BOOST_TEST(targets(1000, {.rounds = 1, .density = 0.1}) == (Targets{1000, 100}), boost::test_tools::per_element());
  BOOST_TEST(targets(1600, {.rounds = 4, .density = 0.0625}) == (Targets{1600, 800, 400, 200, 100}),
             boost::test_tools::per_element());
  BOOST_TEST(targets(3, {.density = 0.3}) == (Targets{3, 2, 1}), boost::test_tools::per_element());
  BOOST_TEST(targets(10, {.density = 1}) == (Targets{10}), boost::test_tools::per_element());
  for (const ImpConfig& bad : {ImpConfig{}, ImpConfig{.fraction = 1, .rounds = 1}, ImpConfig{.rounds = -1},
                               ImpConfig{.density = 1.5}, ImpConfig{.rounds = 1, .rewind_step = -1}})
    BOOST_TEST(thrown_by([&] { check(bad); }).code == 64);
}

BOOST_AUTO_TEST_CASE(the_smallest_kept_weights_go) {
  const Network network = phew::make_network("mlp:3-2-1");
  const auto trained = weights(network, {{0.1F, -5, 0, 0, -0.2F, 3}, {0, -0.3F}});
  Mask kept(network.parameters(), true);
  kept[0].reset(1, 0);  // a pruned 0, before the kept 0 of the second tensor
  const Mask global = phew::prune_smallest(network.parameters(), trained, &kept, 6, Scope::global);
  BOOST_TEST(global.kept() == 6);
  BOOST_TEST(inside(global, kept));
  BOOST_TEST(!global[1].test(0, 0));
  BOOST_TEST(global[0].test(0, 2));
  // By layer: of 5 and 2 kept weights 4 stay, in proportion 2.86 and 1.14.
  const Mask by_layer = phew::prune_smallest(network.parameters(), trained, &kept, 4, Scope::per_layer);
  BOOST_TEST(by_layer[0].count() == 3);
  BOOST_TEST(by_layer[0].test(0, 1));
  BOOST_TEST(by_layer[0].test(1, 1));
  BOOST_TEST(by_layer[0].test(1, 2));
  BOOST_TEST(by_layer[1].count() == 1);
  BOOST_TEST(by_layer[1].test(0, 1));
  const auto bad = weights(network, {{0, 0, 0, NAN, 0, 0}, {0, 0}});
  BOOST_TEST(thrown_by([&] { (void)phew::prune_smallest(network.parameters(), bad, &kept, 4, Scope::global); }).code ==
             65);
}

BOOST_DATA_TEST_CASE(rounds_prune_what_training_left_smallest, boost::unit_test::data::make({0, 7}), rewind_step) {
  Scene scene;
  scene.imp.rewind_step = rewind_step;
  const Targets targets = phew::imp_targets(scene.network.prunable(), scene.imp);
  std::vector<double> densities;
  std::string rewound;
  phew::ImpObserver observer;
  observer.round = [&](const phew::ImpRound& round) {
    densities.push_back(round.config.density);
    BOOST_TEST(round.number == std::ssize(densities) - 1);
    BOOST_TEST(round.config.first_step == (round.number == 0 ? 0 : rewind_step));
    if (round.number == 1) rewound = round.config.initial_hash;
    if (round.number > 0) BOOST_TEST(round.config.initial_hash == rewound);
  };
  BOOST_TEST((scene.run(observer) == RunStatus::finished));
  BOOST_TEST(densities.size() == targets.size());
  BOOST_TEST(rewound == scene.hash_of_file(scene.files.rewound()));
  if (rewind_step == 0) BOOST_TEST(rewound == phew::hash_of_state(scene.ticket.initial));

  for (std::int64_t r = 0; r < std::ssize(targets); ++r) {
    const Mask mask = scene.mask_of(r);
    BOOST_TEST(mask.kept() == targets[static_cast<std::size_t>(r)]);
    const auto trained = phew::read_tensor_file(phew::RunFiles{scene.files.round(r)}.weights());
    const phew::Weights w = phew::prunable_of(scene.network, trained.tensors);
    float largest_pruned = 0, smallest_kept = INFINITY;
    if (r + 1 == std::ssize(targets)) break;
    const Mask next = scene.mask_of(r + 1);
    BOOST_TEST(inside(next, mask));
    for (std::size_t p = 0; p < mask.tensor_count(); ++p)
      for (std::int64_t i = 0; i < std::ssize(w[p]); ++i) {
        const float size = std::abs(w[p][static_cast<std::size_t>(i)]);
        const std::int64_t row = i / mask[p].columns(), column = i % mask[p].columns();
        if (!mask[p].test(row, column)) BOOST_TEST(size == 0);
        float& side = next[p].test(row, column) ? smallest_kept : largest_pruned;
        side = next[p].test(row, column) ? std::min(side, size) : std::max(side, size);
      }
    BOOST_TEST(largest_pruned <= smallest_kept);
  }
}

/// The weights of step k are those that a run of k steps ends with, bit for bit.
BOOST_AUTO_TEST_CASE(rewinding_goes_back_to_the_weights_of_the_step) {
  Scene scene;
  scene.imp.rewind_step = 6;
  scene.imp.density = 0.8;
  BOOST_TEST((scene.run() == RunStatus::finished));
  phew::RunConfig one_epoch = scene.config;
  one_epoch.epochs = 1;
  phew::describe(one_epoch, scene.ticket, scene.data);
  const phew::RunFiles files{scene.folder / "one"};
  (void)phew::train_ticket(scene.ticket, scene.data, one_epoch, machine, {.folder = files.folder}, {});
  BOOST_TEST(scene.hash_of_file(scene.files.rewound()) == scene.hash_of_file(files.weights()));
  // That it was interrupted there did the first training no harm.
  phew::RunConfig whole = scene.config;
  phew::describe(whole, scene.ticket, scene.data);
  const phew::RunFiles dense{scene.folder / "dense"};
  (void)phew::train_ticket(scene.ticket, scene.data, whole, machine, {.folder = dense.folder}, {});
  BOOST_TEST(scene.final_hash(0) == scene.hash_of_file(dense.weights()));
}

BOOST_DATA_TEST_CASE(an_interrupted_imp_goes_on_with_the_same_bits, boost::unit_test::data::make({0, 7}), rewind_step) {
  Scene straight, broken;
  straight.imp.rewind_step = broken.imp.rewind_step = rewind_step;
  BOOST_TEST((straight.run() == RunStatus::finished));
  int calls = 0, begun = 0;
  for (;; ++calls) {
    int steps = 0;
    phew::ImpObserver observer;
    observer.begin = [&](auto...) { ++begun; };
    observer.run.stop = [&] { return ++steps == 5; };
    if (broken.run(observer) == RunStatus::finished) break;
    BOOST_REQUIRE(calls < 100);
  }
  BOOST_TEST(calls > 5);
  const auto rounds = std::ssize(phew::imp_targets(broken.network.prunable(), broken.imp));
  for (std::int64_t r = 0; r < rounds; ++r) BOOST_TEST(broken.final_hash(r) == straight.final_hash(r));

  // A finished IMP is read, not run.
  const auto time = std::filesystem::last_write_time(phew::RunFiles{broken.files.round(1)}.weights());
  int rounds_told = 0;
  phew::ImpObserver observer;
  observer.run.stop = [] { return true; };
  observer.round = [&](const phew::ImpRound&) { ++rounds_told; };
  BOOST_TEST((broken.run(observer) == RunStatus::finished));
  BOOST_TEST(rounds_told == rounds);
  BOOST_TEST((time == std::filesystem::last_write_time(phew::RunFiles{broken.files.round(1)}.weights())));
}

BOOST_AUTO_TEST_CASE(other_settings_and_damage_are_found) {
  Scene scene;
  scene.imp = {.rounds = 1};
  BOOST_TEST((scene.run() == RunStatus::finished));
  scene.imp.fraction = 0.5;
  const auto other = thrown_by([&] { (void)scene.run(); });
  BOOST_TEST(other.code == 78);
  BOOST_TEST(other.mentions("found fraction = 0.2, expected fraction = 0.5"));
  BOOST_TEST((scene.run({}, /*restart=*/true) == RunStatus::finished));
  scene.config.lr = 0.2;
  BOOST_TEST(thrown_by([&] { (void)scene.run(); }).code == 78);
  scene.config.lr = 0.1;

  phew::TensorFile file = phew::read_tensor_file(scene.files.rewound());
  std::vector<std::byte> bytes(file.tensors[0].bytes.begin(), file.tensors[0].bytes.end());
  bytes[5] ^= std::byte{1};
  file.tensors[0] = phew::make_tensor(file.tensors[0].name, file.tensors[0].dtype, file.tensors[0].shape, bytes);
  phew::write_tensor_file(scene.files.rewound(), file.tensors, file.metadata);
  const auto damaged = thrown_by([&] { (void)scene.run(); });
  BOOST_TEST(damaged.code == 65);
  BOOST_TEST(damaged.mentions("rewind.safetensors"));

  scene.imp.rewind_step = 12;
  BOOST_TEST(thrown_by([&] { (void)scene.run(); }).code == 64);
  scene.files.folder = "/nonexistent/imp";
  scene.imp.rewind_step = 0;
  BOOST_TEST(thrown_by([&] { (void)scene.run(); }).code == 73);
}

BOOST_AUTO_TEST_SUITE_END()

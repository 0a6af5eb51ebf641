// forward NET WEIGHTS INPUT OUTPUT eval|train: the module's output for a file's tensor "x", as "output", and the state
// after it. What pytorch_parity.py compares with PyTorch.
#include "graph/error.hpp"
#include "graph/initializer.hpp"
#include "graph/zoo.hpp"
#include "train/module.hpp"
#include "train/state_file.hpp"
#include "train/torch_tensor.hpp"

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) try {
  if (argc != 6) return static_cast<int>(phew::ExitCode::usage);
  const phew::Network network = phew::make_network(argv[1]);
  const auto initial = phew::initial_state(network, {}, 0);
  phew::NetworkModule module(network, torch::kCPU);
  module.load_state(phew::match_state(network, phew::read_tensor_file(argv[2]), initial, false, {}));
  module.train(std::string_view(argv[5]) == "train");
  const phew::TensorFile input = phew::read_tensor_file(argv[3]);
  const torch::Tensor output = module.forward(phew::to_torch(*input.find("x")));
  std::vector<phew::Tensor> tensors = module.state();
  tensors.push_back(phew::from_torch("output", output));
  phew::write_tensor_file(argv[4], tensors, {});
  return 0;
} catch (const phew::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what());
  return static_cast<int>(error.code());
}

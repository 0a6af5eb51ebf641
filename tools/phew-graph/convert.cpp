// phew-graph convert IN OUT [--mask FILE]: weights from one format to another, masked on the way.
#include "common/interrupt.hpp"
#include "common/program.hpp"
#include "graph/io/mask_file.hpp"
#include "graph/io/weights_file.hpp"
#include "phew-graph/commands.hpp"

#include <filesystem>
#include <memory>

namespace phew::tools {
namespace {

namespace fs = std::filesystem;

struct ConvertCommand : Globals {
  std::string input, output, mask;
  MaskFileOptions mask_options;
};

/// Compares files, not names: a link to the input is the input.
void refuse_same_file(const std::string& output, const std::string& input) {
  std::error_code ignored;  // one of them does not exist: not the same
  if (fs::equivalent(output, input, ignored))
    fail(ExitCode::usage, "{}: found the input {} as output, expected another file", output, input);
}

std::int64_t count_elements(const std::vector<Tensor>& tensors) {
  std::int64_t sum = 0;
  for (const Tensor& tensor : tensors) sum += element_count(tensor.shape);
  return sum;
}

void run(const ConvertCommand& command) {
  refuse_same_file(command.output, command.input);
  if (!command.mask.empty()) refuse_same_file(command.output, command.mask);
  TensorFile file = read_tensor_file(command.input);
  if (!command.mask.empty()) file.tensors = masked_tensors(file, read_tensor_file(command.mask), command.mask_options);
  const HoldInterrupts hold;
  write_tensor_file(command.output, file.tensors, file.metadata);
  command.notice(fmt::format("{}: {} tensors of {} values from {} ({})", command.output, file.tensors.size(),
                             count_elements(file.tensors), command.input, file.format));
  if (command.json)
    print_json({{"schema", {{"name", "phew-graph/convert"}, {"version", 1}}},
                {"input", command.input},
                {"format", file.format},
                {"mask", command.mask.empty() ? Json() : Json(command.mask)},
                {"tensors", file.tensors.size()},
                {"values", count_elements(file.tensors)},
                {"files", Json::array({command.output})}});
}

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* command = app.add_subcommand("convert", "Weights to another format; with a mask, the masked weights");
  const auto options = std::make_shared<ConvertCommand>();
  command->add_option("IN", options->input, "Weights: safetensors (or its index), npz or a PyTorch state_dict")
      ->required();
  command->add_option("OUT", options->output, "File to write, .safetensors, .npz or .pt; never the input")->required();
  CLI::Option* mask = command->add_option(
      "--mask", options->mask, "Mask file: 0/1 tensors under the weights' names; their zeros become zeros in OUT");
  command
      ->add_flag("--zeros-are-pruned", options->mask_options.zeros_are_pruned,
                 "The mask file is a weight file: its zeros are pruned")
      ->needs(mask);
  add_globals(*command, *options);
  command->callback([=] { run(*options); });
}

}  // namespace phew::tools

#include "phew-train/machine_options.hpp"

#include "train/backend.hpp"

namespace phew::tools {

void add_machine_options(CLI::App& command, MachineOptions& options) {
  command.add_option("--device", options.device, "auto, cpu, cuda or cuda:N; auto takes a CUDA device if there is one")
      ->capture_default_str();
}

Machine set_up_machine(const MachineOptions& options, const Globals& globals) {
  const Machine machine{resolve_device(options.device), globals.thread_count(), backend_versions()};
  set_threads(machine.threads);
  globals.notice(fmt::format("{}: {} threads, {}", machine.device, machine.threads, machine.versions));
  if (const BlasInfo blas = blas_info(); !blas.optimised)
    globals.notice(fmt::format("warning: {} ({}) makes training 15 to 40 times slower; install libopenblas0-pthread",
                               blas.name, blas.path));
  return machine;
}

}  // namespace phew::tools

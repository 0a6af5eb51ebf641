#include "train/precision.hpp"

#include "graph/error.hpp"
#include "train/torch_compat.hpp"

#include <fmt/ranges.h>

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <algorithm>

namespace phew {
namespace {

// autocast's functions moved: one pair for each device until 2.3, the device as an argument since.
void set_autocast(bool on, bool cuda) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  const auto device = cuda ? at::kCUDA : at::kCPU;
  at::autocast::set_autocast_enabled(device, on);
  if (on) at::autocast::set_autocast_dtype(device, at::kBFloat16);
#else
  if (cuda) {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  } else {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  }
#endif
}

}  // namespace

const std::vector<std::string>& precision_names() {
  static const std::vector<std::string> names{"fp32", "tf32", "bf16"};
  return names;
}

Precision parse_precision(std::string_view name, std::string_view device) {
  const auto& names = precision_names();
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    fail(ExitCode::usage, "--precision: found {}, expected one of {}", name, fmt::join(names, ", "));
  const auto precision = static_cast<Precision>(found - names.begin());
  if (precision == Precision::tf32 && !device.starts_with("cuda"))
    fail(ExitCode::unsupported, "--precision: found tf32 on {}, expected a CUDA device; use fp32", device);
  return precision;
}

void allow_tf32(bool allowed) {
  at::globalContext().setAllowTF32CuBLAS(allowed);
  at::globalContext().setAllowTF32CuDNN(allowed);
}

Autocast::Autocast(Precision precision, bool cuda) : active_(precision == Precision::bf16), cuda_(cuda) {
  if (!active_) return;
  set_autocast(true, cuda_);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!active_) return;
  // The cache holds casts of weights that the next step changes.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  set_autocast(false, cuda_);
}

}  // namespace phew

#include "train/backend.hpp"

#include "graph/error.hpp"
#include "train/torch_compat.hpp"

#include <torch/cuda.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <charconv>
#include <dlfcn.h>
#include <filesystem>

namespace phew {
namespace {

template <typename Function>
Function* symbol(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

/// The file of the library that a symbol is in, links resolved: libblas.so.3 is a choice of Debian's alternatives.
std::string library_of(const char* name) {
  Dl_info info{};
  void* address = ::dlsym(RTLD_DEFAULT, name);
  if (!address || !::dladdr(address, &info) || !info.dli_fname) return {};
  std::error_code error;
  const auto real = std::filesystem::canonical(info.dli_fname, error);
  return error ? info.dli_fname : real.string();
}

/// "OpenBLAS 0.3.21" from "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …".
std::string first_two_words(const std::string& text) { return text.substr(0, text.find(' ', text.find(' ') + 1)); }

/// "12.1" from CUDA's 12010; "none" where LibTorch was built without it.
std::string cuda_version() {
  const auto& hooks = at::detail::getCUDAHooks();
  if (!hooks.hasCUDA() && !hooks.hasCUDART()) return "none";
  const auto version = static_cast<long>(hooks.versionCUDART());
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

BlasInfo blas_info() {
  if (at::hasMKL()) return {"MKL", "", true};
  const std::string path = library_of("sgemm_");
  if (auto* config = symbol<char*()>("openblas_get_config")) return {first_two_words(config()), path, true};
  if (symbol<void()>("bli_init")) return {"BLIS", path, true};
  if (symbol<void()>("ATL_buildinfo")) return {"ATLAS", path, true};
  // A LibTorch that brings its BLAS along hides the symbols; such builds have an optimised one.
  if (path.empty()) return {"LibTorch's own", "", true};
  return {"reference BLAS", path, false};
}

std::string backend_versions() {
  return fmt::format("LibTorch {}, BLAS {}, CUDA {}", compat::torch_version(), blas_info().name, cuda_version());
}

void set_threads(int threads) {
  at::set_num_threads(threads);
  if (auto* set = symbol<void(int)>("openblas_set_num_threads")) set(threads);
}

std::string resolve_device(const std::string& name) {
  if (name == "cpu") return name;
  const auto devices = static_cast<int>(torch::cuda::device_count());
  if (name == "auto") return devices > 0 ? "cuda:0" : "cpu";
  int index = 0;
  const bool numbered = name.starts_with("cuda:");
  const char* end = name.data() + name.size();
  if (numbered) {
    const auto [rest, error] = std::from_chars(name.data() + 5, end, index);
    if (error != std::errc{} || rest != end || index < 0) index = -1;
  }
  if ((name != "cuda" && !numbered) || index < 0)
    fail(ExitCode::usage, "--device: found {}, expected auto, cpu, cuda or cuda:N", name);
  if (index >= devices)
    fail(ExitCode::unsupported, "--device: found {} CUDA devices ({}), expected {} to be there; use --device cpu",
         devices, backend_versions(), name);
  return fmt::format("cuda:{}", index);
}

}  // namespace phew

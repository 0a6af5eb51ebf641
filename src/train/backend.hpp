// What LibTorch computes with: device, BLAS, threads.
#pragma once

#include <string>

namespace phew {

/// The library that does LibTorch's matrix products on the CPU.
struct BlasInfo {
  std::string name;       ///< "OpenBLAS 0.3.21", "MKL", "reference BLAS"
  std::string path;       ///< of the shared library; "" if it is part of LibTorch
  bool optimised = true;  ///< false for the reference implementation, 15–40 times slower
};

[[nodiscard]] BlasInfo blas_info();

/// "LibTorch 1.13.0, BLAS OpenBLAS 0.3.21, CUDA none": for --version and for reports.
[[nodiscard]] std::string backend_versions();

/// Threads of LibTorch and of its BLAS. Debian's LibTorch starts with one.
void set_threads(int threads);

/// The device that `auto`, `cpu`, `cuda` or `cuda:N` means here, as "cpu" or "cuda:N"; auto is the first CUDA device
/// if there is one. Throws Error(usage) for other names, Error(unsupported) for a device that is absent.
[[nodiscard]] std::string resolve_device(const std::string& name);

}  // namespace phew

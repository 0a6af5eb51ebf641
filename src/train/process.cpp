#include "train/process.hpp"

#include <cstdlib>
#include <malloc.h>
#include <unistd.h>

namespace phew {

namespace {

/// Sets a variable unless it, or another that says the same, is set. Returns whether it did.
bool set_by_default(const char* name, const char* value, const char* alternative) {
  if (std::getenv(name) || std::getenv(alternative)) return false;
  return ::setenv(name, value, 1) == 0;
}

}  // namespace

void prepare_process(char** argv) {
  // 2^14 cycles, a few microseconds, instead of 2^26.
  const bool blas = set_by_default("OPENBLAS_THREAD_TIMEOUT", "14", "GOTO_THREAD_TIMEOUT");
  const bool openmp = set_by_default("OMP_WAIT_POLICY", "passive", "GOMP_SPINCOUNT");
  if (blas || openmp) ::execv("/proc/self/exe", argv);
#ifdef M_MMAP_THRESHOLD
  constexpr int threshold = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, threshold);
  ::mallopt(M_TRIM_THRESHOLD, threshold);
#endif
}

}  // namespace phew

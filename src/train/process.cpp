#include "train/process.hpp"

#include <cstdlib>
#include <malloc.h>
#include <unistd.h>

namespace phew {

void prepare_process(char** argv) {
  if (!std::getenv("OMP_WAIT_POLICY") && !std::getenv("GOMP_SPINCOUNT")) {
    ::setenv("OMP_WAIT_POLICY", "passive", 1);
    ::execv("/proc/self/exe", argv);
  }
#ifdef M_MMAP_THRESHOLD
  constexpr int threshold = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, threshold);
  ::mallopt(M_TRIM_THRESHOLD, threshold);
#endif
}

}  // namespace phew

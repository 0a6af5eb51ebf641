#include "walks/float_buffer.hpp"

#include <new>
#include <sys/mman.h>

namespace phew {

FloatBuffer::FloatBuffer(std::int64_t size) : size_(size) {
  constexpr std::size_t line = 64, huge_page = std::size_t{1} << 21;
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(float);
  const std::size_t alignment = bytes >= 2 * huge_page ? huge_page : line;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  floats_.reset(static_cast<float*>(std::aligned_alloc(alignment, rounded == 0 ? line : rounded)));
  if (!floats_) throw std::bad_alloc();
  // Advice only: where there are no huge pages, small ones serve.
  if (alignment == huge_page) (void)madvise(floats_.get(), rounded, MADV_HUGEPAGE);
}

}  // namespace phew

#include "walks/float_buffer.hpp"

#include <algorithm>
#include <new>

namespace phew {

FloatBuffer::FloatBuffer(std::int64_t size) : size_(size) {
  constexpr std::size_t line = 64;
  const std::size_t bytes = std::max<std::size_t>(static_cast<std::size_t>(size) * sizeof(float), 1);
  floats_.reset(static_cast<float*>(std::aligned_alloc(line, (bytes + line - 1) / line * line)));
  if (!floats_) throw std::bad_alloc();
}

}  // namespace phew

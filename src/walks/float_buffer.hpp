// FloatBuffer: room for many floats, on whole cache lines.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace phew {

/// `size` floats of no value yet, aligned to 64 bytes. On ordinary pages: making huge ones took longer than they saved.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  /// Throws std::bad_alloc.
  explicit FloatBuffer(std::int64_t size);

  [[nodiscard]] float* data() { return floats_.get(); }
  [[nodiscard]] const float* data() const { return floats_.get(); }
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* floats) const { std::free(floats); }
  };
  std::unique_ptr<float[], Free> floats_;
  std::int64_t size_ = 0;
};

}  // namespace phew

#include "train/jpeg.hpp"

#include "graph/error.hpp"

#include <memory>
#include <turbojpeg.h>
#include <vector>

namespace phew {

void decode_jpeg(std::span<const std::byte> file, const std::string& place, const Size2& size,
                 std::span<std::byte> out) {
  struct Destroy {
    void operator()(void* handle) const { ::tjDestroy(handle); }
  };
  // Making a decoder costs about as much as decoding a small image, so each thread keeps one.
  thread_local const std::unique_ptr<void, Destroy> decoder(::tjInitDecompress());
  if (!decoder) fail(ExitCode::internal, "libjpeg-turbo: cannot make a decoder");
  const auto damaged = [&] {
    fail(ExitCode::data, "{}: found a damaged JPEG image: {}; download it again", place,
         ::tjGetErrorStr2(decoder.get()));
  };
  const auto* const bytes = reinterpret_cast<const unsigned char*>(file.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (::tjDecompressHeader3(decoder.get(), bytes, file.size(), &width, &height, &subsampling, &colours) != 0) damaged();
  if (width != size.width || height != size.height)
    fail(ExitCode::data, "{}: found an image of {}x{}, expected {}x{}", place, height, width, size.height, size.width);
  const auto positions = static_cast<std::size_t>(size.height * size.width);
  std::vector<unsigned char> interleaved(3 * positions);
  if (::tjDecompress2(decoder.get(), bytes, file.size(), interleaved.data(), width, 0, height, TJPF_RGB,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING) != 0)
    damaged();
  for (std::size_t i = 0; i < interleaved.size(); ++i)
    out[i % 3 * positions + i / 3] = static_cast<std::byte>(interleaved[i]);
}

}  // namespace phew

#include "archives.hpp"

#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <turbojpeg.h>

namespace phew::test {

void write_gzipped(const std::filesystem::path& path, const std::string& content) {
  const gzFile file = ::gzopen(path.c_str(), "wb");
  const auto size = static_cast<unsigned>(content.size());
  if (::gzwrite(file, content.data(), size) != static_cast<int>(size)) throw std::runtime_error("gzwrite");
  ::gzclose(file);
}

std::string tar(const std::vector<TarEntry>& entries) {
  std::string out;
  for (const TarEntry& entry : entries) {
    std::string block(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
    char size[16];
    std::snprintf(size, sizeof size, "%011o", static_cast<unsigned>(entry.content.size()));
    put(0, entry.name);
    put(100, "0000644");
    put(124, size);
    put(136, "00000000000");
    put(148, "        ");
    block[156] = entry.type;
    put(257, std::string("ustar\0"
                         "00",
                         8));
    put(345, entry.prefix);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    char checksum[16];
    std::snprintf(checksum, sizeof checksum, "%06o", sum);
    put(148, checksum + std::string("\0 ", 2));
    out += block + entry.content + std::string((512 - entry.content.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

std::string jpeg(int size, std::uint8_t red, std::uint8_t green, std::uint8_t blue, bool grey) {
  std::vector<unsigned char> pixels;
  for (int i = 0; i < size * size; ++i)
    if (grey)
      pixels.push_back(red);
    else
      pixels.insert(pixels.end(), {red, green, blue});
  tjhandle encoder = ::tjInitCompress();
  unsigned char* file = nullptr;
  unsigned long bytes = 0;
  const int code = ::tjCompress2(encoder, pixels.data(), size, 0, size, grey ? TJPF_GRAY : TJPF_RGB, &file, &bytes,
                                 grey ? TJSAMP_GRAY : TJSAMP_444, 100, 0);
  if (code != 0) throw std::runtime_error("tjCompress2");
  std::string out(reinterpret_cast<const char*>(file), bytes);
  ::tjFree(file);
  ::tjDestroy(encoder);
  return out;
}

std::vector<std::int64_t> labels(const Tensor& classes) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(classes.shape.at(0)));
  std::memcpy(out.data(), classes.bytes.data(), classes.bytes.size());
  return out;
}

}  // namespace phew::test

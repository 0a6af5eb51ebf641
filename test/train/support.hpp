// What the trainer's tests share: folders that go away, errors as values, and a data set that is easy to learn.
#pragma once

#include "graph/error.hpp"
#include "support/dice.hpp"
#include "support/temporary_folder.hpp"
#include "train/dataset.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace phew::test {

/// What a call threw: exit code (0 if nothing) and message.
struct Thrown {
  int code = 0;
  std::string message;
  [[nodiscard]] bool mentions(const std::string& text) const { return message.find(text) != std::string::npos; }
};
template <typename F>
Thrown thrown_by(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return {static_cast<int>(error.code()), error.what()};
  }
  return {};
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// `count` images of 1×size×size whose class is the row band that is bright, with noise.
inline Split banded_images(std::int64_t count, std::int64_t size, std::int64_t classes, std::uint64_t seed) {
  Dice dice(seed);
  std::vector<std::byte> x, y(static_cast<std::size_t>(count) * sizeof(std::int64_t));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = dice.below(classes);
    std::memcpy(y.data() + static_cast<std::size_t>(i) * sizeof label, &label, sizeof label);
    for (std::int64_t p = 0; p < size * size; ++p) {
      const bool bright = p / size * classes / size == label;
      x.push_back(static_cast<std::byte>((bright ? 140 : 0) + dice.below(100)));
    }
  }
  return {make_tensor("x", DType::u8, {count, 1, size, size}, std::move(x)),
          make_tensor("y", DType::i64, {count}, std::move(y))};
}

inline Dataset banded_data(std::int64_t train, std::int64_t test, std::int64_t size, std::int64_t classes) {
  Dataset data{"bands", classes, banded_images(train, size, classes, 1), banded_images(test, size, classes, 2), {}};
  data.normalisation = channel_normalisation(data.train.x);
  return data;
}

}  // namespace phew::test

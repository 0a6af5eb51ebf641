// What the tests of files share: a folder of their own, errors by code and text, random tensors.
#pragma once

#include "graph/error.hpp"
#include "graph/tensor.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace phew::test {

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::span<const std::byte> as_byte_span(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Checks that `f` throws an Error of that code whose one line has all these texts.
inline void check_error(const std::function<void()>& f, ExitCode code, const std::vector<std::string>& texts) {
  try {
    f();
  } catch (const Error& error) {
    const std::string message = error.what();
    BOOST_TEST(static_cast<int>(error.code()) == static_cast<int>(code), message);
    BOOST_TEST(message.find('\n') == message.npos, message);
    for (const std::string& text : texts)
      BOOST_TEST((message.find(text) != message.npos), "\"" << text << "\" is not in: " << message);
    return;
  }
  BOOST_ERROR("no error, expected one with: " << (texts.empty() ? "" : texts.front()));
}

inline constexpr DType all_dtypes[] = {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64,
                                       DType::i32, DType::i16, DType::i8,  DType::u8,   DType::boolean};

/// Up to `count` tensors of random types, shapes (scalars and empty ones too) and bytes; booleans are 0 or 1.
inline std::vector<Tensor> random_tensors(std::mt19937& random, std::size_t count) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < count; ++i) {
    const DType dtype = all_dtypes[random() % std::size(all_dtypes)];
    Shape shape(random() % 5);
    for (auto& extent : shape) extent = random() % 12 == 0 ? 0 : 1 + random() % 5;
    std::vector<std::byte> bytes(static_cast<std::size_t>(element_count(shape)) * byte_size(dtype));
    for (auto& byte : bytes) byte = static_cast<std::byte>(dtype == DType::boolean ? random() % 2 : random() % 256);
    tensors.push_back(make_tensor("layer." + std::to_string(i) + ".weight", dtype, shape, std::move(bytes)));
  }
  return tensors;
}

/// Checks that two tensors agree in name, type, shape and bytes.
inline void check_same(const Tensor& found, const Tensor& expected) {
  BOOST_TEST(found.name == expected.name);
  BOOST_TEST((found.dtype == expected.dtype),
             found.name << " is " << name_of(found.dtype) << ", not " << name_of(expected.dtype));
  BOOST_TEST(found.shape == expected.shape, boost::test_tools::per_element());
  BOOST_TEST(std::ranges::equal(found.bytes, expected.bytes), found.name << ": other bytes");
}

inline void check_same(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) check_same(found[i], expected[i]);
}

}  // namespace phew::test

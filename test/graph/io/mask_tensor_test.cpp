#include "graph/io/mask_tensor.hpp"

#include "support.hpp"

#include <limits>

using namespace phew::test;
using phew::BitMatrix;
using phew::DType;
using phew::ExitCode;
using phew::MaskValues;
using phew::Tensor;

namespace {

template <typename T>
Tensor tensor_of(DType dtype, phew::Shape shape, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return phew::make_tensor("m", dtype, std::move(shape), {bytes.begin(), bytes.end()});
}

/// Bits row by row, as "101/010".
std::string text_of(const BitMatrix& bits) {
  std::string text;
  for (std::int64_t row = 0; row < bits.rows(); ++row, text += '/')
    for (std::int64_t column = 0; column < bits.columns(); ++column) text += bits.test(row, column) ? '1' : '0';
  return text;
}

/// 0, 1, `zero` and `other` as a mask: the first three alone must be "010", all four must be refused.
template <typename T>
void check_type(DType dtype, T one, T zero, T other, const std::string& other_text) {
  const Tensor good = tensor_of<T>(dtype, {1, 3}, {T{}, one, zero});
  BOOST_TEST(text_of(phew::mask_bits(good, MaskValues::zero_one, "f: m")) == "010/");
  const Tensor bad = tensor_of<T>(dtype, {2, 2}, {T{}, one, zero, other});
  check_error([&] { (void)phew::mask_bits(bad, MaskValues::zero_one, "f: m"); }, ExitCode::data,
              {"f: m: found " + other_text + " at [1, 1]", "expected 0 and 1", "--zeros-are-pruned"});
  BOOST_TEST(text_of(phew::mask_bits(bad, MaskValues::any_value, "f: m")) == "01/01/");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mask_tensor)

BOOST_AUTO_TEST_CASE(zeros_and_ones_of_every_type) {
  check_type<double>(DType::f64, 1.0, -0.0, 0.5, "0.5");
  check_type<float>(DType::f32, 1.0F, -0.0F, std::numeric_limits<float>::quiet_NaN(), "nan");
  check_type<std::uint16_t>(DType::f16, 0x3C00, 0x8000, 0xBC00, "-1");
  check_type<std::uint16_t>(DType::bf16, 0x3F80, 0x8000, 0x4000, "2");
  check_type<std::int64_t>(DType::i64, 1, 0, -1, "-1");
  check_type<std::int32_t>(DType::i32, 1, 0, 256, "256");
  check_type<std::int16_t>(DType::i16, 1, 0, 2, "2");
  check_type<std::int8_t>(DType::i8, 1, 0, -1, "-1");
  check_type<std::uint8_t>(DType::u8, 1, 0, 255, "255");
}

BOOST_AUTO_TEST_CASE(rows_are_the_first_index) {
  const Tensor t = tensor_of<std::uint8_t>(DType::u8, {2, 2, 2}, {1, 0, 0, 1, 0, 0, 1, 1});
  BOOST_TEST(text_of(phew::mask_bits(t, MaskValues::zero_one, "")) == "1001/0011/");
  BOOST_TEST(text_of(phew::mask_bits(tensor_of<std::uint8_t>(DType::u8, {}, {1}), MaskValues::zero_one, "")) == "1/");
}

BOOST_AUTO_TEST_CASE(an_empty_tensor_of_many_rows_takes_no_time) {
  const Tensor t = phew::make_tensor("m", DType::u8, {1LL << 58, 0}, std::vector<std::byte>{});
  const BitMatrix bits = phew::mask_bits(t, MaskValues::zero_one, "");
  BOOST_TEST(bits.rows() == 1LL << 58);
  BOOST_TEST(phew::masked(t, bits).bytes.empty());
}

BOOST_AUTO_TEST_CASE(masked_tensors_are_zero_where_the_mask_is) {
  const float inf = std::numeric_limits<float>::infinity();
  const BitMatrix bits =
      phew::mask_bits(tensor_of<std::uint8_t>(DType::u8, {2, 3}, {1, 0, 1, 0, 1, 0}), MaskValues::zero_one, "");
  check_same(phew::masked(phew::make_tensor("w", {2, 3}, {1, inf, -2, 3, 4, 5}), bits),
             phew::make_tensor("w", {2, 3}, {1, 0, -2, 0, 4, 0}));
  check_same(phew::masked(tensor_of<std::int64_t>(DType::i64, {2, 3}, {1, 2, 3, 4, 5, 6}), bits),
             tensor_of<std::int64_t>(DType::i64, {2, 3}, {1, 0, 3, 0, 5, 0}));
  check_error(
      [&] {
        (void)phew::masked(phew::make_tensor("w", {3, 2}, {0, 0, 0, 0, 0, 0}), bits);
      },
      ExitCode::internal, {"does not fit"});
}

BOOST_AUTO_TEST_SUITE_END()

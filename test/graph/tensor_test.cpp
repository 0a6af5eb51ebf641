#include "graph/tensor.hpp"

#include "graph/error.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>

namespace {

template <typename T>
phew::Tensor tensor_of(phew::DType dtype, std::vector<T> values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return phew::make_tensor("t", dtype, {static_cast<std::int64_t>(values.size())}, std::move(bytes));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(halves_and_bfloat16_convert_exactly) {
  // 1, −2, largest half, smallest subnormal half, +inf; one by one from the IEEE encodings.
  const auto half =
      phew::to_float32(tensor_of<std::uint16_t>(phew::DType::f16, {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00}));
  const auto h = phew::float_values(half);
  BOOST_TEST(h[0] == 1.0F);
  BOOST_TEST(h[1] == -2.0F);
  BOOST_TEST(h[2] == 65504.0F);
  BOOST_TEST(h[3] == 0x1p-24F);
  BOOST_TEST(std::isinf(h[4]));
  const auto brain = phew::to_float32(tensor_of<std::uint16_t>(phew::DType::bf16, {0x3F80, 0xC040}));
  BOOST_TEST(phew::float_values(brain)[0] == 1.0F);
  BOOST_TEST(phew::float_values(brain)[1] == -3.0F);
}

BOOST_AUTO_TEST_CASE(float32_is_not_copied_unless_unaligned) {
  const auto t = phew::make_tensor("t", {2}, {1.0F, 2.0F});
  BOOST_TEST(phew::to_float32(t).bytes.data() == t.bytes.data());
  auto shifted = phew::make_tensor("t", phew::DType::u8, {9}, std::vector<std::byte>(9));
  shifted.dtype = phew::DType::f32;
  shifted.shape = {2};
  shifted.bytes = shifted.bytes.subspan(1);
  BOOST_TEST(phew::to_float32(shifted).bytes.data() != shifted.bytes.data());
}

BOOST_AUTO_TEST_CASE(shapes_multiply_without_overflow) {
  BOOST_TEST(phew::element_count({}) == 1);
  BOOST_TEST(phew::element_count({3, 0, 5}) == 0);
  BOOST_CHECK_THROW((void)phew::element_count({1LL << 40, 1LL << 40}), phew::Error);
  BOOST_CHECK_THROW((void)phew::element_count({2, -1}), phew::Error);
}

BOOST_AUTO_TEST_SUITE_END()

#include "graph/io/tensor_layout.hpp"

#include "support.hpp"

#include <cstdint>

using namespace phew::test;
using phew::DType;
using phew::ExitCode;
using phew::Shape;

BOOST_AUTO_TEST_SUITE(tensor_layout)

BOOST_AUTO_TEST_CASE(sizes_that_no_file_can_have_are_refused) {
  BOOST_TEST(phew::checked_byte_count("t", DType::f64, {3, 4}) == 96U);
  BOOST_TEST(phew::checked_byte_count("t", DType::f16, {}) == 2U);
  BOOST_TEST(phew::checked_byte_count("t", DType::f32, {1LL << 61, 0}) == 0U);
  check_error([] { (void)phew::checked_byte_count("f: t", DType::f64, {1LL << 60}); }, ExitCode::data, {"f: t: "});
  check_error(
      [] {
        (void)phew::checked_byte_count("f: t", DType::u8, {1LL << 40, 1LL << 40});
      },
      ExitCode::data, {"f: t: ", "2^62"});
  check_error([] { (void)phew::checked_byte_count("f: t", DType::u8, {2, -1}); }, ExitCode::data, {"negative"});
  check_error([] { (void)phew::checked_byte_count("f: t", DType::u8, Shape(65, 1)); }, ExitCode::data, {"65"});
}

BOOST_AUTO_TEST_CASE(the_last_element_is_the_sum_of_reaches) {
  BOOST_TEST(phew::last_element("t", {4, 6}, {6, 1}) == 23U);
  BOOST_TEST(phew::last_element("t", {6, 4}, {1, 6}) == 23U);
  BOOST_TEST(phew::last_element("t", {5, 3}, {0, 1}) == 2U);
  BOOST_TEST(phew::last_element("t", {}, {}) == 0U);
  BOOST_TEST(phew::last_element("t", {0, 1LL << 61}, {1LL << 61, 1}) == 0U);
  check_error([] { (void)phew::last_element("f: t", {2}, {-1}); }, ExitCode::data, {"f: t: ", "negative"});
  check_error([] { (void)phew::last_element("f: t", {2}, {1, 1}); }, ExitCode::data, {"2 strides, expected 1"});
  check_error([] { (void)phew::last_element("t", {3}, {INT64_MAX}); }, ExitCode::data, {"too far"});
  check_error([] { (void)phew::last_element("t", {2, 2}, {1LL << 62, 1LL << 62}); }, ExitCode::data, {"too far"});
}

BOOST_AUTO_TEST_CASE(contiguous_is_what_c_order_gives) {
  BOOST_TEST(phew::is_contiguous({4, 6}, {6, 1}));
  BOOST_TEST(!phew::is_contiguous({4, 6}, {1, 4}));
  BOOST_TEST(!phew::is_contiguous({4, 3}, {6, 1}));
  BOOST_TEST(phew::is_contiguous({4, 1, 6}, {6, 77, 1}));
  BOOST_TEST(phew::is_contiguous({}, {}));
  BOOST_TEST(phew::is_contiguous({0, 1LL << 61, 1LL << 61}, {5, 5, 1}));
  BOOST_TEST(!phew::is_contiguous({2}, {0}));
}

/// Every element of the copy against its place by the definition of strides.
template <typename T>
void check_copy(const Shape& shape, const Shape& strides) {
  std::vector<T> source(200);
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<T>(i);
  std::vector<T> copy(static_cast<std::size_t>(phew::element_count(shape)));
  phew::copy_strided(reinterpret_cast<const std::byte*>(source.data()), sizeof(T), shape, strides,
                     std::as_writable_bytes(std::span(copy)));
  for (std::size_t i = 0; i < copy.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), at = 0;
    for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) at += rest % shape[axis] * strides[axis];
    BOOST_TEST(copy[i] == source[static_cast<std::size_t>(at)]);
  }
}

BOOST_AUTO_TEST_CASE(a_strided_copy_follows_the_strides) {
  for (const auto& [shape, strides] : std::vector<std::pair<Shape, Shape>>{{{2, 3, 4}, {12, 4, 1}},
                                                                           {{4, 3, 2}, {1, 4, 12}},
                                                                           {{5}, {7}},
                                                                           {{3, 2}, {0, 1}},
                                                                           {{}, {}},
                                                                           {{2, 0}, {1, 1}}}) {
    check_copy<std::uint8_t>(shape, strides);
    check_copy<std::uint16_t>(shape, strides);
    check_copy<std::uint32_t>(shape, strides);
    check_copy<std::uint64_t>(shape, strides);
  }
  BOOST_TEST(phew::fortran_strides({2, 3, 4}) == Shape({1, 2, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

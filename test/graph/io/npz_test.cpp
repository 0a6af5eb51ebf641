#include "graph/io/npz.hpp"

#include "graph/io/npy.hpp"
#include "pickle_writer.hpp"
#include "support.hpp"

using namespace phew::test;
using phew::DType;
using phew::ExitCode;
using phew::Shape;
using phew::Tensor;

namespace {

phew::TensorFile read(const std::filesystem::path& path) {
  return phew::read_npz(phew::ZipArchive(std::make_shared<const phew::MappedFile>(path)));
}

void write(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
           const std::map<std::string, std::string>& metadata = {}) {
  phew::AtomicFile file(path);
  phew::write_npz(file, tensors, metadata);
  file.commit();
}

/// An archive of one array, "a", with these bytes.
void write_array(const std::filesystem::path& path, const std::string& npy) {
  phew::AtomicFile file(path);
  phew::write_zip(file, {{"a.npy", {as_byte_span(npy)}}}, "");
  file.commit();
}

/// An .npy file of format `major`.0 with this header text.
std::string npy(int major, const std::string& header, const std::string& data) {
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(major) + '\0';
  bytes += major == 1 ? raw(static_cast<std::uint16_t>(header.size())) : raw(static_cast<std::uint32_t>(header.size()));
  return bytes + header + data;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(npz)

BOOST_AUTO_TEST_CASE(random_tensors_and_metadata_come_back_as_they_were) {
  const TemporaryFolder folder;
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    auto tensors = random_tensors(random, random() % 8);
    std::erase_if(tensors, [](const Tensor& tensor) { return tensor.dtype == DType::bf16; });
    const std::map<std::string, std::string> metadata{{"method", "phew"}, {"text", "\"quoted\"\n\u00e9"}};
    write(folder / "f", tensors, metadata);
    const auto file = read(folder / "f");
    check_same(file.tensors, tensors);
    BOOST_TEST((file.metadata == metadata));
  }
}

BOOST_AUTO_TEST_CASE(bfloat16_becomes_float32) {
  const TemporaryFolder folder;
  std::vector<std::byte> one_and_minus_three(4);
  std::memcpy(one_and_minus_three.data(), raw(0xC0403F80U).data(), 4);
  write(folder / "f", {phew::make_tensor("a", DType::bf16, {2}, one_and_minus_three)});
  check_same(read(folder / "f").tensors, {phew::make_tensor("a", {2}, {1.0F, -3.0F})});
}

BOOST_AUTO_TEST_CASE(a_comment_of_others_is_no_metadata) {
  const TemporaryFolder folder;
  phew::AtomicFile file(folder / "f");
  phew::write_zip(file, {}, "made by hand");
  file.commit();
  BOOST_TEST(read(folder / "f").metadata.empty());
}

BOOST_AUTO_TEST_CASE(headers_are_numpys) {
  // numpy.save(…, numpy.zeros((2, 3), 'f4')) and of a vector and a scalar.
  const auto expected = [](const std::string& text) {
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + text + std::string(117 - text.size(), ' ') + "\n";
  };
  BOOST_TEST(phew::npy_header(DType::f32, {2, 3}) ==
             expected("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  BOOST_TEST(phew::npy_header(DType::boolean, {7}) ==
             expected("{'descr': '|b1', 'fortran_order': False, 'shape': (7,), }"));
  BOOST_TEST(phew::npy_header(DType::i64, {}) == expected("{'descr': '<i8', 'fortran_order': False, 'shape': (), }"));
}

BOOST_AUTO_TEST_CASE(every_format_and_spelling_is_read) {
  const TemporaryFolder folder;
  const Tensor expected = phew::make_tensor("a", {2, 1}, {1.5F, -2.0F});
  const std::string data = raw(1.5F) + raw(-2.0F);
  for (const int major : {1, 2, 3})
    for (const std::string header : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }  \n",
                                     "{\"shape\":(2L,1L,),\"fortran_order\":True,\"descr\":\"<f4\"}"}) {
      write_array(folder / "f", npy(major, header, data));
      check_same(read(folder / "f").tensors, {expected});
    }
}

BOOST_AUTO_TEST_CASE(fortran_order_becomes_c_order) {
  const TemporaryFolder folder;
  std::string columns;
  for (const float value : {1.0F, 4.0F, 2.0F, 5.0F, 3.0F, 6.0F}) columns += raw(value);
  write_array(folder / "f", npy(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", columns));
  check_same(read(folder / "f").tensors, {phew::make_tensor("a", {2, 3}, {1, 2, 3, 4, 5, 6})});
}

BOOST_AUTO_TEST_CASE(malformed_arrays_are_refused) {
  const TemporaryFolder folder;
  const auto header = [](const std::string& descr, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
  };
  const std::vector<std::tuple<std::string, ExitCode, std::string>> cases{
      {npy(1, header("'<f4'", "(2,)"), "1234567"), ExitCode::data, "found 7 bytes, expected 8"},
      {npy(1, header("'<f4'", "(2,)"), "123456789"), ExitCode::data, "found 9 bytes, expected 8"},
      {npy(1, header("'>f4'", "(1,)"), "1234"), ExitCode::unsupported, ">f4"},
      {npy(1, header("'<u4'", "(1,)"), "1234"), ExitCode::unsupported, "<u4"},
      {npy(1, header("'<U4'", "()"), "1234"), ExitCode::unsupported, "<U4"},
      {npy(1, header("'|O'", "(1,)"), "1234"), ExitCode::data, "Python objects"},
      {npy(1, header("[('x', '<f4')]", "(1,)"), "1234"), ExitCode::unsupported, "records"},
      {npy(1, header("'<f4'", "(-1,)"), ""), ExitCode::data, "malformed"},
      {npy(1, header("'<f4'", "(99999999999999999999,)"), ""), ExitCode::data, "malformed"},
      {npy(1, header("'<f8'", "(2305843009213693952,)"), ""), ExitCode::data, "too many elements"},
      {npy(1, header("'<f4'", "(1"), "1234"), ExitCode::data, "malformed"},
      {npy(1, header("'<f4'", "(1,)") + "x", "1234"), ExitCode::data, "malformed"},
      {npy(1, "{'descr': '<f4', 'shape': (1,), }", "1234"), ExitCode::data, "malformed"},
      {npy(1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "1234"), ExitCode::data,
       "malformed"},
      {npy(1, "", ""), ExitCode::data, "malformed"},
      {npy(4, header("'<f4'", "(1,)"), "1234"), ExitCode::unsupported, "format 4.0"},
      {npy(1, header("'<f4'", "(1,)"), "").substr(0, 40), ExitCode::data, "too few"},
      {std::string("\x93NUMPY\x02\x00\xff\xff", 10), ExitCode::data, "too few"},
      {"no array", ExitCode::data, "no .npy array"},
  };
  for (const auto& [bytes, code, text] : cases) {
    write_array(folder / "bad.npz", bytes);
    check_error([&] { (void)read(folder / "bad.npz"); }, code, {"bad.npz: a.npy: ", text});
  }
}

BOOST_AUTO_TEST_CASE(entries_that_are_no_arrays_and_names_twice_are_refused) {
  const TemporaryFolder folder;
  phew::AtomicFile file(folder / "f");
  phew::write_zip(file, {{"a.txt", {}}}, "");
  file.commit();
  check_error([&] { (void)read(folder / "f"); }, ExitCode::data, {"found entry a.txt"});
  const Tensor a = phew::make_tensor("a", {1}, {1.0F});
  check_error([&] { write(folder / "g", {a, a}); }, ExitCode::data, {"a: found a tensor's name twice"});
  check_error([&] { write(folder / "g", {a}, {{"k", "\xff"}}); }, ExitCode::data, {"UTF-8"});
}

BOOST_AUTO_TEST_SUITE_END()

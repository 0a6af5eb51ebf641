#include "graph/io/safetensors.hpp"

#include "pickle_writer.hpp"
#include "support.hpp"

using namespace phew::test;
using phew::DType;
using phew::ExitCode;
using phew::Tensor;

namespace {

phew::TensorFile read(const std::filesystem::path& path) {
  return phew::read_safetensors(std::make_shared<const phew::MappedFile>(path));
}

void write(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
           const std::map<std::string, std::string>& metadata = {}) {
  phew::AtomicFile file(path);
  phew::write_safetensors(file, tensors, metadata);
  file.commit();
}

/// A file with this header and so many zero bytes of data.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  return raw(std::uint64_t{header.size()}) + header + std::string(data_bytes, '\0');
}

struct Refused {
  std::string header;
  std::size_t data_bytes;
  ExitCode code;
  std::string text;
};

const std::vector<Refused> refused{
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
     8, ExitCode::data, "a: found twice"},
    {R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8, ExitCode::data, "dtype twice"},
    {R"({"__metadata__":{"k":"1","k":"2"}})", 0, ExitCode::data, "k twice"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":[1]}})", 8, ExitCode::data, "field more"},
    {R"({"a":{"dtype":"F32","shape":[2]}})", 8, ExitCode::data, "two data_offsets"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, ExitCode::data, "two data_offsets"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", 8, ExitCode::data, "more than two"},
    {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, ExitCode::data, "expected 12 bytes"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, ExitCode::data, "data_offsets [8, 0]"},
    {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, ExitCode::data, "negative"},
    {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8, ExitCode::data, "fraction"},
    {R"({"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", 8, ExitCode::data, "an array"},
    {R"({"a":{"dtype":"F32","shape":{"x":2},"data_offsets":[0,8]}})", 8, ExitCode::data, "an object"},
    {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})", 8, ExitCode::data, "2^62"},
    {R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})", 8, ExitCode::data, "too large"},
    {R"({"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", 8, ExitCode::unsupported, "F8_E4M3"},
    {R"({"a":3})", 0, ExitCode::data, "a number"},
    {R"({"a":"F32"})", 0, ExitCode::data, "a string"},
    {R"({"a":null})", 0, ExitCode::data, "null"},
    {R"({"__metadata__":{"k":["1"]}})", 0, ExitCode::data, "an array"},
    {R"([1])", 0, ExitCode::data, "an array"},
    {R"({"a":{"dtype":"F32")", 0, ExitCode::data, "no valid JSON"},
    {"{\"\xff\":{}}", 0, ExitCode::data, "no valid JSON"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12, ExitCode::data, "leave a hole"},
    {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[4,12]}})",
     12, ExitCode::data, "overlap"},
    {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[8,12]}})",
     12, ExitCode::data, "leave a hole"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7, ExitCode::data, "cut short"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9, ExitCode::data, "1 bytes after the last tensor"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(random_tensors_and_metadata_come_back_as_they_were) {
  const TemporaryFolder folder;
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const auto tensors = random_tensors(random, random() % 8);
    const std::map<std::string, std::string> metadata{{"method", "phew"}, {"text", "\"quoted\"\n\u00e9"}};
    write(folder / "f", tensors, metadata);
    const auto file = read(folder / "f");
    check_same(file.tensors, tensors);
    BOOST_TEST((file.metadata == metadata));
  }
}

BOOST_AUTO_TEST_CASE(tensors_are_views_into_the_mapping_and_aligned) {
  const TemporaryFolder folder;
  // In the given order the doubles would lie at an odd offset.
  const std::vector<Tensor> tensors{phew::make_tensor("byte", DType::u8, {1}, std::vector<std::byte>(1)),
                                    phew::make_tensor("double", DType::f64, {1}, std::vector<std::byte>(8)),
                                    phew::make_tensor("float", {1}, {2.5F})};
  write(folder / "f", tensors);
  const auto mapped = std::make_shared<const phew::MappedFile>(folder / "f");
  const auto file = phew::read_safetensors(mapped);
  check_same(file.tensors, tensors);
  for (const Tensor& tensor : file.tensors) {
    BOOST_TEST((tensor.bytes.data() >= mapped->bytes().data() &&
                tensor.bytes.data() + tensor.bytes.size() <= mapped->bytes().data() + mapped->bytes().size()));
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % phew::byte_size(tensor.dtype) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(the_header_is_padded_to_eight_bytes_and_metadata_sorted) {
  const TemporaryFolder folder;
  write(folder / "f", {phew::make_tensor("w", {1}, {1.0F})}, {{"b", "2"}, {"a", "1"}});
  const std::string bytes = read_bytes(folder / "f");
  const std::string header =
      R"({"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::size_t padded = (header.size() + 7) / 8 * 8;
  BOOST_TEST(bytes == raw(std::uint64_t{padded}) + header + std::string(padded - header.size(), ' ') + raw(1.0F));
}

BOOST_AUTO_TEST_CASE(headers_that_break_the_rules_are_refused) {
  const TemporaryFolder folder;
  for (const Refused& bad : refused) {
    BOOST_TEST_CONTEXT(bad.header) {
      write_bytes(folder / "bad.safetensors", file_of(bad.header, bad.data_bytes));
      check_error([&] { (void)read(folder / "bad.safetensors"); }, bad.code, {"bad.safetensors: ", bad.text});
    }
  }
}

BOOST_AUTO_TEST_CASE(a_header_of_deep_nesting_or_too_many_extents_is_refused) {
  const TemporaryFolder folder;
  write_bytes(folder / "deep", file_of("{\"a\":" + std::string(100'000, '['), 0));
  check_error([&] { (void)read(folder / "deep"); }, ExitCode::data, {"an array"});
  std::string ones = "1";
  for (int i = 0; i < 64; ++i) ones += ",1";
  write_bytes(folder / "rank",
              file_of("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + ones + "],\"data_offsets\":[0,1]}}", 1));
  check_error([&] { (void)read(folder / "rank"); }, ExitCode::data, {"too large"});
}

BOOST_AUTO_TEST_CASE(a_header_longer_than_the_file_or_the_limit_is_refused) {
  const TemporaryFolder folder;
  write_bytes(folder / "f", raw(std::uint64_t{500}) + "{}");
  check_error([&] { (void)read(folder / "f"); }, ExitCode::data, {"header of 500", "cut short"});
  write_bytes(folder / "f", raw(std::uint64_t{100'000'001}) + "{}");
  check_error([&] { (void)read(folder / "f"); }, ExitCode::data, {"100000001", "at most 100000000"});
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_written_are_refused) {
  const TemporaryFolder folder;
  const auto named = [](const std::string& name) { return phew::make_tensor(name, {1}, {1.0F}); };
  check_error(
      [&] {
        write(folder / "f", {named("a"), named("a")});
      },
      ExitCode::data, {"a: found a tensor's name twice"});
  check_error([&] { write(folder / "f", {named("__metadata__")}); }, ExitCode::data, {"__metadata__"});
  check_error([&] { write(folder / "f", {named("\xff")}); }, ExitCode::data, {"UTF-8"});
  BOOST_TEST(folder.file_count() == 0U);
}

BOOST_AUTO_TEST_CASE(shards_are_read_through_their_index) {
  const TemporaryFolder folder;
  std::mt19937 random(2);
  auto tensors = random_tensors(random, 5);
  write(folder / "m-1.safetensors", {tensors[0], tensors[1], tensors[2]}, {{"format", "pt"}});
  write(folder / "m-2.safetensors", {tensors[3], tensors[4]});
  std::string map;
  for (std::size_t i = 0; i < 5; ++i)
    map += (i == 0 ? "\"" : ",\"") + tensors[i].name + "\":\"" + (i < 3 ? "m-1" : "m-2") + ".safetensors\"";
  const auto index = folder / "m.safetensors.index.json";
  write_bytes(index, R"({"metadata":{"total_size":1},"weight_map":{)" + map + "}}");
  const auto file = phew::read_safetensors_index(phew::MappedFile(index));
  check_same(file.tensors, tensors);
  BOOST_TEST(file.metadata.at("format") == "pt");
}

BOOST_AUTO_TEST_CASE(an_index_that_does_not_fit_its_shards_is_refused) {
  const TemporaryFolder folder;
  write(folder / "s", {phew::make_tensor("a", {1}, {1.0F})});
  write(folder / "twice", {phew::make_tensor("a", {1}, {1.0F}), phew::make_tensor("b", {1}, {1.0F})});
  const std::vector<std::tuple<std::string, ExitCode, std::string>> cases{
      {R"({"weight_map":{"b":"s"}})", ExitCode::data, "a: found in s"},
      {R"({"weight_map":{"a":"s","b":"s"}})", ExitCode::data, "b: found no such tensor in s"},
      {R"({"weight_map":{"a":"s","a":"s"}})", ExitCode::data, "a: found twice"},
      {R"({"weight_map":{"a":"s","b":"twice"}})", ExitCode::data, "a: found in twice"},
      {R"({"weight_map":{"a":"t"}})", ExitCode::no_input, "No such file"},
      {R"({"weight_map":{"a":"../s"}})", ExitCode::data, "same folder"},
      {R"({"weight_map":{"a":"/etc/passwd"}})", ExitCode::data, "same folder"},
      {R"({"weight_map":{"a":".."}})", ExitCode::data, "same folder"},
      {R"({"weight_map":{"a":3}})", ExitCode::data, "name of a file"},
      {R"({"weight_map":[]})", ExitCode::data, "without weight_map"},
      {R"({"error":"not found"})", ExitCode::data, "without weight_map"},
      {R"({"weight_map":{"a":[[[[1]]]]}})", ExitCode::data, "nested"},
      {R"({"weight_map")", ExitCode::data, "no valid JSON"},
  };
  for (const auto& [json, code, text] : cases) {
    write_bytes(folder / "i", json);
    check_error([&] { (void)phew::read_safetensors_index(phew::MappedFile(folder / "i")); }, code, {text});
  }
}

BOOST_AUTO_TEST_SUITE_END()

#include "graph/io/safetensors_header.hpp"

#include "graph/error.hpp"
#include "graph/io/tensor_layout.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_set>
#include <utility>

namespace phew {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<DType, std::string_view>, 10> dtype_names{{{DType::f64, "F64"},
                                                                          {DType::f32, "F32"},
                                                                          {DType::f16, "F16"},
                                                                          {DType::bf16, "BF16"},
                                                                          {DType::i64, "I64"},
                                                                          {DType::i32, "I32"},
                                                                          {DType::i16, "I16"},
                                                                          {DType::i8, "I8"},
                                                                          {DType::u8, "U8"},
                                                                          {DType::boolean, "BOOL"}}};

/// Receives the parser's events. The header's form is fixed, {NAME: {field: …}}, so whatever is nested deeper or
/// elsewhere is refused when it begins, and a hostile header costs no more memory than its own size.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& where) : where_(where) {}
  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (depth_ >= 2 || in_array_) refuse("an object");
    if (++depth_ == 1) return true;
    seen_fields_.clear();
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) return start_entry(std::move(name));
    if (!seen_fields_.insert(name).second) fail(ExitCode::data, "{}: {}: found {} twice", where_, entry_name_, name);
    if (!in_metadata_ && name != "dtype" && name != "shape" && name != "data_offsets")
      fail(ExitCode::data, "{}: {}: found field {}, expected dtype, shape and data_offsets", where_, entry_name_, name);
    field_ = std::move(name);
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ == 2 && in_metadata_)
      header_.metadata.emplace(field_, std::move(value));
    else if (depth_ == 2 && !in_array_ && field_ == "dtype")
      entry().dtype = dtype_named(value);
    else
      refuse("a string");
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || field_ == "dtype") refuse("an array");
    in_array_ = true;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) refuse("a number");
    if (field_ == "shape") {
      if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()) ||
          entry().shape.size() == max_rank)
        fail(ExitCode::data, "{}: {}: found a shape too large", where_, entry_name_);
      entry().shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (offsets_ == 2) fail(ExitCode::data, "{}: {}: found more than two data_offsets", where_, entry_name_);
    (offsets_++ == 0 ? entry().begin : entry().end) = value;
    return true;
  }

  bool end_array() override {
    in_array_ = false;
    return true;
  }

  bool end_object() override {
    --depth_;
    if (depth_ == 0 || std::exchange(in_metadata_, false)) return true;
    if (seen_fields_.size() != 3 || offsets_ != 2)
      fail(ExitCode::data, "{}: {}: expected dtype, shape and two data_offsets", where_, entry_name_);
    return true;
  }

  bool null() override { refuse("null"); }
  bool boolean(bool) override { refuse("a boolean"); }
  bool number_integer(number_integer_t) override { refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { refuse("a fraction or a number too large"); }
  bool binary(binary_t&) override { refuse("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    fail(ExitCode::data, "{}: found no valid JSON at byte {} of the header; is the file damaged?", where_, position);
  }

 private:
  bool start_entry(string_t name) {
    if (!seen_names_.insert(name).second) fail(ExitCode::data, "{}: {}: found twice", where_, name);
    entry_name_ = std::move(name);
    in_metadata_ = entry_name_ == "__metadata__";
    offsets_ = 0;
    if (!in_metadata_) header_.entries.emplace_back().name = entry_name_;
    return true;
  }

  SafetensorsHeader::Entry& entry() { return header_.entries.back(); }

  [[noreturn]] void refuse(std::string_view what) const {
    fail(ExitCode::data, "{}: found {} in the header{}{}, expected none there", where_, what,
         entry_name_.empty() ? "" : " at ", entry_name_);
  }

  [[nodiscard]] DType dtype_named(std::string_view name) const {
    const auto* const found = std::ranges::find(dtype_names, name, [](const auto& pair) { return pair.second; });
    if (found == dtype_names.end())
      fail(ExitCode::unsupported, "{}: {}: found type {}, expected F64, F32, F16, BF16, a signed integer, U8 or BOOL",
           where_, entry_name_, name);
    return found->first;
  }

  std::string where_;
  SafetensorsHeader header_;
  std::unordered_set<std::string> seen_names_, seen_fields_;
  std::string entry_name_, field_;
  int depth_ = 0, offsets_ = 0;
  bool in_metadata_ = false, in_array_ = false;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& where) {
  HeaderReader reader(where);
  Json::sax_parse(json, &reader);
  return reader.take();
}

std::string_view safetensors_name(DType dtype) {
  return std::ranges::find(dtype_names, dtype, [](const auto& pair) { return pair.first; })->second;
}

}  // namespace phew

#include "graph/io/unpickler.hpp"

#include "pickle_writer.hpp"
#include "support.hpp"

using namespace phew::test;
using phew::ExitCode;
using phew::Pickle;

namespace {

Pickle read(const std::string& pickle) { return phew::read_pickle(as_byte_span(pickle), "f.pt"); }

void check_refused(const std::string& body, const std::string& text) {
  check_error([&] { (void)read(pickle::whole(body)); }, ExitCode::data, {"f.pt: ", text});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unpickler)

BOOST_AUTO_TEST_CASE(integers_of_every_size_are_read) {
  const std::vector<std::pair<std::string, std::int64_t>> cases{
      {"K\xff", 255},
      {"M\xff\xff", 65535},
      {"J" + raw(std::int32_t{-7}), -7},
      {std::string("\x8a\x00", 2), 0},
      {std::string("\x8a\x01\xff", 3), -1},
      {std::string("\x8a\x02\xff\x00", 4), 255},
      {std::string("\x8a\x08", 2) + raw(INT64_MIN), INT64_MIN},
      {"\x8b" + raw(std::uint32_t{3}) + std::string("\x01\x00\x80", 3), -8388607},
  };
  for (const auto& [body, expected] : cases) {
    const Pickle pickle = read(pickle::whole(body));
    BOOST_REQUIRE(pickle.root->as<std::int64_t>() != nullptr);
    BOOST_TEST(*pickle.root->as<std::int64_t>() == expected);
  }
}

BOOST_AUTO_TEST_CASE(dicts_keep_their_order_and_ignore_attributes) {
  const std::string body = pickle::global("collections", "OrderedDict") + ")R(" + pickle::text("b") + "K\x01" +
                           pickle::text("a") + "K\x02u" + "}b";
  const Pickle pickle = read(pickle::whole(body));
  const auto* dict = pickle.root->as<phew::PickleDict>();
  BOOST_REQUIRE(dict != nullptr);
  BOOST_REQUIRE_EQUAL(dict->items.size(), 2U);
  BOOST_TEST(*dict->items[0].first->as<std::string>() == "b");
  BOOST_TEST(*dict->items[1].second->as<std::int64_t>() == 2);
}

BOOST_AUTO_TEST_CASE(newer_opcodes_and_the_memo_work) {
  using namespace std::string_literals;
  // {"k": ["x" memoised, twice], …} in protocol 4's short forms, in a frame.
  const std::string body =
      "\x80\x04\x95"s + std::string(8, '\0') + "}\x94\x8c\x01k\x94K\x05s" + "\x8c\x01k" + "K\x06s.";
  const Pickle pickle = read(body);
  const auto* dict = pickle.root->as<phew::PickleDict>();
  BOOST_REQUIRE(dict != nullptr);
  BOOST_TEST(*dict->items[0].second->as<std::int64_t>() == 5);
  const Pickle recalled = read("\x80\x02X\x01\x00\x00\x00kq\x07"s + "0h\x07."s);
  BOOST_TEST(*recalled.root->as<std::string>() == "k");
  // STACK_GLOBAL.
  const Pickle global = read("\x80\x04\x8c\x0b"s + "collections" + "\x8c\x0b" + "OrderedDict" + "\x93)R.");
  BOOST_TEST((global.root->as<phew::PickleDict>() != nullptr));
}

BOOST_AUTO_TEST_CASE(a_tensor_is_what_its_arguments_say) {
  const Pickle pickle = read(pickle::whole(pickle::tensor(pickle::storage("0", 6), 2, {2, 2}, {1, 2})));
  const auto* tensor = pickle.root->as<phew::PickleTensor>();
  BOOST_REQUIRE(tensor != nullptr);
  BOOST_TEST(*tensor->storage->key == "0");
  BOOST_TEST(tensor->type->name == "float32");
  BOOST_TEST(tensor->offset == 2);
  BOOST_TEST(tensor->shape->items.size() == 2U);
}

BOOST_AUTO_TEST_CASE(nothing_that_could_run_is_accepted) {
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                        {"builtins", "eval"},
                                                        {"__builtin__", "getattr"},
                                                        {"torch", "load"},
                                                        {"torch.storage", "_load_from_bytes"},
                                                        {"subprocess", "Popen"},
                                                        {"torch", "Storage"},
                                                        {"torch", "float"}})
    check_refused("]" + pickle::global(module, name), module + "." + name);
}

BOOST_AUTO_TEST_CASE(a_class_at_the_top_is_called_a_module) {
  check_refused(pickle::global("__main__", "Net") + ")\x81", "a whole pickled module (__main__.Net)");
  check_refused("}" + pickle::text("m") + pickle::global("torch.nn.modules.container", "Sequential"),
                "a whole pickled");
  check_refused("}" + pickle::text("args") + pickle::global("argparse", "Namespace"),
                "an object of argparse.Namespace");
}

BOOST_AUTO_TEST_CASE(malformed_pickles_are_refused) {
  check_refused("\xff", "an unknown opcode");
  check_refused("", "too few values");
  check_refused("0", "too few values");
  check_refused("(0", "too few values");
  check_refused("K\x01(s", "too few values");
  check_refused("t", "no mark");
  check_refused("u", "no mark");
  check_refused("}(K\x01u", "a key without a value");
  check_refused("K\x01(K\x01K\x02u", "items of no dict");
  check_refused("h\x09", "an unknown memo");
  check_refused(std::string(65, '('), "nested more than 64");
  check_refused("\x80\x09", "protocol");
  check_refused("K\x01Q", "a storage");
  check_refused("K\x01)R", "a call");
  check_refused("K\x01K\x01\x93", "a global without a name");
  check_refused(pickle::global("torch._utils", "_rebuild_tensor_v2") + ")R", "a tensor");
  check_refused(pickle::global("torch._utils", "_rebuild_parameter") + ")R", "a parameter");
  check_refused(pickle::tuple({pickle::text("storage"), "K\x01", pickle::text("0"), "N", "K\x01"}) + "Q", "a storage");
  check_refused("X" + raw(std::uint32_t{0xFFFFFFFF}), "the end of the pickle");
  check_refused("\x8d" + raw(std::uint64_t{0} - 1), "the end of the pickle");
  check_error([] { (void)read("\x80\x02}"); }, ExitCode::data, {"the end of the pickle"});
  check_error([] { (void)read("cno newline"); }, ExitCode::data, {"the end of the pickle"});
  check_error([] { (void)read(""); }, ExitCode::data, {"the end of the pickle"});
}

BOOST_AUTO_TEST_CASE(a_dict_may_contain_itself) {
  // d = {}; d["d"] = d
  const Pickle pickle =
      read(pickle::whole("}q" + std::string(1, '\0') + pickle::text("d") + "h" + std::string(1, '\0') + "s"));
  const auto* dict = pickle.root->as<phew::PickleDict>();
  BOOST_TEST((dict != nullptr && dict->items[0].second == pickle.root));
}

BOOST_AUTO_TEST_CASE(a_stack_beyond_the_limit_is_refused) { check_refused(std::string(16'000'001, 'N'), "16 million"); }

BOOST_AUTO_TEST_SUITE_END()

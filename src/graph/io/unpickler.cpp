#include "graph/io/unpickler.hpp"

#include "graph/error.hpp"
#include "graph/io/torch_objects.hpp"

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace phew {
namespace {

constexpr std::size_t max_bytes = 64'000'000;
constexpr std::size_t max_values = 16'000'000;
constexpr std::size_t max_depth = 64;

/// The pickle machine: a stack of values, marks on it, and a memo. Opcodes by their pickletools name and byte.
class Unpickler {
 public:
  Unpickler(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {
    pickle_.values.push_back({PickleOpaque{}});
    opaque_ = &pickle_.values.back();
  }

  Pickle run() {
    if (bytes_.size() > max_bytes)
      fail(ExitCode::data, "{}: found a pickle of {} bytes, expected at most {}", where_, bytes_.size(), max_bytes);
    while (true) {
      opcode_ = take<std::uint8_t>();
      if (opcode_ == '.') break;  // STOP
      if (!scalar() && !text() && !container() && !stack_or_memo() && !object()) malformed("an unknown opcode");
    }
    pickle_.root = pop();
    return std::move(pickle_);
  }

 private:
  // Opcodes ---------------------------------------------------------------------------------------------------------

  bool scalar() {
    switch (opcode_) {
      case 'N':   // NONE
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        return put(opaque_);
      case 'G':  // BINFLOAT
        skip(8);
        return put(opaque_);
      case 'J':  // BININT
        return push({std::int64_t{take<std::int32_t>()}});
      case 'K':  // BININT1
        return push({std::int64_t{take<std::uint8_t>()}});
      case 'M':  // BININT2
        return push({std::int64_t{take<std::uint16_t>()}});
      case 0x8A:  // LONG1
        return push_long(take<std::uint8_t>());
      case 0x8B:  // LONG4
        return push_long(take<std::uint32_t>());
      default:
        return false;
    }
  }

  bool text() {
    switch (opcode_) {
      case 'X':  // BINUNICODE
        return push({std::string(take_text(take<std::uint32_t>()))});
      case 0x8C:  // SHORT_BINUNICODE
        return push({std::string(take_text(take<std::uint8_t>()))});
      case 0x8D:  // BINUNICODE8
        return push({std::string(take_text(take<std::uint64_t>()))});
      case 'T':  // BINSTRING
      case 'B':  // BINBYTES
        return skip_bytes(take<std::uint32_t>());
      case 'U':  // SHORT_BINSTRING
      case 'C':  // SHORT_BINBYTES
        return skip_bytes(take<std::uint8_t>());
      case 0x8E:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        return skip_bytes(take<std::uint64_t>());
      default:
        return false;
    }
  }

  bool container() {
    switch (opcode_) {
      case ']':   // EMPTY_LIST
      case 0x8F:  // EMPTY_SET
        return put(opaque_);
      case 'a':  // APPEND
        pop();
        top();
        return true;
      case 'e':   // APPENDS
      case 0x90:  // ADDITEMS
        pop_to_mark();
        return true;
      case 'l':   // LIST
      case 0x91:  // FROZENSET
        pop_to_mark();
        return put(opaque_);
      case ')':  // EMPTY_TUPLE
        return push({PickleTuple{}});
      case 't':  // TUPLE
        return push({PickleTuple{pop_to_mark()}});
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        return push({PickleTuple{pop_many(opcode_ - 0x84U)}});
      case '}':  // EMPTY_DICT
        return push({PickleDict{}});
      case 'd': {  // DICT
        const auto items = pop_to_mark();
        push({PickleDict{}});
        set_items(items);
        return true;
      }
      case 's':  // SETITEM
        set_items(pop_many(2));
        return true;
      case 'u':  // SETITEMS
        set_items(pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool stack_or_memo() {
    switch (opcode_) {
      case 0x80:  // PROTO
        if (take<std::uint8_t>() > 5) malformed("a protocol above 5");
        return true;
      case 0x95:  // FRAME
        skip(8);
        return true;
      case '(':  // MARK
        if (marks_.size() == max_depth) malformed("containers nested more than 64 deep");
        marks_.push_back(stack_.size());
        return true;
      case '0':  // POP
        pop();
        return true;
      case '1':  // POP_MARK
        pop_to_mark();
        return true;
      case '2':  // DUP
        return put(top());
      case 'q':  // BINPUT
        return memoize(take<std::uint8_t>());
      case 'r':  // LONG_BINPUT
        return memoize(take<std::uint32_t>());
      case 0x94:  // MEMOIZE
        return memoize(static_cast<std::uint32_t>(memo_.size()));
      case 'h':  // BINGET
        return recall(take<std::uint8_t>());
      case 'j':  // LONG_BINGET
        return recall(take<std::uint32_t>());
      default:
        return false;
    }
  }

  bool object() {
    switch (opcode_) {
      case 'c': {  // GLOBAL
        const std::string_view module = take_line();
        return push_global(module, take_line());
      }
      case 0x93: {  // STACK_GLOBAL
        const auto names = pop_many(2);
        const auto *module = names[0]->as<std::string>(), *name = names[1]->as<std::string>();
        if (module == nullptr || name == nullptr) malformed("a global without a name");
        return push_global(*module, *name);
      }
      case 'Q':  // BINPERSID
        return push(load_persistent(pop(), where_));
      case 'R':     // REDUCE
      case 0x81: {  // NEWOBJ
        const auto operands = pop_many(2);
        return push(call_global(operands[0], operands[1], where_));
      }
      case 'b':  // BUILD: attributes, such as a state_dict's _metadata, are dropped
        pop();
        top();
        return true;
      default:
        return false;
    }
  }

  // Stack and memo --------------------------------------------------------------------------------------------------

  bool put(PickleValue* value) {
    if (stack_.size() == max_values) malformed("more than 16 million values");
    stack_.push_back(value);
    return true;
  }

  bool push(PickleValue value) {
    if (pickle_.values.size() == max_values) malformed("more than 16 million values");
    return put(&pickle_.values.emplace_back(std::move(value)));
  }

  PickleValue* top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) malformed("too few values");
    return stack_.back();
  }

  PickleValue* pop() {
    PickleValue* value = top();
    stack_.pop_back();
    return value;
  }

  std::vector<PickleRef> pop_many(std::size_t count) {
    std::vector<PickleRef> values(count);
    while (count-- > 0) values[count] = pop();
    return values;
  }

  std::vector<PickleRef> pop_to_mark() {
    if (marks_.empty()) malformed("no mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleRef> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return values;
  }

  /// Adds key, value, key, value, … to the dict on top. What stands for a class of its own is opaque and takes none.
  void set_items(const std::vector<PickleRef>& items) {
    if (items.size() % 2 != 0) malformed("a key without a value");
    PickleValue* target = top();
    if (target == opaque_ || target->as<PickleOpaque>() != nullptr) return;
    auto* dict = std::get_if<PickleDict>(&target->data);
    if (dict == nullptr) malformed("items of no dict");
    for (std::size_t i = 0; i < items.size(); i += 2) dict->items.emplace_back(items[i], items[i + 1]);
  }

  bool memoize(std::uint32_t index) {
    if (memo_.size() == max_values) malformed("more than 16 million values");
    memo_[index] = top();
    return true;
  }

  bool recall(std::uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) malformed("an unknown memo");
    return put(found->second);
  }

  bool push_global(std::string_view module, std::string_view name) {
    std::string global(module);
    global += '.';
    global += name;
    return push(resolve_global(global, stack_.empty(), where_));
  }

  /// An integer of `size` bytes; beyond 64 bits it is nobody's size, and opaque.
  bool push_long(std::size_t size) {
    const auto digits = take_bytes(size);
    if (size > sizeof(std::int64_t)) {
      return put(opaque_);
    }
    const bool negative = size > 0 && (std::to_integer<unsigned>(digits.back()) & 0x80U) != 0;
    std::int64_t value = negative ? -1 : 0;
    std::memcpy(&value, digits.data(), size);
    return push({value});
  }

  // Input -----------------------------------------------------------------------------------------------------------

  std::span<const std::byte> take_bytes(std::uint64_t count) {
    if (count > bytes_.size() - position_) malformed("the end of the pickle");
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  void skip(std::uint64_t count) { (void)take_bytes(count); }

  bool skip_bytes(std::uint64_t count) {
    skip(count);
    return put(opaque_);
  }

  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view take_text(std::uint64_t count) {
    const auto taken = take_bytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  std::string_view take_line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, bytes_.size() - position_);
    const std::size_t end = rest.find('\n');
    if (end == rest.npos) malformed("the end of the pickle");
    position_ += end + 1;
    return rest.substr(0, end);
  }

  [[noreturn]] void malformed(std::string_view found) const {
    fail(ExitCode::data, "{}: data.pkl: found {} at byte {} (opcode 0x{:02x}); is the file damaged?", where_, found,
         position_, opcode_);
  }

  std::span<const std::byte> bytes_;
  const std::string& where_;
  std::size_t position_ = 0;
  std::uint8_t opcode_ = 0;
  Pickle pickle_;
  PickleValue* opaque_ = nullptr;  ///< one value for all that is not kept
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue*> memo_;
};

}  // namespace

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& where) { return Unpickler(bytes, where).run(); }

}  // namespace phew

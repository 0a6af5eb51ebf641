#include "graph/error.hpp"
#include "graph/io/state_dict.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace phew {
namespace {

constexpr int max_depth = 64;
constexpr std::array<std::string_view, 8> usual_keys{"state_dict", "model_state_dict", "model",  "net",
                                                     "network",    "weights",          "params", "module"};

bool is_usual(std::string_view key) { return std::ranges::count(usual_keys, key) > 0; }

class Search {
 public:
  explicit Search(const std::string& where) : where_(where) {}

  const PickleDict& run(const PickleDict& root) {
    const PickleDict* dict = &root;
    for (int depth = 0; depth < max_depth; ++depth) {
      const PickleDict* next = only_child(*dict, true);
      if (next == nullptr && has_own_tensors(*dict)) return *dict;
      if (next == nullptr) next = only_child(*dict, false);
      if (next == nullptr) break;
      dict = next;
    }
    fail(ExitCode::data, "{}: found no tensors under names, expected a state_dict", where_);
  }

 private:
  static bool has_own_tensors(const PickleDict& dict) {
    return std::ranges::any_of(dict.items, [](const auto& item) {
      const auto* tensor = item.second->template as<PickleTensor>();
      return item.first->template as<std::string>() != nullptr && tensor != nullptr && !tensor->shape->items.empty();
    });
  }

  /// The one dict with tensors below `dict` under a usual key, or under another one; nullptr if there is none.
  const PickleDict* only_child(const PickleDict& dict, bool usual) {
    const PickleDict* child = nullptr;
    std::string names;
    bool several = false;
    for (const auto& [key, value] : dict.items) {
      const auto* name = key->as<std::string>();
      const auto* candidate = value->as<PickleDict>();
      if (name == nullptr || candidate == nullptr || is_usual(*name) != usual || !holds_tensors(*candidate, 0))
        continue;
      names += (names.empty() ? "" : ", ") + *name;
      several |= child != nullptr && child != candidate;
      child = candidate;
    }
    if (several)
      fail(ExitCode::data,
           "{}: found several state_dicts ({}), expected one; in PyTorch: torch.save(checkpoint[NAME], \"weights.pt\")",
           where_, names);
    return child;
  }

  /// Each dict is judged once, so a pickle in which dicts share dicts takes no longer than its size.
  bool holds_tensors(const PickleDict& dict, int depth) {
    const auto [known, is_new] = holds_.emplace(&dict, false);
    if (!is_new || depth == max_depth) return known->second;
    const bool holds = has_own_tensors(dict) || std::ranges::any_of(dict.items, [&](const auto& item) {
                         const auto* below = item.second->template as<PickleDict>();
                         return item.first->template as<std::string>() != nullptr && below != nullptr &&
                                holds_tensors(*below, depth + 1);
                       });
    return holds_[&dict] = holds;
  }

  const std::string& where_;
  std::unordered_map<const PickleDict*, bool> holds_;
};

}  // namespace

const PickleDict& find_state_dict(const Pickle& pickle, const std::string& where) {
  if (pickle.root->as<PickleTensor>() != nullptr)
    fail(ExitCode::data, "{}: found a single tensor without a name, expected a state_dict", where);
  const auto* root = pickle.root->as<PickleDict>();
  if (root == nullptr) fail(ExitCode::data, "{}: found a list or a plain value, expected a state_dict", where);
  return Search(where).run(*root);
}

}  // namespace phew

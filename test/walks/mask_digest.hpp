// A mask as a short text, for goldens.
#pragma once

#include "graph/mask.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <memory>
#include <string>

namespace phew::test {

/// 128-bit XXH3 of the mask's words, as 32 hexadecimal digits.
inline std::string digest_of(const Mask& mask) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  for (std::size_t t = 0; t < mask.tensor_count(); ++t)
    XXH3_128bits_update(state.get(), mask[t].words().data(), mask[t].words().size_bytes());
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace phew::test

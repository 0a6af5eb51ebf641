// parallel_for: the one way this project uses threads. Which thread runs an index never affects a result.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace phew {

/// Calls f(i) once for each i in 0 … count − 1 from up to `threads` threads (the caller's among them), in any order.
/// The first exception ends the loop early and is rethrown here.
template <typename F>
void parallel_for(int threads, std::int64_t count, F&& f) {
  const auto workers = std::min<std::int64_t>(std::max(threads, 1), count);
  if (workers <= 1) {
    for (std::int64_t i = 0; i < count; ++i) f(i);
    return;
  }
  std::atomic<std::int64_t> next{0};
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    try {
      for (std::int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) f(i);
    } catch (...) {
      next = count;
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> team;
    for (std::int64_t i = 1; i < workers; ++i) team.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace phew

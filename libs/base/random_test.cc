// Proves that random numbers do not repeat, in one thread or between threads.
#include "libs/base/random.h"

#include <gmock/gmock.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace specom {
namespace {

TEST(Random64, NeverRepeats) {
  constexpr int kThreads = 3, kNumbers = 2000;
  std::mutex mutex;
  std::set<std::uint64_t> seen;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::vector<std::uint64_t> drawn;
      for (int i = 0; i < kNumbers; ++i) drawn.push_back(Random64());
      std::lock_guard lock(mutex);
      seen.insert(drawn.begin(), drawn.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), kThreads * kNumbers);
}

}  // namespace
}  // namespace specom

// For the tests of this library: a truth that loaders read, Redis servers that tests may kill, and a
// way to Redis that can be blocked.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/digest.h"
#include "libs/cache/cache.h"
#include "libs/events/redis_connection.h"
#include "libs/observe/metrics.h"
#include "libs/testing/status_matchers.h"

namespace specom::cache {

inline constexpr char kSpace[] = "test.space";

// Asks again and again until it is so, or patience ends.
inline bool Eventually(const std::function<bool()>& fact) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!fact()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// What a writer has committed: its version, and bytes that tell it.
class Truth {
 public:
  std::int64_t version() const { return version_; }
  void Commit(std::int64_t version) { version_ = version; }
  int loads() const { return loads_; }

  Loader AsLoader() {
    return [this]() -> absl::StatusOr<Loaded> {
      ++loads_;
      return LoadedOf(version_);
    };
  }
  static Loaded LoadedOf(std::int64_t version) { return {version, absl::StrCat("of ", version)}; }

 private:
  std::atomic<std::int64_t> version_ = 1;
  std::atomic<int> loads_ = 0;
};

// A loader that says when it has begun, and waits until it is let go.
class HeldLoader {
 public:
  Loader Of(absl::StatusOr<Loaded> outcome) {
    return [this, outcome = std::move(outcome)] {
      began_ = true;
      go_.wait(false);
      return outcome;
    };
  }
  bool AwaitBeginning() {
    return Eventually([this] { return began_.load(); });
  }
  void LetGo() {
    go_ = true;
    go_.notify_all();
  }

 private:
  std::atomic<bool> began_ = false;
  std::atomic<bool> go_ = false;
};

inline absl::StatusOr<Loaded> MustNotLoad() {
  ADD_FAILURE() << "the loader ran";
  return Loaded{};
}

// A cache of its own, as another process would have it.
struct Process {
  explicit Process(CacheOptions options) {
    options.metrics = &metrics;
    auto opened = Cache::Open(std::move(options));
    EXPECT_THAT(opened, specom::testing::IsOk());
    cache = *std::move(opened);
  }
  Cache* operator->() { return cache.get(); }

  bool AwaitBelief() {
    return Eventually([this] { return cache->Believes(); });
  }
  // The number that the series has now; -1: there is none.
  double Metric(const std::string& series) const {
    const std::string text = "\n" + metrics.Text();
    const std::size_t at = text.find("\n" + series + " ");
    double value = -1;
    if (at == text.npos) return value;
    const std::size_t begin = at + series.size() + 2;
    return absl::SimpleAtod(text.substr(begin, text.find('\n', begin) - begin), &value) ? value : -1;
  }
  double Requests(const std::string& outcome, const std::string& space = kSpace) const {
    return Metric(
        absl::StrCat("specom_cache_requests_total{outcome=\"", outcome, "\",space=\"", space, "\"}"));
  }

  observe::Metrics metrics;
  std::unique_ptr<Cache> cache;
};

inline Secret TestRedisUrl() {
  const char* url = std::getenv("SPECOM_TEST_REDIS");
  EXPECT_NE(url, nullptr) << "SPECOM_TEST_REDIS is not set: run through ./tools/test";
  return Secret(url == nullptr ? "redis://127.0.0.1:1" : url);
}

}  // namespace specom::cache

// A near cache in each process over Redis: bytes under a space, a version and a key. The README
// states what it promises and why that holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/secret.h"
#include "libs/cache/breaker.h"

namespace specom::observe {
class Logger;
class Metrics;
}  // namespace specom::observe

namespace specom::cache {

// Shared with the cache: nobody changes them.
using Bytes = std::shared_ptr<const std::string>;

// What a loader brings: the bytes and the version of the space that they are of. Every change of what
// the space holds has a higher version. 0: the version is not known; such bytes are not kept.
struct Loaded {
  std::int64_t version = 0;
  std::string bytes;
};
using Loader = std::function<absl::StatusOr<Loaded>()>;

struct Query {
  // Known to the program, e.g. "portfolio.registry": a label of metrics. Without spaces.
  std::string_view space;
  // Any bytes, e.g. a digest of the request.
  std::string key;
  // Present: the answer at this version, which never changes. Absent: at the current one. A key is asked
  // for either always with a version or always without.
  std::optional<std::int64_t> version = {};
  // How long the caller waits for another's load.
  absl::Duration timeout = absl::InfiniteDuration();
  // How long the answer is kept, give or take the jitter; absent: CacheOptions::lifetime.
  std::optional<absl::Duration> lifetime = {};
};

struct Found {
  std::int64_t version = 0;
  Bytes bytes;
};

struct CacheOptions {
  // Empty: near only.
  Secret redis_url = {};
  // Begins the name of every key in Redis, so that platforms that share one do not meet.
  std::string name_space = "specom";
  // Of the near cache, keys and bookkeeping included; 0: nothing is kept near.
  std::size_t near_bytes = std::size_t{64} << 20;
  // Larger values are not put into Redis.
  std::size_t largest_in_redis = std::size_t{1} << 20;
  absl::Duration lifetime = absl::Minutes(10);
  // Lifetimes differ by up to this part of them, so that they do not end together. 0 to below 1.
  double jitter = 0.15;
  // For how long near answers are believed without a sign of life from Redis: the bound.
  absl::Duration max_silence = absl::Seconds(1);
  // For one command to Redis.
  absl::Duration command_timeout = absl::Milliseconds(50);
  BreakerOptions breaker = {};
  // Of which only differences count; outlives the cache. Null: the time since the machine started.
  const Clock* clock = nullptr;
  // Both outlive the cache; null: nowhere.
  observe::Logger* logger = nullptr;
  // specom_cache_requests_total{space,outcome}, specom_cache_breaker_open, specom_cache_believed,
  // specom_cache_near_bytes, specom_cache_redis_failures_total, specom_cache_invalidations_total,
  // specom_cache_behind_total{space}.
  observe::Metrics* metrics = nullptr;
};

// Ends with the object; a callback that runs is waited for.
class Watch {
 public:
  virtual ~Watch() = default;
};

// For any number of threads.
class Cache {
 public:
  // Redis need not be there. INVALID_ARGUMENT for a URL that is none.
  static absl::StatusOr<std::unique_ptr<Cache>> Open(CacheOptions options);
  // Every Get has returned and every Watch has ended before.
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // From nearby, from Redis, or from the loader, which runs once for all who ask for the key at the
  // same time, on the thread of one of them. The loader's error for all of them, and it is not kept;
  // only where the loader was CANCELLED or met its DEADLINE_EXCEEDED do the others try themselves.
  // DEADLINE_EXCEEDED when another's load takes longer than the query's timeout. Trouble with Redis is
  // never an error.
  absl::StatusOr<Found> Get(const Query& query, const Loader& loader);

  // The change with this version has committed: what is older is not the current answer any more. Call
  // it before the writer's reply. False: Redis could not be told yet; it will be as soon as it can.
  bool Advance(std::string_view space, std::int64_t version);

  // The highest version that this process knows of; 0: none.
  std::int64_t KnownVersion(std::string_view space) const;

  // Calls back, on a thread of the cache, when another process has advanced the space; callbacks are
  // quick and do not end the watch. Nothing calls back without Redis.
  [[nodiscard]] std::unique_ptr<Watch> OnAdvance(std::string_view space,
                                                 std::function<void(std::int64_t version)> callback);

  // Whether near answers are believed now; without Redis they are.
  bool Believes() const;

 private:
  class State;
  explicit Cache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace specom::cache

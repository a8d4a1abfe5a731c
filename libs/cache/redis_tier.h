// Values and versions in Redis, behind a circuit breaker and short timeouts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/cache/breaker.h"
#include "libs/events/redis_connection.h"
#include "libs/observe/metrics.h"

namespace specom::cache {

// For any number of threads; each call takes one of a few connections, and is UNAVAILABLE at once when
// all are taken or while the breaker is open.
class RedisTier {
 public:
  // Both outlive the tier.
  RedisTier(events::RedisEndpoint endpoint, std::string name_space, absl::Duration command_timeout,
            const BreakerOptions& breaker, const Clock& clock, observe::Metrics& metrics);

  struct Current {
    // Empty, 0, absent: Redis has none.
    std::string incarnation;
    std::int64_t version = 0;
    std::optional<std::string> bytes;
  };

  // Nothing: Redis has no such value. incarnation: as ValueKey.
  absl::StatusOr<std::optional<std::string>> GetAt(const std::string& incarnation, std::string_view space,
                                                   std::int64_t version, std::string_view key);
  // What Redis has at the space's version.
  absl::StatusOr<Current> GetCurrent(std::string_view space, std::string_view key);
  absl::Status PutAt(std::string_view space, std::int64_t version, std::string_view key,
                     const std::string& bytes, absl::Duration lifetime);
  // As kPutScript.
  absl::StatusOr<std::int64_t> PutCurrent(const std::string& incarnation, std::string_view space,
                                          std::int64_t version, std::string_view key,
                                          const std::string& bytes, absl::Duration lifetime);
  // As kRaiseScript; tries also while the breaker is open: what must be told is worth one timeout.
  absl::StatusOr<std::int64_t> Raise(std::string_view space, std::int64_t version);
  // Redis has answered somebody else: it is there again.
  void Heard();

 private:
  enum class Breaking { kMinded, kIgnored };

  absl::StatusOr<events::RedisReply> Call(const std::vector<std::string>& command,
                                          Breaking breaking = Breaking::kMinded);
  // Null: all are taken.
  std::unique_ptr<events::RedisConnection> Take();
  void GiveBack(std::unique_ptr<events::RedisConnection> connection);

  const events::RedisEndpoint endpoint_;
  const std::string name_space_;
  const events::RedisTimeouts timeouts_;
  Breaker breaker_;
  observe::Gauge open_;
  observe::Counter failures_;

  absl::Mutex mutex_;
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<events::RedisConnection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace specom::cache

// Who the tokens say that were verified lately. A look-up costs less than a microsecond, a signature a
// hundred times as much.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/auth/principal.h"

namespace specom {

// What a verified token says, and when that holds: not_before <= now < not_after, clock skew included.
struct VerifiedToken {
  Principal principal;
  absl::Time not_before;
  absl::Time not_after;
};

// Any thread.
class TokenCache {
 public:
  // In all; a full shard lets an entry go for each new one, an expired one first.
  inline static constexpr std::size_t kMaxEntries = 4'096;

  // Nothing for a token that is not there, was verified by keys of another generation, or does not hold now.
  std::optional<Principal> Find(std::string_view token, std::uint64_t generation, absl::Time now);
  void Put(std::string_view token, std::uint64_t generation, absl::Time now, VerifiedToken verified);
  std::size_t size() const;

 private:
  inline static constexpr std::size_t kShards = 16;
  struct Entry {
    VerifiedToken verified;
    std::uint64_t generation;
  };
  struct alignas(64) Shard {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<std::string, Entry> entries ABSL_GUARDED_BY(mutex);
  };

  Shard& ShardOf(std::string_view token);
  static void MakeRoom(Shard& shard, std::uint64_t generation, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  std::array<Shard, kShards> shards_;
};

}  // namespace specom

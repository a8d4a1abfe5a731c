// What a cache knows: entries, versions, who is loading, and how far it may believe itself.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "libs/cache/boot_clock.h"
#include "libs/cache/cache.h"
#include "libs/cache/invalidations.h"
#include "libs/cache/near_entries.h"
#include "libs/cache/redis_tier.h"
#include "libs/observe/metrics.h"

namespace specom::cache {

class Cache::State final : public Hearer {
 public:
  State(CacheOptions options, std::optional<events::RedisEndpoint> endpoint);
  ~State() override;

  absl::StatusOr<Found> Get(const Query& query, const Loader& loader);
  bool Advance(std::string_view space, std::int64_t version);
  std::int64_t KnownVersion(std::string_view space) const;
  std::unique_ptr<Watch> OnAdvance(std::string_view space,
                                   std::function<void(std::int64_t version)> callback);
  bool Believes() const;

  std::map<std::string, std::int64_t> Advanced() override;
  void Began(const Versions& versions, absl::Time since) override;
  void Stale() override;
  void Read(const Versions& versions) override;
  void Alive(absl::Time since) override;
  void Ended() override;

 private:
  struct Space {
    explicit Space(std::string_view name, observe::Metrics& metrics);
    std::int64_t known = 0;
    // The highest that this process has advanced it to; 0: never.
    std::int64_t advanced = 0;
    observe::Counter near, redis, loaded, waited, behind;
  };
  // A load that is under way.
  struct Flight {
    absl::Time began;
    bool landed = false;
    absl::StatusOr<Found> outcome = absl::UnknownError("");
  };
  // What a Get goes by, as it was when it began.
  struct Basis {
    // The version asked for, or the current one as far as it is known; 0: it is not.
    std::int64_t version = 0;
    // Answers at the version are what is asked for: it never changes, or rises are heard of.
    bool sure = false;
    // 0: nothing is heard from Redis.
    std::int64_t session = 0;
    std::string incarnation;
    std::string flight_name;
  };
  // The outcome of a flight, and whether it is yet to be stored in Redis.
  struct Brought {
    absl::StatusOr<Found> found = absl::UnknownError("");
    bool loaded = false;
  };
  class Watcher;

  Space& SpaceOf(std::string_view name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Hears() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Basis BasisOf(const Query& query, const Space& space) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The flight to wait for, or (true) the one to lead.
  std::pair<std::shared_ptr<Flight>, bool> Board(const Basis& basis) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Land(const Basis& basis, const std::shared_ptr<Flight>& flight, absl::StatusOr<Found> outcome);
  // What the other's load brought; nothing when the time is over.
  std::optional<absl::StatusOr<Found>> Await(Flight& flight, absl::Time deadline);

  Brought Bring(const Query& query, Basis& basis, const Loader& loader, Space& space);
  std::optional<Found> FromRedis(const Query& query, Basis& basis);
  absl::StatusOr<Loaded> Load(const Query& query, const Basis& basis, const Loader& loader, Space& space);
  void Keep(const Query& query, const Basis& basis, const Found& found);
  void PutIntoRedis(const Query& query, const Basis& basis, const Found& found);
  absl::Duration LifetimeOf(const Query& query);
  // A higher version is known; what is older goes.
  void Learn(std::string_view name, std::int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeUp(const Versions& versions) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellWatchers(const Versions& versions);
  void ShowState() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CacheOptions options_;
  const BootClock boot_clock_;
  const Clock& clock_;
  // Where the options name none.
  observe::Metrics own_metrics_;
  observe::Metrics& metrics_;
  observe::Gauge near_bytes_, believed_;
  observe::Counter invalidations_heard_;
  std::unique_ptr<RedisTier> redis_;

  mutable absl::Mutex mutex_;
  NearEntries near_ ABSL_GUARDED_BY(mutex_);
  mutable std::map<std::string, Space, std::less<>> spaces_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::shared_ptr<Flight>> flights_ ABSL_GUARDED_BY(mutex_);
  absl::BitGen random_ ABSL_GUARDED_BY(mutex_);
  std::int64_t sessions_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t session_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string incarnation_ ABSL_GUARDED_BY(mutex_);
  // The versions were read since something last rose.
  bool fresh_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time believed_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();

  // Held while a watcher is called back. Before mutex_.
  std::mutex watch_mutex_;
  std::list<Watcher*> watchers_;

  // Last: it calls back until it is gone.
  std::unique_ptr<Invalidations> invalidations_;
};

}  // namespace specom::cache

// Hears from Redis when versions rise, on one connection that both tracks and listens, and knows how
// long that connection has been silent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/waker.h"
#include "libs/cache/redis_layout.h"
#include "libs/events/redis_connection.h"
#include "libs/observe/logger.h"

namespace specom::cache {

// Who wants to know; called on the listener's thread.
class Hearer {
 public:
  virtual ~Hearer() = default;
  // What this process has advanced: Redis shall have it.
  virtual std::map<std::string, std::int64_t> Advanced() = 0;
  // From now on every rise is heard of. versions: read afterwards. `since`: nothing before was missed.
  virtual void Began(const Versions& versions, absl::Time since) = 0;
  // Something has risen; Read follows.
  virtual void Stale() = 0;
  virtual void Read(const Versions& versions) = 0;
  // Everything before `since` was heard.
  virtual void Alive(absl::Time since) = 0;
  // Nothing is heard of any more, until Began.
  virtual void Ended() = 0;
};

class Invalidations {
 public:
  struct Options {
    events::RedisEndpoint endpoint;
    std::string name_space;
    absl::Duration max_silence;
  };

  // All outlive it. clock: gives the times that the hearer is told; waiting goes by real time. Null
  // logger: none.
  Invalidations(Options options, const Clock& clock, observe::Logger* logger, Hearer& hearer);
  // Ends within a quarter of max_silence, or the time that Redis takes to answer.
  ~Invalidations();
  Invalidations(const Invalidations&) = delete;
  Invalidations& operator=(const Invalidations&) = delete;

  void Start();

 private:
  void Run();
  // Until the connection breaks, is silent for too long, or Redis has lost what it held.
  // heard: it had begun.
  absl::Status Listen(bool& heard);
  absl::Status Subscribe(events::RedisConnection& subscribed);
  absl::StatusOr<Versions> ReadVersions(events::RedisConnection& commands);
  // Makes an incarnation where there is none and raises what this process has advanced.
  absl::StatusOr<Versions> Open(events::RedisConnection& commands);
  absl::Status RaiseAdvanced(events::RedisConnection& commands, const Versions& held);

  const Options options_;
  const absl::Duration interval_;
  const Clock& clock_;
  observe::Logger* const logger_;
  Hearer& hearer_;

  Waker waker_;
  // Whether the present trouble was told.
  bool told_ = false;
  std::thread thread_;
};

}  // namespace specom::cache

// For the tests of this library: both buses under one roof, topics of their own, and handlers that
// remember what they were given.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/digest.h"
#include "libs/events/bus.h"
#include "libs/events/redis_connection.h"
#include "libs/testing/status_matchers.h"

namespace specom::events {

// How long a test waits for what must happen; only reached when it fails.
inline constexpr absl::Duration kPatience = absl::Seconds(20);

// What handlers saw, in the order in which they saw it.
class Seen {
 public:
  absl::Status Add(const Event& event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(event);
    return absl::OkStatus();
  }
  Handler AsHandler() {
    return [this](const Event& event) { return Add(event); };
  }
  std::vector<Event> Events() const {
    absl::MutexLock lock(&mutex_);
    return events_;
  }
  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const Event& event : Events()) ids.push_back(event.id);
    return ids;
  }
  // True once `count` events were seen.
  bool AwaitCount(std::size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return events_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), kPatience);
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mutex_);
};

// Asks again and again until it is so, or patience ends.
inline bool Eventually(const std::function<bool()>& fact) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!fact()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

inline Event MakeEvent(std::int64_t sequence, const std::string& subject = "runs/a") {
  Event event;
  event.id = absl::StrCat("event-", sequence);
  event.source = "specom/test";
  event.type = "specom.events.v1.Test";
  event.subject = subject;
  event.time = absl::FromUnixMicros(1'750'000'000'123'456 + sequence);
  event.dataschema = "type.googleapis.com/specom.events.v1.Test";
  event.data = std::string("bytes\0\xff of ", 11) + event.id;
  event.aggregate_seq = sequence;
  event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  event.sequence = sequence;
  return event;
}

inline std::vector<Event> MakeEvents(std::int64_t first, std::int64_t last) {
  std::vector<Event> events;
  for (std::int64_t sequence = first; sequence <= last; ++sequence) events.push_back(MakeEvent(sequence));
  return events;
}

inline std::vector<std::string> IdsOf(std::int64_t first, std::int64_t last) {
  std::vector<std::string> ids;
  for (const Event& event : MakeEvents(first, last)) ids.push_back(event.id);
  return ids;
}

// Options that make a test quick: retries at once, takes over after a twentieth of a second.
inline SubscribeOptions QuickOptions(const std::string& consumer) {
  SubscribeOptions options;
  options.consumer = consumer;
  options.claim_after = absl::Milliseconds(50);
  options.retry_delay = absl::Milliseconds(1);
  return options;
}

enum class BusKind { kInProcess, kRedis };

inline std::string BusName(BusKind kind) {
  return kind == BusKind::kInProcess ? "InProcess" : "Redis";
}

inline Secret TestRedisUrl() {
  const char* url = std::getenv("SPECOM_TEST_REDIS");
  return Secret(url == nullptr ? "" : url);
}

class RedisKeys {
 public:
  explicit RedisKeys(std::string topic)
      : topic_(std::move(topic)), connection_(ParseRedisUrl(TestRedisUrl()).value()) {}
  ~RedisKeys() { Lose(); }

  RedisReply Call(std::initializer_list<std::string> command) {
    const absl::StatusOr<RedisReply> reply = connection_.Call(command);
    EXPECT_THAT(reply, specom::testing::IsOk());
    return reply.ok() ? *reply : RedisReply();
  }
  // Removes what the topic has in Redis.
  void Lose() { Call({"DEL", topic_, topic_ + ":mark", topic_ + ":dead"}); }

 private:
  const std::string topic_;
  RedisConnection connection_;
};

// A bus with a topic that nobody else uses.
class BusTestBase : public ::testing::Test {
 protected:
  void OpenBus(BusKind kind) {
    if (kind == BusKind::kInProcess) {
      bus_ = NewInProcessBus();
      return;
    }
    ASSERT_FALSE(TestRedisUrl().empty()) << "SPECOM_TEST_REDIS is not set: run through ./tools/test";
    keys_ = std::make_unique<RedisKeys>(topic_);
    absl::StatusOr<std::unique_ptr<Bus>> bus = NewRedisBus(TestRedisUrl());
    ASSERT_THAT(bus, specom::testing::IsOk());
    bus_ = *std::move(bus);
  }

  // The bus forgets the topic, as when its data are lost.
  void LoseTopic() {
    if (keys_ != nullptr) {
      keys_->Lose();
    } else {
      bus_ = NewInProcessBus();
    }
  }

  std::unique_ptr<Subscription> Subscribe(const std::string& group, const SubscribeOptions& options,
                                          Handler handler) {
    auto subscription = bus_->Subscribe(topic_, group, options, std::move(handler));
    EXPECT_THAT(subscription, specom::testing::IsOk());
    return subscription.ok() ? *std::move(subscription) : nullptr;
  }

  const std::string topic_ = absl::StrCat("test.", NewUuid());
  std::unique_ptr<RedisKeys> keys_;
  std::unique_ptr<Bus> bus_;
};

class BusTest : public BusTestBase, public ::testing::WithParamInterface<BusKind> {
 protected:
  void SetUp() override { OpenBus(GetParam()); }
};

}  // namespace specom::events

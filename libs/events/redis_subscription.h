// One consumer of a group on a Redis stream, with a thread and a connection of its own.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "libs/base/waker.h"
#include "libs/events/bus.h"
#include "libs/events/redis_connection.h"
#include "libs/events/redis_stream.h"

namespace specom::events {

class RedisSubscription final : public Subscription {
 public:
  RedisSubscription(RedisEndpoint endpoint, std::string_view topic, std::string_view group,
                    const SubscribeOptions& options, Handler handler, observe::Logger* logger);
  ~RedisSubscription() override;

  // Makes the group at the beginning of the stream where there is none, on the caller's thread,
  // before Start.
  absl::Status EnsureGroup();
  void Start();
  void Stop() override;

 private:
  void Run();
  // Delivers one event or waits for one for a while.
  absl::Status Step();
  absl::Status Deliver(Event event);
  absl::Status Park(const Event& event, const std::string& reason);

  // The entry, or nil.
  absl::StatusOr<RedisReply> OwnPending();
  // Takes new events in hand: as many as are handled soon, so that others of the group get their share and
  // nobody takes over what only waits here.
  absl::Status TakeNew();
  std::size_t WhatIsHandledSoon() const;
  // True when an event was taken over; it is then among the own pending ones.
  absl::StatusOr<bool> TakeOverAbandoned();
  absl::StatusOr<int> DeliveriesOf(const Event& event);
  // Entries vanished before they were handled: drops the stream, so that the relay fills it again.
  absl::Status DropStream(std::size_t entries);

  const TopicKeys keys_;
  const std::string group_;
  const SubscribeOptions options_;
  const Handler handler_;
  observe::Logger* const logger_;
  RedisConnection connection_;
  // True while there may be events that this consumer took and did not finish, beside those in hand.
  bool own_pending_ = true;
  // The latest delivery failed: the event comes before those in hand.
  bool failed_ = false;
  // New events that wait for the handler, and since when.
  std::deque<Event> in_hand_;
  std::chrono::steady_clock::time_point taken_{};
  // How long the handler takes, on average.
  absl::Duration handling_;
  // On the steady clock: the machine's may be moved.
  std::chrono::steady_clock::time_point next_takeover_{};

  Waker waker_;
  std::thread thread_;
};

}  // namespace specom::events

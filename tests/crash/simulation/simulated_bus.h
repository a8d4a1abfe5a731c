// A bus without threads that keeps the contract of libs/events/bus.h at its worst: an event is delivered
// when the simulation says so, late, twice, after later ones, and all that it holds may be lost.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libs/events/bus.h"

namespace specom::crash {

// What becomes of the next publication.
enum class PublishFault {
  kNone,
  // Refused: the bus is away.
  kAway,
  // Taken, and the publisher is not told.
  kReplyLost,
  // The first half is taken, and the publisher is not told.
  kCutShort,
};

struct Delivery {
  std::string topic, group;
  std::string consumer;
  events::Event event;
};

class SimulatedBus final : public events::Bus {
 public:
  void FailNext(PublishFault fault) { fault_ = fault; }
  // All topics and the positions of all groups are gone.
  void Lose();
  // An event of the topic for one of the group's consumers: `choose(n)` gives a number below n. Groups of
  // several consumers get them in any order and now and then again; groups of one in their order, and now
  // and then the last one again. Nothing when there is none.
  std::optional<Delivery> Draw(const std::string& topic, const std::string& group,
                               const std::function<std::size_t(std::size_t)>& choose);
  // Calls the consumer; an event that it fails will be drawn again.
  absl::Status Hand(const Delivery& delivery);
  // Whether the group has yet to finish an event of the topic.
  bool Waits(const std::string& topic, const std::string& group);

  absl::Status Publish(std::string_view topic, std::span<const events::Event> events,
                       std::int64_t after) override;
  absl::StatusOr<std::int64_t> HighWaterMark(std::string_view topic) override;
  absl::StatusOr<std::unique_ptr<events::Subscription>> Subscribe(std::string_view topic,
                                                                  std::string_view group,
                                                                  const events::SubscribeOptions& options,
                                                                  events::Handler handler) override;
  absl::StatusOr<std::int64_t> Trim(std::string_view, std::int64_t) override { return 0; }
  absl::StatusOr<std::vector<events::DeadLetter>> DeadLetters(std::string_view) override {
    return std::vector<events::DeadLetter>();
  }
  absl::Status Ping() override { return absl::OkStatus(); }

 private:
  struct Group {
    // By name.
    std::map<std::string, events::Handler> consumers;
    // Of the events that were finished.
    std::set<std::int64_t> finished;
  };
  struct Topic {
    std::map<std::int64_t, events::Event> events;
    std::map<std::string, Group, std::less<>> groups;
  };

  std::map<std::string, Topic, std::less<>> topics_;
  PublishFault fault_ = PublishFault::kNone;
};

}  // namespace specom::crash

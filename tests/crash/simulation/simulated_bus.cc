#include "tests/crash/simulation/simulated_bus.h"

#include <iterator>
#include <utility>

#include "libs/base/check.h"

namespace specom::crash {
namespace {

// One in so many deliveries is of an event that was finished before.
constexpr std::size_t kRepeatOneIn = 5;

class NoThread final : public events::Subscription {
 public:
  void Stop() override {}
};

}  // namespace

void SimulatedBus::Lose() {
  for (auto& [_, topic] : topics_) {
    topic.events.clear();
    for (auto& [__, group] : topic.groups) group.finished.clear();
  }
}

std::optional<Delivery> SimulatedBus::Draw(const std::string& topic_name, const std::string& group_name,
                                           const std::function<std::size_t(std::size_t)>& choose) {
  const Topic& topic = topics_[topic_name];
  const Group& group = topics_[topic_name].groups[group_name];
  SPECOM_CHECK(!group.consumers.empty());
  const bool ordered = group.consumers.size() == 1;
  std::vector<std::int64_t> waiting, again;
  for (const auto& [sequence, _] : topic.events) {
    (group.finished.contains(sequence) ? again : waiting).push_back(sequence);
  }
  if (ordered && !again.empty()) again = {again.back()};
  if (ordered && !waiting.empty()) waiting = {waiting.front()};
  const bool repeat = !again.empty() && choose(kRepeatOneIn) == 0;
  const std::vector<std::int64_t>& from = repeat ? again : waiting;
  if (from.empty()) return std::nullopt;
  const auto consumer = std::next(group.consumers.begin(), static_cast<int>(choose(group.consumers.size())));
  return Delivery{topic_name, group_name, consumer->first, topic.events.at(from[choose(from.size())])};
}

absl::Status SimulatedBus::Hand(const Delivery& delivery) {
  Group& group = topics_[delivery.topic].groups[delivery.group];
  absl::Status outcome = group.consumers.at(delivery.consumer)(delivery.event);
  if (outcome.ok()) group.finished.insert(delivery.event.sequence);
  return outcome;
}

bool SimulatedBus::Waits(const std::string& topic_name, const std::string& group_name) {
  Topic& topic = topics_[topic_name];
  return topic.events.size() > topic.groups[group_name].finished.size();
}

absl::Status SimulatedBus::Publish(std::string_view name, std::span<const events::Event> events,
                                   std::int64_t after) {
  const PublishFault fault = std::exchange(fault_, PublishFault::kNone);
  if (fault == PublishFault::kAway) return absl::UnavailableError("the bus is away");
  Topic& topic = topics_[std::string(name)];
  const std::int64_t mark = topic.events.empty() ? 0 : topic.events.rbegin()->first;
  if (mark < after) return absl::AbortedError("the bus has lost data");
  if (fault == PublishFault::kCutShort) events = events.first(events.size() / 2);
  for (const events::Event& event : events) {
    if (event.sequence > mark) {
      topic.events.emplace(event.sequence, event);
    } else if (auto held = topic.events.find(event.sequence);
               held == topic.events.end() || held->second.id != event.id) {
      return absl::FailedPreconditionError("the topic was filled from another outbox");
    }
  }
  return fault == PublishFault::kNone ? absl::OkStatus() : absl::UnavailableError("no reply of the bus");
}

absl::StatusOr<std::int64_t> SimulatedBus::HighWaterMark(std::string_view name) {
  const Topic& topic = topics_[std::string(name)];
  return topic.events.empty() ? 0 : topic.events.rbegin()->first;
}

absl::StatusOr<std::unique_ptr<events::Subscription>> SimulatedBus::Subscribe(
    std::string_view topic, std::string_view group, const events::SubscribeOptions& options,
    events::Handler handler) {
  topics_[std::string(topic)].groups[std::string(group)].consumers[options.consumer] = std::move(handler);
  return std::make_unique<NoThread>();
}

}  // namespace specom::crash

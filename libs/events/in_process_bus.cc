// The bus of the embedded platform: topics in memory. It starts empty in every process and is
// filled from the outbox by the relay; consumers skip what they have handled.
#include <algorithm>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/crash_point.h"
#include "libs/events/bus.h"
#include "libs/events/delivery.h"

namespace specom::events {
namespace {

// An event that was delivered and is not finished.
struct Pending {
  std::string consumer;
  int deliveries = 0;
  absl::Time taken_at;
  // When its consumer may have it again.
  absl::Time due;
};

struct Group {
  // The sequence of the last event that was taken by a consumer.
  std::int64_t position = 0;
  std::map<std::int64_t, Pending> pending;
};

struct Topic {
  std::map<std::int64_t, Event> events;
  std::int64_t mark = 0;
  std::map<std::string, Group, std::less<>> groups;
  std::vector<DeadLetter> dead_letters;
};

struct Topics {
  absl::Mutex mutex;
  absl::CondVar changed;
  std::map<std::string, Topic, std::less<>> by_name ABSL_GUARDED_BY(mutex);

  Topic& At(std::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto found = by_name.find(name);
    return found == by_name.end() ? by_name[std::string(name)] : found->second;
  }
};

class InProcessSubscription final : public Subscription {
 public:
  InProcessSubscription(std::shared_ptr<Topics> topics, std::string_view topic, std::string_view group,
                        const SubscribeOptions& options, Handler handler, observe::Logger* logger)
      : topics_(std::move(topics)),
        topic_(topic),
        group_(group),
        options_(options),
        handler_(std::move(handler)),
        logger_(logger) {
    {
      absl::MutexLock lock(&topics_->mutex);
      Group& joined = topics_->At(topic_).groups[group_];
      for (auto& [_, pending] : joined.pending) {
        if (pending.consumer == options_.consumer) pending.due = absl::InfinitePast();
      }
    }
    thread_ = std::thread([this] { Run(); });
  }
  ~InProcessSubscription() override { Stop(); }

  void Stop() override {
    {
      absl::MutexLock lock(&topics_->mutex);
      stopping_ = true;
      topics_->changed.SignalAll();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    while (std::optional<Event> event = Next()) {
      const absl::Status outcome = CallHandler(handler_, *event);
      if (outcome.ok()) PassCrashPoint(CrashPoint::kBeforeAck);
      Finish(*event, outcome);
    }
  }

  // Waits for the next event of this consumer; nothing when the subscription ends.
  std::optional<Event> Next() {
    absl::MutexLock lock(&topics_->mutex);
    while (!stopping_) {
      absl::Time wake = absl::InfiniteFuture();
      if (std::optional<Event> event = Take(absl::Now(), wake)) return event;
      topics_->changed.WaitWithDeadline(&topics_->mutex, wake);
    }
    return std::nullopt;
  }

  // This consumer's unfinished event, else one that another abandoned, else the next new one. When
  // there is none now, `wake` is when there may be.
  std::optional<Event> Take(absl::Time now, absl::Time& wake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(topics_->mutex) {
    Topic& topic = topics_->At(topic_);
    Group& group = topic.groups[group_];
    for (auto it = group.pending.begin(); it != group.pending.end();) {
      const auto current = it++;
      Pending& pending = current->second;
      const bool own = pending.consumer == options_.consumer;
      const absl::Time available = own ? pending.due : pending.taken_at + options_.claim_after;
      if (available > now) {
        wake = std::min(wake, available);
        // Nothing later is delivered before what failed.
        if (own) return std::nullopt;
        continue;
      }
      if (pending.deliveries >= options_.max_deliveries) {
        const int deliveries = pending.deliveries;
        Park(topic, group, current->first, deliveries, NoOutcomeReason(deliveries));
        continue;
      }
      return Deliver(topic, current->first, pending, now);
    }
    const auto next = topic.events.upper_bound(group.position);
    if (next == topic.events.end()) return std::nullopt;
    group.position = next->first;
    return Deliver(topic, next->first, group.pending[next->first], now);
  }

  Event Deliver(Topic& topic, std::int64_t sequence, Pending& pending, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(topics_->mutex) {
    pending.consumer = options_.consumer;
    ++pending.deliveries;
    pending.taken_at = now;
    pending.due = now;
    Event event = topic.events.at(sequence);
    event.deliveries = pending.deliveries;
    return event;
  }

  void Finish(const Event& event, const absl::Status& outcome) {
    absl::MutexLock lock(&topics_->mutex);
    Topic& topic = topics_->At(topic_);
    Group& group = topic.groups[group_];
    const auto pending = group.pending.find(event.sequence);
    if (pending == group.pending.end()) return;
    if (outcome.ok()) {
      group.pending.erase(pending);
    } else if (pending->second.consumer != options_.consumer) {
      return;
    } else if (!IsTemporary(outcome) && IsLastDelivery(pending->second.deliveries, options_)) {
      Park(topic, group, event.sequence, event.deliveries, outcome.ToString());
    } else {
      if (IsTemporary(outcome)) --pending->second.deliveries;
      ReportFailure(logger_, topic_, group_, event, outcome);
      pending->second.due = absl::Now() + options_.retry_delay;
    }
  }

  void Park(Topic& topic, Group& group, std::int64_t sequence, int deliveries, std::string reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(topics_->mutex) {
    DeadLetter& letter =
        topic.dead_letters.emplace_back(group_, std::move(reason), topic.events.at(sequence));
    letter.event.deliveries = deliveries;
    ReportDeadLetter(logger_, topic_, group_, letter.event, letter.reason);
    group.pending.erase(sequence);
  }

  const std::shared_ptr<Topics> topics_;
  const std::string topic_;
  const std::string group_;
  const SubscribeOptions options_;
  const Handler handler_;
  observe::Logger* const logger_;
  bool stopping_ ABSL_GUARDED_BY(topics_->mutex) = false;
  std::thread thread_;
};

class InProcessBus final : public Bus {
 public:
  explicit InProcessBus(observe::Logger* logger) : logger_(logger) {}

  absl::Status Publish(std::string_view name, std::span<const Event> events, std::int64_t after) override {
    absl::MutexLock lock(&topics_->mutex);
    Topic& topic = topics_->At(name);
    if (topic.mark < after) {
      return absl::AbortedError(absl::StrCat("the topic ", std::string(name), " has taken events up to ",
                                             topic.mark, " and not up to ", after,
                                             ": fill it again from the outbox"));
    }
    for (const Event& event : events) {
      if (event.sequence > topic.mark) {
        topic.events.emplace(event.sequence, event);
        topic.mark = event.sequence;
        continue;
      }
      const auto held = topic.events.find(event.sequence);
      const bool trimmed = topic.events.empty() || event.sequence < topic.events.begin()->first;
      if (held == topic.events.end() ? !trimmed : held->second.id != event.id) {
        return absl::FailedPreconditionError(
            absl::StrCat("the topic ", std::string(name), " has passed sequence ", event.sequence,
                         " without event ", event.id, ": it was filled from another outbox"));
      }
    }
    topics_->changed.SignalAll();
    return absl::OkStatus();
  }

  absl::StatusOr<std::int64_t> HighWaterMark(std::string_view name) override {
    absl::MutexLock lock(&topics_->mutex);
    return topics_->At(name).mark;
  }

  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(std::string_view topic, std::string_view group,
                                                          const SubscribeOptions& options,
                                                          Handler handler) override {
    const std::vector<std::string> problems = options.Verify();
    if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "; "));
    return std::make_unique<InProcessSubscription>(topics_, topic, group, options, std::move(handler),
                                                   logger_);
  }

  absl::StatusOr<std::int64_t> Trim(std::string_view name, std::int64_t keep) override {
    absl::MutexLock lock(&topics_->mutex);
    Topic& topic = topics_->At(name);
    if (topic.groups.empty()) return 0;
    // The first sequence that a group still needs.
    std::int64_t needed = topic.mark + 1;
    for (const auto& [_, group] : topic.groups) {
      needed = std::min(needed, group.pending.empty() ? group.position + 1 : group.pending.begin()->first);
    }
    std::int64_t removed = 0;
    while (static_cast<std::int64_t>(topic.events.size()) > keep && !topic.events.empty() &&
           topic.events.begin()->first < needed) {
      topic.events.erase(topic.events.begin());
      ++removed;
    }
    return removed;
  }

  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(std::string_view name) override {
    absl::MutexLock lock(&topics_->mutex);
    return topics_->At(name).dead_letters;
  }

  absl::Status Ping() override { return absl::OkStatus(); }

 private:
  observe::Logger* const logger_;
  const std::shared_ptr<Topics> topics_ = std::make_shared<Topics>();
};

}  // namespace

std::unique_ptr<Bus> NewInProcessBus(observe::Logger* logger) {
  return std::make_unique<InProcessBus>(logger);
}

}  // namespace specom::events

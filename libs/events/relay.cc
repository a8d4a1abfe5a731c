// Carries committed outbox rows to the bus, and fills the bus again when it has lost its data.
#include "libs/events/relay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/crash_point.h"
#include "libs/base/status.h"
#include "libs/base/waker.h"
#include "libs/events/backoff.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/store/store.h"

namespace specom::events {
namespace {

constexpr absl::Duration kLongestBackoff = absl::Seconds(2);
// How often a round starts again because the bus lost data while it ran.
constexpr int kRounds = 3;

Event ToEvent(const store::OutboxRecord& record, const std::string& source) {
  Event event;
  event.id = record.event.id;
  event.source = source;
  event.type = record.event.type;
  event.subject = record.event.subject;
  event.time = record.event.time;
  event.dataschema = absl::StrCat("type.googleapis.com/", record.event.type);
  event.data = record.event.data;
  event.aggregate_seq = record.aggregate_seq;
  event.traceparent = record.event.traceparent;
  event.sequence = record.sequence;
  return event;
}

}  // namespace

struct OutboxRelay::State {
  State(store::Store& the_store, Bus& the_bus, RelayOptions the_options)
      : store(the_store), bus(the_bus), options(std::move(the_options)) {
    if (options.metrics == nullptr) return;
    const observe::Labels labels = {{"source", options.source}};
    published_total = options.metrics->GetCounter("specom_outbox_published_total",
                                                  "Events that were handed to the bus.", labels);
    oldest_unpublished = options.metrics->GetGauge(
        "specom_outbox_oldest_unpublished_seconds",
        "Age of the oldest event that has not reached the bus; 0: none waits.", labels);
  }

  using Leadership = std::unique_ptr<void, void (*)(void*)>;

  store::Store& store;
  Bus& bus;
  const RelayOptions options;

  // One round at a time.
  absl::Mutex round_mutex;
  std::optional<Leadership> leadership ABSL_GUARDED_BY(round_mutex);

  // Set where there are metrics.
  std::optional<observe::Counter> published_total;
  std::optional<observe::Gauge> oldest_unpublished;

  Waker waker;
  std::thread thread;

  bool Stopping() { return waker.Stopped(); }

  // False when another process leads. Two processes that both believe to lead, after one lost its
  // database connection, do no harm: the bus takes every sequence once.
  absl::StatusOr<bool> Lead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(round_mutex) {
    if (leadership) return true;
    ASSIGN_OR_RETURN(Leadership taken, store.TryLeadership(absl::StrCat("relay:", options.source)));
    if (taken == nullptr) return false;
    leadership = std::move(taken);
    return true;
  }

  // What asks whether to end before all is done.
  using Interrupted = bool (State::*)();
  bool Never() { return false; }

  absl::StatusOr<int> Round(Interrupted interrupted) {
    absl::MutexLock lock(&round_mutex);
    ASSIGN_OR_RETURN(const bool leads, Lead());
    if (!leads) return 0;
    int handed_over = 0;
    absl::Status status;
    for (int round = 0; round < kRounds; ++round) {
      status = FillAndPublish(interrupted, handed_over);
      if (!absl::IsAborted(status)) break;
    }
    if (!status.ok()) {
      leadership.reset();
      return status;
    }
    return handed_over;
  }

  absl::Status FillAndPublish(Interrupted interrupted, int& handed_over) {
    // What each topic must have taken before anything newer may follow.
    std::map<std::string, std::int64_t, std::less<>> published;
    for (const std::string& topic : options.topics) {
      ASSIGN_OR_RETURN(published[topic], Fill(topic, interrupted, handed_over));
    }
    while (!(this->*interrupted)()) {
      ASSIGN_OR_RETURN(const std::vector<store::OutboxRecord> records,
                       store.UnpublishedEvents(options.batch));
      std::map<std::string, std::vector<Event>, std::less<>> by_topic;
      std::vector<std::int64_t> sequences;
      for (const store::OutboxRecord& record : records) {
        by_topic[record.event.topic].push_back(ToEvent(record, options.source));
        sequences.push_back(record.sequence);
      }
      for (const auto& [topic, events] : by_topic) {
        if (!published.contains(topic)) {
          ASSIGN_OR_RETURN(published[topic], Fill(topic, interrupted, handed_over));
        }
        RETURN_IF_ERROR(bus.Publish(topic, events, published[topic]));
        PassCrashPoint(CrashPoint::kAfterPublish);
        published[topic] = events.back().sequence;
        handed_over += static_cast<int>(events.size());
      }
      if (!sequences.empty()) {
        PassCrashPoint(CrashPoint::kBeforeMark);
        RETURN_IF_ERROR(store.MarkPublished(sequences));
      }
      if (std::ssize(records) < options.batch) break;
    }
    return absl::OkStatus();
  }

  // Brings the topic up to what the outbox has published; the sequence that it then has.
  absl::StatusOr<std::int64_t> Fill(const std::string& topic, Interrupted interrupted, int& handed_over) {
    ASSIGN_OR_RETURN(const std::int64_t published, store.LastPublished(topic));
    ASSIGN_OR_RETURN(std::int64_t held, bus.HighWaterMark(topic));
    if (held < published && options.logger != nullptr) {
      options.logger->Info("filling the event stream from the outbox",
                           {{"topic", topic}, {"held", held}, {"published", published}});
    }
    while (held < published && !(this->*interrupted)()) {
      ASSIGN_OR_RETURN(const std::vector<store::OutboxRecord> records,
                       store.PublishedEvents(topic, held, options.batch));
      if (records.empty()) break;
      std::vector<Event> events;
      for (const store::OutboxRecord& record : records) events.push_back(ToEvent(record, options.source));
      RETURN_IF_ERROR(bus.Publish(topic, events, held));
      held = events.back().sequence;
      handed_over += static_cast<int>(events.size());
    }
    return std::min(held, published);
  }

  bool Leads() {
    absl::MutexLock lock(&round_mutex);
    return leadership.has_value();
  }

  // Looks at the store only where a round has not just seen that nothing waits: while the bus is away.
  void Measure(const absl::StatusOr<int>& round) {
    if (!published_total) return;
    if (round.ok()) {
      published_total->Increment(*round);
      oldest_unpublished->Set(0);
    } else if (auto waiting = store.UnpublishedEvents(1); waiting.ok() && !waiting->empty()) {
      oldest_unpublished->Set(absl::ToDoubleSeconds(absl::Now() - waiting->front().event.time));
    }
  }

  void Run() {
    Backoff backoff(options.poll_interval, std::max(options.poll_interval, kLongestBackoff));
    while (!Stopping()) {
      const absl::StatusOr<int> round = Round(&State::Stopping);
      const absl::Status status = round.status();
      const bool leads = Leads();
      Measure(round);
      if (status.ok()) {
        if (backoff.failures() > 0 && options.logger != nullptr) {
          options.logger->Info("events are carried again", {{"source", options.source}});
        }
        backoff.Reset();
        if (leads) {
          waker.WaitOrWake(options.poll_interval);
        } else {
          waker.WaitOrStop(options.takeover_interval);
        }
        continue;
      }
      if (backoff.failures() == 0 && options.logger != nullptr) {
        options.logger->Error("events cannot be carried to the bus",
                              {{"source", options.source}, {"cause", status.ToString()}});
      }
      // Long enough for another process, whose way to the bus may be sound, to take the lead.
      waker.WaitOrStop(std::max(backoff.Next(), options.takeover_interval * 1.5));
    }
  }
};

OutboxRelay::OutboxRelay(store::Store& store, Bus& bus, RelayOptions options)
    : state_(std::make_unique<State>(store, bus, std::move(options))) {}

OutboxRelay::~OutboxRelay() {
  Stop();
}

void OutboxRelay::Start() {
  state_->waker.Restart();
  state_->thread = std::thread([state = state_.get()] { state->Run(); });
}

void OutboxRelay::Wake() {
  state_->waker.Wake();
}

void OutboxRelay::Stop() {
  state_->waker.Stop();
  if (state_->thread.joinable()) state_->thread.join();
  absl::MutexLock lock(&state_->round_mutex);
  state_->leadership.reset();
}

absl::StatusOr<int> OutboxRelay::RunOnce() {
  return state_->Round(&State::Never);
}

}  // namespace specom::events

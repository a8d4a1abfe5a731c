// Streams of events between services: at least once, in order within a subject. Two buses, one
// contract: in the process, and on Redis Streams.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"

namespace specom::observe {
class Logger;
}

namespace specom::events {

// A CloudEvent in meaning; `data` is the serialised payload.
struct Event {
  std::string id;
  std::string source;
  std::string type;
  std::string subject;
  absl::Time time;
  std::string dataschema;
  std::string data;
  std::int64_t aggregate_seq = 0;
  std::string traceparent;
  // Position in the source's outbox; rises within a topic.
  std::int64_t sequence = 0;
  // How often it was delivered to this group, from 1, but for deliveries that do not count.
  int deliveries = 1;
};

// Called by one thread of the subscription. OK: done, never again for this group. Any other
// status: it is delivered again after a while, and parked among the dead letters after
// max_deliveries. UNAVAILABLE, ABORTED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED and CANCELLED are not
// the event's fault, e.g. a database that is away: such a delivery does not count.
using Handler = std::function<absl::Status(const Event&)>;

struct SubscribeOptions {
  // Unique among the group's consumers that run at the same time. A consumer that comes back under
  // its old name goes on with the event that it left unfinished.
  std::string consumer;
  // An event that another consumer took and did not finish for this long is taken over. Longer than
  // the handler may take: an event that is taken over from a slow handler is handled twice.
  absl::Duration claim_after = absl::Seconds(30);
  int max_deliveries = 10;
  absl::Duration retry_delay = absl::Milliseconds(500);

  // All problems at once; empty: sound.
  std::vector<std::string> Verify() const;
};

class Subscription {
 public:
  virtual ~Subscription() = default;
  // Takes up no further event, waits for the one in hand, and ends.
  virtual void Stop() = 0;
};

struct DeadLetter {
  std::string group;
  std::string reason;
  Event event;
};

// Order. A group with one consumer, under one name, gets the events of a topic in the order of
// their sequence; an event that fails is retried before any later one is delivered. With several
// consumers each event still goes to one of them, and each consumer gets its events in order but
// for those that it takes over from another; two events of one subject may then be handled at the
// same time, or the later one first. Handlers that mind compare aggregate_seq.
class Bus {
 public:
  virtual ~Bus() = default;

  // Appends in order. An event whose sequence is not above the topic's high-water mark is there
  // already and is skipped. `after`: what the publisher believes the topic to have taken; ABORTED
  // when its high-water mark is below, because the bus has lost data: fill it again first.
  // UNAVAILABLE when the bus cannot be reached: nothing is lost, try again. FAILED_PRECONDITION when
  // the topic holds another event under one of the sequences: it was filled from another outbox.
  virtual absl::Status Publish(std::string_view topic, std::span<const Event> events,
                               std::int64_t after = 0) = 0;
  // The highest sequence that the topic has ever taken; 0 when it is new or its data were lost.
  virtual absl::StatusOr<std::int64_t> HighWaterMark(std::string_view topic) = 0;
  // Delivers every event of the topic from its beginning, once to each group; consumers of one
  // group share the events. The group's position outlives the subscription. A bus that cannot be
  // reached now is no error: the subscription begins when it comes back. INVALID_ARGUMENT when the
  // options do not verify.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(std::string_view topic,
                                                                  std::string_view group,
                                                                  const SubscribeOptions& options,
                                                                  Handler handler) = 0;
  // Removes events that every group has finished, keeping at least `keep` of the latest. The
  // number removed; nothing while the topic has no group. A group that comes later does not see
  // what was removed.
  virtual absl::StatusOr<std::int64_t> Trim(std::string_view topic, std::int64_t keep) = 0;
  // The events that a group gave up, oldest first.
  virtual absl::StatusOr<std::vector<DeadLetter>> DeadLetters(std::string_view topic) = 0;
  virtual absl::Status Ping() = 0;
};

// logger: where failed deliveries and dead letters are reported; outlives the bus. Null: nowhere.
std::unique_ptr<Bus> NewInProcessBus(observe::Logger* logger = nullptr);
// url: "redis://[[user]:password@]host[:port][/database]". Connects on first use and reconnects.
// Ignores SIGPIPE in the process. INVALID_ARGUMENT when the url is not one. logger: as above, and
// lost connections and lost data.
absl::StatusOr<std::unique_ptr<Bus>> NewRedisBus(const Secret& url, observe::Logger* logger = nullptr);

}  // namespace specom::events

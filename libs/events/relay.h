// Carries committed outbox rows to the bus: one leader for each service, in order, again and again
// until they are there. When the bus has lost its data, it is filled again from the outbox.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/events/bus.h"

namespace specom::observe {
class Logger;
class Metrics;
}  // namespace specom::observe
namespace specom::store {
class Store;
}

namespace specom::events {

struct RelayOptions {
  // The service, e.g. "specom/finance": the source of its events.
  std::string source;
  // The topics that the service writes to.
  std::vector<std::string> topics;
  absl::Duration poll_interval = absl::Milliseconds(50);
  // How often a process that does not lead asks whether it may: the longest pause when a leader goes.
  absl::Duration takeover_interval = absl::Seconds(1);
  int batch = 256;
  // Where trouble with the store or the bus is reported; outlives the relay. Null: nowhere.
  observe::Logger* logger = nullptr;
  // Where the leader counts: specom_outbox_published_total and
  // specom_outbox_oldest_unpublished_seconds {source}; outlives the relay. Null: nowhere.
  observe::Metrics* metrics = nullptr;
};

class OutboxRelay {
 public:
  // The store and the bus outlive the relay. Nothing happens before Start or RunOnce.
  OutboxRelay(store::Store& store, Bus& bus, RelayOptions options);
  ~OutboxRelay();
  OutboxRelay(const OutboxRelay&) = delete;
  OutboxRelay& operator=(const OutboxRelay&) = delete;

  void Start();
  // Says that there is something to do; without it the relay looks every poll_interval, and less
  // often while the store or the bus is away.
  void Wake();
  // Ends after the batch in hand and gives up the leadership.
  void Stop();
  // One round by the calling thread, for tests and for the end of a process: fills the topics again
  // where the bus has lost data, then publishes all that is unpublished. The number of events that
  // were handed to the bus; 0 while another process leads.
  absl::StatusOr<int> RunOnce();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace specom::events

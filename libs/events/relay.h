// Carries committed outbox rows to the bus: one leader for each service, in order, again and again
// until they are there. When the bus has lost its data, it is filled again from the outbox.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/events/bus.h"
#include "libs/store/store.h"

namespace specom::events {

struct RelayOptions {
  // The service, e.g. "specom/finance": the source of its events.
  std::string source;
  // The topics that the service writes to.
  std::vector<std::string> topics;
  absl::Duration poll_interval = absl::Milliseconds(50);
  int batch = 256;
};

class OutboxRelay {
 public:
  // The store and the bus outlive the relay.
  OutboxRelay(store::Store& store, Bus& bus, RelayOptions options);
  ~OutboxRelay();
  OutboxRelay(const OutboxRelay&) = delete;
  OutboxRelay& operator=(const OutboxRelay&) = delete;

  void Start();
  // Says that there is something to do; without it the relay looks every poll_interval.
  void Wake();
  void Stop();
  // One round by the calling thread, for tests and for the end of a process: the number of events
  // that reached the bus.
  absl::StatusOr<int> RunOnce();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace specom::events

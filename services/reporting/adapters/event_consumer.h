// Reads the streams of portfolio and finance into the read model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/events/bus.h"
#include "services/reporting/app/apply_event.h"

namespace specom::reporting {

class EventConsumer {
 public:
  // name: unique among the processes that read for this read model. All outlive the consumer.
  EventConsumer(events::Bus& bus, ApplyEvent& apply, const Clock& clock, std::string name)
      : bus_(bus), apply_(apply), clock_(clock), name_(std::move(name)) {}

  absl::Status Start();
  void Stop();

  // Applies one event; an event that says nothing to reporting is done at once.
  absl::Status Handle(const events::Event& event);

 private:
  events::Bus& bus_;
  ApplyEvent& apply_;
  const Clock& clock_;
  const std::string name_;
  std::vector<std::unique_ptr<events::Subscription>> subscriptions_;
};

}  // namespace specom::reporting

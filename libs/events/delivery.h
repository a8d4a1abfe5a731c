// What both buses share about delivering one event: calling a handler, and when to give up.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/events/bus.h"
#include "libs/observe/logger.h"

namespace specom::events {

// Calls the handler; an exception becomes INTERNAL.
absl::Status CallHandler(const Handler& handler, const Event& event);

// True when the outcome is not the event's fault, so that its delivery does not count.
bool IsTemporary(const absl::Status& outcome);

// True when an event that fails at this delivery, by its own fault, is parked among the dead letters.
bool IsLastDelivery(int deliveries, const SubscribeOptions& options);

// The reason of a dead letter whose deliveries all ended without an outcome: its handlers died.
std::string NoOutcomeReason(int deliveries);

// Reports a delivery that failed, and one that is given up; no effect without a logger.
void ReportFailure(observe::Logger* logger, std::string_view topic, std::string_view group,
                   const Event& event, const absl::Status& outcome);
void ReportDeadLetter(observe::Logger* logger, std::string_view topic, std::string_view group,
                      const Event& event, std::string_view reason);

}  // namespace specom::events

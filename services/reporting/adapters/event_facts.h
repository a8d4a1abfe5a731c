// What events of portfolio and finance say, in reporting's terms.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/events/bus.h"
#include "services/reporting/app/read_model.h"

namespace specom::reporting {

// The streams that reporting reads.
inline constexpr std::string_view kTopics[] = {"specom.portfolio", "specom.finance"};

EventStamp StampOf(const events::Event& event);

// Nothing for an event that says nothing to reporting. INVALID_ARGUMENT/EVENT_MALFORMED when the
// payload is not what its type says, or lacks what events.proto promises.
absl::StatusOr<std::optional<Fact>> FactOf(const events::Event& event);

}  // namespace specom::reporting

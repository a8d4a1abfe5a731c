// Takes what an event says into the read model, once.
#pragma once

#include "absl/status/status.h"
#include "libs/auth/request_context.h"
#include "libs/store/store.h"
#include "services/reporting/app/read_model.h"

namespace specom::reporting {

// The consumer group of every reporting process.
inline constexpr std::string_view kConsumerGroup = "reporting";

class ApplyEvent {
 public:
  ApplyEvent(store::Store& store, ReadModel& read_model) : store_(store), read_model_(read_model) {}

  // The fact and the mark of its event commit together; an event that was applied before has no
  // effect. The errors of the store.
  absl::Status Execute(const RequestContext& context, const EventStamp& stamp, const Fact& fact);

 private:
  store::Store& store_;
  ReadModel& read_model_;
};

}  // namespace specom::reporting

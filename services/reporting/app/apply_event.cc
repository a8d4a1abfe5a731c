// Takes what an event says into the read model, once.
#include "services/reporting/app/apply_event.h"

#include "libs/base/status.h"

namespace specom::reporting {

absl::Status ApplyEvent::Execute(const RequestContext& context, const EventStamp& stamp, const Fact& fact) {
  return store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(const bool first, work.MarkHandled(kConsumerGroup, stamp.id));
    return first ? read_model_.Keep(work, stamp, fact) : absl::OkStatus();
  });
}

}  // namespace specom::reporting

// Each event holds the full state that its readers need, so that none of them calls back.
#include "services/finance/adapters/outbox_run_events.h"

#include "libs/base/digest.h"
#include "services/finance/adapters/allocation_proto.h"
#include "services/finance/adapters/run_proto.h"
#include "specom/events/v1/events.pb.h"

namespace specom::finance {
namespace {

absl::Status Publish(store::UnitOfWork& work, const RequestContext& context, const Clock& clock,
                     std::string_view topic, const Run& run, const google::protobuf::Message& payload) {
  store::OutboxEvent event;
  event.topic = topic;
  event.id = NewUuid();
  event.type = payload.GetDescriptor()->full_name();
  event.subject = ResourceName(run.id);
  event.data = payload.SerializeAsString();
  event.traceparent = context.traceparent;
  event.time = clock.Now();
  return work.Publish(event);
}

}  // namespace

absl::Status OutboxRunEvents::Requested(store::UnitOfWork& work, const RequestContext& context,
                                        const Run& run) {
  events::v1::RunRequested payload;
  payload.set_run(ResourceName(run.id));
  return Publish(work, context, clock_, kJobsTopic, run, payload);
}

absl::Status OutboxRunEvents::Completed(store::UnitOfWork& work, const RequestContext& context,
                                        const Run& run) {
  events::v1::RunCompleted payload;
  *payload.mutable_run() = ToProto(run);
  return Publish(work, context, clock_, kFinanceTopic, run, payload);
}

absl::Status OutboxRunEvents::Approved(store::UnitOfWork& work, const RequestContext& context,
                                       const Run& run) {
  events::v1::RunApproved payload;
  *payload.mutable_run() = ToProto(run);
  return Publish(work, context, clock_, kFinanceTopic, run, payload);
}

absl::Status OutboxRunEvents::Published(store::UnitOfWork& work, const RequestContext& context,
                                        const Run& run, const std::vector<Allocation>& allocations) {
  events::v1::AllocationPublished payload;
  *payload.mutable_run() = ToProto(run);
  for (const Allocation& allocation : allocations) *payload.add_allocations() = ToProto(allocation);
  const Date first = run.year.FirstDay();
  payload.mutable_year_start()->set_year(first.year());
  payload.mutable_year_start()->set_month(first.month());
  payload.mutable_year_start()->set_day(first.day());
  return Publish(work, context, clock_, kFinanceTopic, run, payload);
}

absl::Status OutboxRunEvents::Superseded(store::UnitOfWork& work, const RequestContext& context,
                                         const Run& run) {
  events::v1::RunSuperseded payload;
  *payload.mutable_run() = ToProto(run);
  return Publish(work, context, clock_, kFinanceTopic, run, payload);
}

}  // namespace specom::finance

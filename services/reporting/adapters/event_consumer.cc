// Reads the streams of portfolio and finance into the read model.
#include "services/reporting/adapters/event_consumer.h"

#include <utility>

#include "libs/base/status.h"
#include "services/reporting/adapters/event_facts.h"

namespace specom::reporting {
namespace {

// For one event: a publication holds a few hundred rows.
constexpr absl::Duration kTimePerEvent = absl::Seconds(20);
// Above kTimePerEvent, so that no event is taken over from a consumer that still works.
constexpr absl::Duration kClaimAfter = absl::Seconds(30);

}  // namespace

absl::Status EventConsumer::Start() {
  for (const std::string_view topic : kTopics) {
    events::SubscribeOptions options;
    options.consumer = name_;
    options.claim_after = kClaimAfter;
    ASSIGN_OR_RETURN(std::unique_ptr<events::Subscription> subscription,
                     bus_.Subscribe(topic, kConsumerGroup, options,
                                    [this](const events::Event& event) { return Handle(event); }));
    subscriptions_.push_back(std::move(subscription));
  }
  return absl::OkStatus();
}

void EventConsumer::Stop() {
  for (const auto& subscription : subscriptions_) subscription->Stop();
  subscriptions_.clear();
}

absl::Status EventConsumer::Handle(const events::Event& event) {
  ASSIGN_OR_RETURN(const std::optional<Fact> fact, FactOf(event));
  if (!fact) return absl::OkStatus();
  RequestContext context;
  context.principal.user = name_;
  context.principal.roles = {Role::kService};
  context.method = "specom.reporting/ApplyEvent";
  context.request_id = event.id;
  context.traceparent = event.traceparent;
  context.received_at = clock_.Now();
  context.deadline = context.received_at + kTimePerEvent;
  return apply_.Execute(context, StampOf(event), *fact);
}

}  // namespace specom::reporting

// Each event holds the full state that its readers need, so that none of them calls back.
#include "services/portfolio/adapters/outbox_registry_events.h"

#include <algorithm>
#include <utility>

#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "services/portfolio/adapters/registry_proto.h"
#include "services/portfolio/app/kinds.h"
#include "specom/events/v1/events.pb.h"

namespace specom::portfolio {
namespace {

// Organisations in one event: about 100 kB.
constexpr std::size_t kOrganisationsPerEvent = 200;

}  // namespace

absl::Status OutboxRegistryEvents::OrganisationsChanged(
    store::UnitOfWork& work, const RequestContext& context, const Registry& registry,
    const std::vector<const Record<Organisation>*>& organisations) {
  // Of several records of an organisation the one that holds last comes last.
  std::vector<const Record<Organisation>*> in_order = organisations;
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const auto* a, const auto* b) { return a->effective.from < b->effective.from; });
  for (std::size_t begin = 0; begin < in_order.size(); begin += kOrganisationsPerEvent) {
    events::v1::OrganisationsChanged payload;
    std::size_t end = std::min(in_order.size(), begin + kOrganisationsPerEvent);
    for (std::size_t i = begin; i < end; ++i) {
      Viewpoint at{in_order[i]->effective.from, absl::InfiniteFuture()};
      *payload.add_organisations() = ToProto(registry, *in_order[i], at);
    }
    RETURN_IF_ERROR(Publish(work, context, "organisations", payload.GetDescriptor()->full_name(),
                            payload.SerializeAsString()));
  }
  return absl::OkStatus();
}

absl::Status OutboxRegistryEvents::DecisionRecorded(store::UnitOfWork& work, const RequestContext& context,
                                                    const Registry& registry,
                                                    const Record<Decision>& decision) {
  events::v1::DecisionRecorded payload;
  Viewpoint at{decision.effective.from, absl::InfiniteFuture()};
  *payload.mutable_decision() = ToProto(registry, decision, at);
  payload.mutable_decision()->clear_services();
  for (auto& service : registry.ServicesCoveredBy(decision, at.as_known_at)) {
    payload.mutable_decision()->add_services(std::move(service));
  }
  if (decision.supersedes != 0) payload.set_corrects(ResourceName<Decision>(decision.id));
  return Publish(work, context, ResourceName<Decision>(decision.id), payload.GetDescriptor()->full_name(),
                 payload.SerializeAsString());
}

absl::Status OutboxRegistryEvents::Publish(store::UnitOfWork& work, const RequestContext& context,
                                           std::string subject, std::string type, std::string data) {
  store::OutboxEvent event;
  event.topic = kPortfolioTopic;
  event.id = NewUuid();
  event.type = std::move(type);
  event.subject = std::move(subject);
  event.data = std::move(data);
  event.traceparent = context.traceparent;
  event.time = clock_.Now();
  return work.Publish(event);
}

}  // namespace specom::portfolio

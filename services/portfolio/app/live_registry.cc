#include "services/portfolio/app/live_registry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/base/status.h"

namespace specom::portfolio {
namespace {

// The organisations whose full state the records change: they themselves, and those that were replaced.
std::vector<const Record<Organisation>*> ChangedOrganisations(const Registry& registry,
                                                              const Records& records) {
  std::set<std::pair<std::string, int>> changed;
  for (const auto& record : records.organisations) changed.emplace(record.id, record.version);
  for (const auto& succession : records.successions) {
    const auto* replaced =
        registry.organisations().Latest(succession.value.predecessor, absl::InfiniteFuture());
    if (replaced != nullptr) changed.emplace(replaced->id, replaced->version);
  }
  std::vector<const Record<Organisation>*> organisations;
  for (const auto& [id, version] : changed) {
    for (const auto& record : registry.organisations().Versions(id)) {
      if (record.version == version) organisations.push_back(&record);
    }
  }
  return organisations;
}

}  // namespace

Snapshot LiveRegistry::Current() const {
  absl::MutexLock lock(&mutex_);
  return current_;
}

absl::Status LiveRegistry::Refresh(const RequestContext& context) {
  Snapshot refreshed;
  RETURN_IF_ERROR(store_.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(refreshed, Within(work));
    return absl::OkStatus();
  }));
  Adopt(std::move(refreshed));
  return absl::OkStatus();
}

absl::StatusOr<Snapshot> LiveRegistry::Within(store::UnitOfWork& work) {
  ASSIGN_OR_RETURN(Change last, log_.LastChange(work));
  Snapshot known = Current();
  if (known->change() == last.number) return known;
  // A process that committed first may be ahead of what this transaction sees.
  if (known->change() > last.number) known = std::make_shared<const Registry>();
  ASSIGN_OR_RETURN(Records records, log_.LoadAfter(work, known->change()));
  return known->With(std::move(records), last.number, last.recorded_at);
}

absl::Time LiveRegistry::NextRecordedAt(const Registry& registry) const {
  absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_.Now()));
  return std::max(now, registry.learnt_at() + absl::Microseconds(1));
}

absl::StatusOr<Snapshot> LiveRegistry::Learn(store::UnitOfWork& work, const RequestContext& context,
                                             const Registry& registry, absl::Time recorded_at,
                                             const std::string& note, const Records& records) {
  Change change{registry.change() + 1, recorded_at};
  RETURN_IF_ERROR(log_.Append(work, context, change, note, records));
  Snapshot after = registry.With(records, change.number, change.recorded_at);
  std::vector<const Record<Organisation>*> organisations = ChangedOrganisations(*after, records);
  if (!organisations.empty()) {
    RETURN_IF_ERROR(events_.OrganisationsChanged(work, context, *after, organisations));
  }
  for (const auto& decision : records.decisions) {
    RETURN_IF_ERROR(events_.DecisionRecorded(work, context, *after, decision));
  }
  return after;
}

void LiveRegistry::Adopt(Snapshot registry) {
  absl::MutexLock lock(&mutex_);
  if (registry->change() > current_->change()) current_.swap(registry);
}

Viewpoint LiveRegistry::ViewpointOf(const Question& question, const Registry& registry) const {
  // Another process's clock may be ahead: what was recorded is known all the same.
  absl::Time now = std::max(clock_.Now(), registry.learnt_at());
  return {question.as_of.value_or(Today()), std::min(question.as_known_at.value_or(now), now)};
}

}  // namespace specom::portfolio

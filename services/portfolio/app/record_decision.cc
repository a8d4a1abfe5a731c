#include "services/portfolio/app/record_decision.h"

#include "libs/base/status.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {

absl::StatusOr<RecordedDecision> RecordDecision::Execute(const RequestContext& context,
                                                         const DecisionDraft& draft, bool validate_only) {
  auto plan = [&](const Registry& registry, absl::Time recorded_at) -> absl::StatusOr<Record<Decision>> {
    Record<Decision> record = RecordOf(draft, context, recorded_at);
    RETURN_IF_ERROR(CheckFields(registry, record, live_.Today()));
    if (!registry.decisions().Versions(record.id).empty()) {
      return WithResource(MakeError(absl::StatusCode::kAlreadyExists, kDecisionExists,
                                    Concat({"a decision with the id ", record.id,
                                            " was recorded before; correct that one, or choose another id"}),
                                    {{"decision", record.id}}),
                          "decision", ResourceName<Decision>(record.id));
    }
    return record;
  };
  auto recorded = RecordOnce(store_, live_, context, validate_only, plan);
  if (recorded.ok() && !validate_only) recorded_();
  return recorded;
}

}  // namespace specom::portfolio

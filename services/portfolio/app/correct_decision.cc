#include "services/portfolio/app/correct_decision.h"

#include "libs/base/status.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/domain/decision_rules.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

constexpr std::size_t kLongestReason = 500;

absl::Status ErrorOf(absl::StatusCode code, std::string_view reason, const std::string& id,
                     std::string_view message, ErrorMetadata metadata = {}) {
  metadata["decision"] = id;
  return WithResource(MakeError(code, reason, message, metadata), "decision", ResourceName<Decision>(id));
}

}  // namespace

absl::StatusOr<RecordedDecision> CorrectDecision::Execute(const RequestContext& context,
                                                          const CorrectDecisionCommand& command) {
  const std::string& id = command.draft.id.value();
  std::vector<FieldViolation> violations;
  if (id.empty()) violations.push_back({"decision.decision_id", "name the decision that is corrected"});
  if (command.reason.size() > kLongestReason)
    violations.push_back({"reason", "write at most 500 characters"});
  if (!violations.empty()) return InvalidFields(violations);

  auto plan = [&](const Registry& registry, absl::Time recorded_at) -> absl::StatusOr<Record<Decision>> {
    const Record<Decision>* standing = registry.decisions().Latest(id, absl::InfiniteFuture());
    if (standing == nullptr) {
      return ErrorOf(absl::StatusCode::kNotFound, kDecisionNotFound, id,
                     Concat({"no decision with the id ", id, " was recorded; list the decisions"}));
    }
    if (EtagOf(*standing) != command.etag) {
      return ErrorOf(
          absl::StatusCode::kAborted, kEtagMismatch, id,
          Concat({"the decision ", id, " has changed since its etag was read; get it and correct that"}),
          {{"etag", EtagOf(*standing)}});
    }
    Record<Decision> record = RecordOf(command.draft, context, recorded_at);
    RETURN_IF_ERROR(CheckFields(registry, record, live_.Today()));
    record.value.correction_reason = standing->value.correction_reason;
    if (record.value == standing->value && record.effective == standing->effective) {
      return ErrorOf(absl::StatusCode::kFailedPrecondition, kDecisionUnchanged, id,
                     Concat({"the decision ", id, " says that already; nothing is to be corrected"}));
    }
    record.value.correction_reason = command.reason;
    record.version = registry.decisions().Versions(id).back().version + 1;
    record.supersedes = standing->version;
    return record;
  };
  auto recorded = RecordOnce(store_, live_, context, command.validate_only, plan);
  if (recorded.ok() && !command.validate_only) recorded_();
  return recorded;
}

}  // namespace specom::portfolio

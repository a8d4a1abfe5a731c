#include "services/portfolio/app/decision_commands.h"

#include "absl/strings/numbers.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/app/stored_digest.h"
#include "services/portfolio/domain/decision_rules.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {

Record<Decision> RecordOf(const DecisionDraft& draft, const RequestContext& context, absl::Time recorded_at) {
  Record<Decision> record;
  record.id = draft.id.value();
  if (record.id.empty()) {
    record.id = Concat({draft.decision.decided_on.ToString(), "-", std::string_view(NewUuid()).substr(0, 8)});
  }
  record.effective = draft.effective;
  record.recorded_at = recorded_at;
  record.value = draft.decision;
  record.value.funding_basis =
      draft.funding_basis.value_or(UsualFundingBasis(record.value.form, record.effective.from));
  record.provenance = Concat({"recorded by ", context.principal.user});
  return record;
}

absl::Status CheckFields(const Registry& registry, const Record<Decision>& record, Date today) {
  std::vector<FieldViolation> violations;
  for (const auto& problem : CheckDecision(registry, record, today)) {
    std::string value = problem.value.empty() ? "" : Concat({"\"", problem.value, "\" "});
    violations.push_back({Concat({"decision.", problem.field}), Concat({value, problem.rule})});
  }
  return violations.empty() ? absl::OkStatus() : InvalidFields(violations);
}

std::string OutcomeName(const Record<Decision>& record) {
  return Concat({ResourceName<Decision>(record.id), "@", std::to_string(record.version)});
}

absl::StatusOr<RecordedDecision> LoadOutcome(LiveRegistry& live, store::UnitOfWork& work,
                                             const std::string& outcome_name) {
  auto slash = outcome_name.find('/');
  auto at = outcome_name.rfind('@');
  int version = 0;
  if (slash != outcome_name.npos && at != outcome_name.npos && slash < at &&
      absl::SimpleAtoi(outcome_name.substr(at + 1), &version)) {
    std::string id = outcome_name.substr(slash + 1, at - slash - 1);
    ASSIGN_OR_RETURN(Snapshot registry, live.Within(work));
    for (const auto& record : registry->decisions().Versions(id)) {
      if (record.version == version) return RecordedDecision{registry, record};
    }
  }
  return absl::InternalError(Concat({"the remembered outcome ", outcome_name, " is not in the registry"}));
}

namespace {

// The version that a correction replaces; empty for a decision that is new.
std::string DigestBefore(const Registry& registry, const Record<Decision>& record) {
  for (const auto& version : registry.decisions().Versions(record.id)) {
    if (version.version == record.supersedes) return StoredDigest(version);
  }
  return "";
}

}  // namespace

absl::StatusOr<RecordedDecision> RecordOnce(
    store::Store& store, LiveRegistry& live, const RequestContext& context, bool validate_only,
    const std::function<absl::StatusOr<Record<Decision>>(const Registry&, absl::Time recorded_at)>& plan) {
  if (validate_only) {
    std::optional<RecordedDecision> planned;
    RETURN_IF_ERROR(store.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(Snapshot registry, live.Within(work));
      absl::Time recorded_at = live.NextRecordedAt(*registry);
      ASSIGN_OR_RETURN(Record<Decision> record, plan(*registry, recorded_at));
      Records records;
      records.decisions.push_back(record);
      planned =
          RecordedDecision{registry->With(std::move(records), registry->change() + 1, recorded_at), record};
      return absl::OkStatus();
    }));
    return *std::move(planned);
  }
  absl::StatusOr<RecordedDecision> recorded = store::WriteOnce<RecordedDecision>(
      store, context,
      [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, RecordedDecision>> {
        ASSIGN_OR_RETURN(Snapshot registry, live.Within(work));
        absl::Time recorded_at = live.NextRecordedAt(*registry);
        ASSIGN_OR_RETURN(Record<Decision> record, plan(*registry, recorded_at));
        Records records;
        records.decisions.push_back(record);
        const std::string& reason = record.value.correction_reason;
        std::string note = reason.empty()
                               ? Concat({"recorded ", ResourceName<Decision>(record.id)})
                               : Concat({"corrected ", ResourceName<Decision>(record.id), ": ", reason});
        ASSIGN_OR_RETURN(Snapshot after, live.Learn(work, context, *registry, recorded_at, note, records));
        RETURN_IF_ERROR(work.Audit(context, {.resource = ResourceName<Decision>(record.id),
                                             .action = record.supersedes == 0 ? "recorded" : "corrected",
                                             .before_digest = DigestBefore(*registry, record),
                                             .after_digest = StoredDigest(record),
                                             .reason = reason}));
        return std::pair(OutcomeName(record), RecordedDecision{after, record});
      },
      [&](store::UnitOfWork& work, const std::string& name) { return LoadOutcome(live, work, name); });
  if (recorded.ok()) live.Adopt(recorded->registry);
  return recorded;
}

}  // namespace specom::portfolio

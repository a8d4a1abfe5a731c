// The import reads and checks outside the transaction and stores inside it.
#include "services/finance/app/import_inputs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/finance/app/stored_digest.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {
namespace {

absl::Status Refusal(const InputFindings& findings) {
  static const std::map<std::string, std::string> kFields = {{"baseline.csv", "files.baseline_csv"},
                                                             {"need.csv", "files.need_csv"},
                                                             {"policy.json", "files.policy_json"}};
  std::vector<FieldViolation> violations;
  for (const FileProblem& problem : findings.problems) {
    auto field = kFields.find(problem.file);
    violations.push_back({field == kFields.end() ? "files" : field->second, ToString(problem)});
  }
  if (findings.further_problems > 0) {
    violations.push_back({"files", absl::StrCat(findings.further_problems, " further problems")});
  }
  return InvalidFields(violations);
}

}  // namespace

absl::StatusOr<InputSetRecord> RecordOf(const InputSet& inputs, std::string_view created_by, absl::Time now,
                                        bool reference) {
  InputSetRecord record;
  ASSIGN_OR_RETURN(record.baseline, ChainBaseline(inputs));
  record.id = InputSetId(InputDigest(inputs));
  record.policy = inputs.policy;
  record.icb_count = static_cast<int>(inputs.need.size());
  record.baseline_line_count = static_cast<int>(inputs.baseline.size());
  record.created_by = created_by;
  record.create_time = now;
  record.reference = reference;
  return record;
}

absl::StatusOr<InputSetRecord> ImportInputs::Execute(const RequestContext& context,
                                                     const ImportInputsCommand& command) {
  const InputFindings findings = reader_.Read(command.files);
  if (!findings.inputs) return Refusal(findings);
  ASSIGN_OR_RETURN(const InputSetRecord record, RecordOf(*findings.inputs, context.principal.user,
                                                         StoredNow(clock_), /*reference=*/false));
  if (command.validate_only) return record;

  auto load = [&](store::UnitOfWork& work, const std::string&) -> absl::StatusOr<InputSetRecord> {
    return FindVisibleInputSet(work, inputs_, context.principal, record.id);
  };
  auto import = [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, InputSetRecord>> {
    ASSIGN_OR_RETURN(std::optional<InputSetRecord> stored, inputs_.Find(work, record.id));
    const bool fresh = !stored;
    if (fresh) {
      RETURN_IF_ERROR(inputs_.Insert(work, record, *findings.inputs));
      stored = record;
    }
    ASSIGN_OR_RETURN(const bool joined, inputs_.AddHolder(work, record.id, context.principal.organisation));
    if (fresh || joined) {
      const std::string digest = StoredDigest(record.id);
      RETURN_IF_ERROR(work.Audit(context, {.resource = ResourceName(record.id),
                                           .action = fresh ? "imported" : "joined",
                                           .before_digest = fresh ? std::string() : digest,
                                           .after_digest = digest}));
    }
    return std::pair(ResourceName(record.id), *std::move(stored));
  };
  return store::WriteOnce<InputSetRecord>(store_, context, import, load);
}

}  // namespace specom::finance

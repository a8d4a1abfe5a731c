// Reference inputs go the way of every input set: named by their digest and stored once.
#include "services/finance/app/reference_inputs.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/finance/app/import_inputs.h"
#include "services/finance/app/stored_digest.h"
#include "services/finance/app/stored_time.h"

namespace specom::finance {
namespace {

constexpr std::string_view kAuthor = "specom";

absl::Status NoReferenceInputs(const ReferenceLibrary& library, const std::string& stream,
                               FinancialYear year) {
  std::vector<std::string> known;
  for (const InputSet* inputs : library.inputs()) {
    known.push_back(absl::StrCat(inputs->policy.stream, " ", inputs->policy.financial_year.ToString()));
  }
  const std::string list = absl::StrJoin(known, ", ");
  return MakeError(absl::StatusCode::kNotFound, kNoReferenceInputs,
                   absl::StrCat("no inputs ship for ", stream, " ", year.ToString(), " (there are: ", list,
                                "); import your own and name the input set"),
                   {{"stream", stream}, {"financial_year", year.ToString()}, {"known", list}});
}

}  // namespace

absl::StatusOr<int> ReferenceInputs::ImportAll(const RequestContext& context) {
  int imported = 0;
  for (const InputSet* inputs : library_.inputs()) {
    bool stored_before = false;
    RETURN_IF_ERROR(store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(std::optional<InputSetRecord> stored,
                       inputs_.Find(work, InputSetId(InputDigest(*inputs))));
      stored_before = stored.has_value();
      return Ensure(work, context, inputs->policy.stream, inputs->policy.financial_year).status();
    }));
    if (!stored_before) ++imported;
  }
  return imported;
}

absl::StatusOr<InputSetRecord> ReferenceInputs::Ensure(store::UnitOfWork& work, const RequestContext& context,
                                                       const std::string& stream, FinancialYear year) {
  ASSIGN_OR_RETURN(InputSetRecord record, Describe(work, stream, year));
  ASSIGN_OR_RETURN(std::optional<InputSetRecord> stored, inputs_.Find(work, record.id));
  if (stored) return record;
  RETURN_IF_ERROR(inputs_.Insert(work, record, *library_.FindInputs(stream, year)));
  RETURN_IF_ERROR(work.Audit(context, {.resource = ResourceName(record.id),
                                       .action = "imported",
                                       .after_digest = StoredDigest(record.id),
                                       .reason = "ships with the platform"}));
  return record;
}

absl::StatusOr<InputSetRecord> ReferenceInputs::Describe(store::UnitOfWork& work, const std::string& stream,
                                                         FinancialYear year) {
  const InputSet* inputs = library_.FindInputs(stream, year);
  if (inputs == nullptr) return NoReferenceInputs(library_, stream, year);
  ASSIGN_OR_RETURN(InputSetRecord record, RecordOf(*inputs, kAuthor, StoredNow(clock_), /*reference=*/true));
  ASSIGN_OR_RETURN(std::optional<InputSetRecord> stored, inputs_.Find(work, record.id));
  return stored ? *std::move(stored) : record;
}

}  // namespace specom::finance

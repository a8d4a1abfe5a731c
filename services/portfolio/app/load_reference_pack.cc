#include "services/portfolio/app/load_reference_pack.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/app/stored_digest.h"
#include "services/portfolio/domain/reasons.h"
#include "services/portfolio/domain/record_files.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {

absl::StatusOr<bool> LoadReferencePack::Execute(const RequestContext& context) {
  int loaded = 0;
  RETURN_IF_ERROR(store_.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(loaded, log_.ReferencePackVersion(work));
    return absl::OkStatus();
  }));
  if (loaded >= version_) return false;

  std::vector<RecordFile> files;
  for (const auto& file : files_) files.push_back({std::string(file.path), std::string(file.content)});
  std::vector<FileProblem> problems;
  const ParsedFiles parsed = ParseRecordFiles(files, problems);
  if (!problems.empty()) {
    std::vector<std::string> words;
    for (const auto& problem : problems) words.push_back(ToString(problem));
    return MakeError(absl::StatusCode::kFailedPrecondition, kReferencePack,
                     Concat({"the reference pack breaks rules: ", Join(words, "; ")}),
                     {{"problems", std::to_string(problems.size())}});
  }

  Snapshot learnt;
  const absl::Status written = store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    learnt.reset();
    ASSIGN_OR_RETURN(int present, log_.ReferencePackVersion(work));
    if (present >= version_) return absl::OkStatus();
    ASSIGN_OR_RETURN(Snapshot registry, live_.Within(work));
    absl::Time now = live_.NextRecordedAt(*registry);
    std::optional<absl::Time> recorded_at;
    if (registry->change() > 0) recorded_at = now;
    ImportPlan plan = PlanImport(*registry, parsed.records, recorded_at, /*keep_corrected=*/true);
    std::string note = Concat({"England reference pack, version ", std::to_string(version_)});
    ASSIGN_OR_RETURN(learnt, live_.Learn(work, context, *registry, now, note, plan.records));
    RETURN_IF_ERROR(log_.SetReferencePackVersion(work, version_, {learnt->change(), now}));
    return work.Audit(context, {.resource = ChangeName(learnt->change()),
                                .action = "imported",
                                .after_digest = StoredDigest(plan.records),
                                .reason = note});
  });
  RETURN_IF_ERROR(written);
  if (learnt == nullptr) return false;
  live_.Adopt(learnt);
  return true;
}

}  // namespace specom::portfolio

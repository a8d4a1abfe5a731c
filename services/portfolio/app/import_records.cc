#include "services/portfolio/app/import_records.h"

#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/app/stored_digest.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

// Problems that are told one by one; the rest are counted.
constexpr std::size_t kToldProblems = 100;

absl::Status RefuseFiles(const std::vector<RecordFile>& files, const std::vector<FileProblem>& problems) {
  std::map<std::string, std::string> field_of_file;
  for (std::size_t i = 0; i < files.size(); ++i) {
    field_of_file.emplace(files[i].name, Concat({"files[", std::to_string(i), "]"}));
  }
  std::vector<FieldViolation> violations;
  for (const auto& problem : problems) {
    if (violations.size() == kToldProblems) {
      violations.push_back(
          {"files", Concat({std::to_string(problems.size() - kToldProblems), " further problems"})});
      break;
    }
    auto field = field_of_file.find(problem.file);
    violations.push_back({field == field_of_file.end() ? "files" : field->second, ToString(problem)});
  }
  return InvalidFields(violations);
}

std::string OutcomeName(const ImportCounts& counts) {
  return Concat({std::to_string(counts.added), "/", std::to_string(counts.unchanged), "/",
                 std::to_string(counts.superseded)});
}

absl::StatusOr<ImportCounts> ParseOutcome(const std::string& name) {
  std::vector<std::string> parts = absl::StrSplit(name, '/');
  ImportCounts counts;
  if (parts.size() == 3 && absl::SimpleAtoi(parts[0], &counts.added) &&
      absl::SimpleAtoi(parts[1], &counts.unchanged) && absl::SimpleAtoi(parts[2], &counts.superseded)) {
    return counts;
  }
  return absl::InternalError(Concat({"the remembered outcome ", name, " is not one of an import"}));
}

}  // namespace

absl::StatusOr<ImportCounts> ImportRecords::Execute(const RequestContext& context,
                                                    const ImportRecordsCommand& command) {
  std::vector<FileProblem> syntax;
  const ParsedFiles parsed = ParseRecordFiles(command.files, syntax);

  // What the import would do to the registry as the transaction sees it.
  auto plan = [&](const Registry& registry, absl::Time recorded_at) -> absl::StatusOr<ImportPlan> {
    std::vector<FileProblem> problems = syntax;
    ImportPlan planned = PlanImport(registry, parsed.records, recorded_at);
    Snapshot after = registry.With(planned.records, registry.change() + 1, recorded_at);
    CheckReferences(parsed, *after, live_.Today(), problems);
    if (!problems.empty()) return RefuseFiles(command.files, problems);
    return planned;
  };
  auto counts_of = [](const ImportPlan& planned) {
    return ImportCounts{planned.added, planned.unchanged, planned.superseded};
  };

  if (command.validate_only) {
    ImportCounts counts;
    RETURN_IF_ERROR(store_.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(Snapshot registry, live_.Within(work));
      ASSIGN_OR_RETURN(ImportPlan planned, plan(*registry, live_.NextRecordedAt(*registry)));
      counts = counts_of(planned);
      return absl::OkStatus();
    }));
    return counts;
  }

  Snapshot learnt;
  auto counts = store::WriteOnce<ImportCounts>(
      store_, context,
      [&](store::UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, ImportCounts>> {
        learnt.reset();
        ASSIGN_OR_RETURN(Snapshot registry, live_.Within(work));
        absl::Time recorded_at = live_.NextRecordedAt(*registry);
        ASSIGN_OR_RETURN(ImportPlan planned, plan(*registry, recorded_at));
        ImportCounts done = counts_of(planned);
        if (planned.records.size() > 0) {
          std::string note = Concat({"imported ", std::to_string(done.added), " new and ",
                                     std::to_string(done.superseded), " changed records"});
          ASSIGN_OR_RETURN(learnt, live_.Learn(work, context, *registry, recorded_at, note, planned.records));
          RETURN_IF_ERROR(work.Audit(context, {.resource = ChangeName(learnt->change()),
                                               .action = "imported",
                                               .after_digest = StoredDigest(planned.records),
                                               .reason = note}));
        }
        return std::pair(OutcomeName(done), done);
      },
      [](store::UnitOfWork&, const std::string& name) { return ParseOutcome(name); });
  if (counts.ok() && learnt != nullptr) {
    live_.Adopt(learnt);
    recorded_();
  }
  return counts;
}

}  // namespace specom::portfolio

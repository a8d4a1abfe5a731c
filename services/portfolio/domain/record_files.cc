#include "services/portfolio/domain/record_files.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "services/portfolio/domain/decision_rules.h"
#include "services/portfolio/domain/record_columns.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

template <class T>
constexpr std::string_view kFileName = "";
template <>
constexpr std::string_view kFileName<Organisation> = "organisations.csv";
template <>
constexpr std::string_view kFileName<Succession> = "successions.csv";
template <>
constexpr std::string_view kFileName<Programme> = "programmes.csv";
template <>
constexpr std::string_view kFileName<ClinicalReferenceGroup> = "clinical_reference_groups.csv";
template <>
constexpr std::string_view kFileName<Service> = "services.csv";
template <>
constexpr std::string_view kFileName<ServiceLine> = "service_lines.csv";
template <>
constexpr std::string_view kFileName<Specification> = "specifications.csv";
template <>
constexpr std::string_view kFileName<ProviderEligibility> = "provider_eligibilities.csv";
template <>
constexpr std::string_view kFileName<AssessmentCriterion> = "assessment_criteria.csv";
template <>
constexpr std::string_view kFileName<ServiceAssessment> = "service_assessments.csv";
template <>
constexpr std::string_view kFileName<Decision> = "decisions.csv";

template <class T>
std::string_view FileNameOf(const std::vector<Record<T>>&) {
  return kFileName<T>;
}

template <class T>
void ParseFile(const RecordFile& file, std::vector<Record<T>>& list, std::vector<int>& rows,
               std::vector<FileProblem>& problems) {
  std::vector<std::string> required;
  std::vector<std::string> optional;
  for (const auto& name : ColumnNames<T>()) (IsOptionalColumn(name) ? optional : required).push_back(name);
  std::size_t problems_before = problems.size();
  CsvTable table = CsvTable::Parse(file.name, file.content, required, optional, problems);
  for (const auto& name : required) {
    // Without its columns a file tells nothing of its rows.
    if (problems.size() > problems_before && !table.HasColumn(name)) return;
  }
  std::set<std::pair<std::string, Date>> seen;
  for (std::size_t row = 0; row < table.size(); ++row) {
    Columns columns;
    for (const auto& name : ColumnNames<T>()) columns.emplace(name, table.At(row, name));
    std::vector<ColumnProblem> found;
    Record<T> record = FromColumns<T>(columns, found);
    for (auto& problem : found) {
      problems.push_back({file.name, table.RowNumber(row), std::move(problem.column),
                          std::move(problem.value), std::move(problem.rule)});
    }
    if (!found.empty()) continue;
    bool once_only = std::is_same_v<T, Decision>;
    if (!seen.emplace(record.id, once_only ? Date() : record.effective.from).second) {
      problems.push_back(table.ProblemAt(row, ColumnNames<T>().front(),
                                         once_only
                                             ? "the decision stands twice in the file; remove one"
                                             : "the record stands twice with this first day; remove one"));
      continue;
    }
    list.push_back(std::move(record));
    rows.push_back(table.RowNumber(row));
  }
}

template <class T>
absl::Time LearntAt(const Record<T>& record) {
  if constexpr (std::is_same_v<T, Decision>) return record.value.decided_on.StartOfDayUtc();
  return record.effective.from.StartOfDayUtc();
}

template <class T>
void PlanKind(const History<T>& known, const std::vector<Record<T>>& records,
              std::optional<absl::Time> recorded_at, bool keep_corrected, std::vector<Record<T>>& out,
              ImportPlan& plan) {
  std::map<std::string_view, int> last_version;
  for (const auto& record : records) {
    auto versions = known.Versions(record.id);
    int& last = last_version.emplace(record.id, versions.empty() ? 0 : versions.back().version).first->second;
    const Record<T>* standing = nullptr;
    for (const auto& version : versions) {
      if (version.superseded_at) continue;
      if (std::is_same_v<T, Decision> || version.effective.from == record.effective.from) standing = &version;
    }
    Record<T> planned = record;
    if (standing != nullptr) {
      if constexpr (std::is_same_v<T, Decision>) {
        if (planned.value.correction_reason.empty()) {
          planned.value.correction_reason = standing->value.correction_reason;
        }
      }
      if (planned.SaysTheSameAs(*standing) || (keep_corrected && standing->supersedes != 0)) {
        ++plan.unchanged;
        continue;
      }
      if constexpr (std::is_same_v<T, Decision>) {
        if (record.value.correction_reason.empty())
          planned.value.correction_reason = "imported again, otherwise";
      }
      planned.supersedes = standing->version;
      ++plan.superseded;
    } else {
      ++plan.added;
    }
    planned.version = ++last;
    planned.recorded_at = recorded_at ? *recorded_at : LearntAt(record);
    out.push_back(std::move(planned));
  }
}

// Checks references of parsed records against the registry that has them in it.
class ReferenceChecks {
 public:
  ReferenceChecks(const ParsedFiles& parsed, const Registry& after, std::vector<FileProblem>& problems)
      : parsed_(parsed), after_(after), problems_(problems) {
    for (const auto& record : after.programmes().records()) programmes_.insert(record.value.name);
  }

  void Run(Date today) {
    Each(parsed_.records.organisations, [&](const Record<Organisation>& record) {
      CheckOrganisation(record, "region", record.value.region, OrganisationKind::kRegion);
      CheckOrganisation(record, "icb", record.value.icb, OrganisationKind::kIcb);
      for (const auto& member : record.value.members) {
        CheckOrganisation(record, "members", member, OrganisationKind::kIcb);
      }
    });
    Each(parsed_.records.clinical_reference_groups, [&](const Record<ClinicalReferenceGroup>& record) {
      CheckProgramme(record, record.value.programme);
    });
    Each(parsed_.records.services, [&](const Record<Service>& record) {
      CheckProgramme(record, record.value.programme);
      CheckGroups(record, record.value.clinical_reference_groups);
    });
    Each(parsed_.records.service_lines, [&](const Record<ServiceLine>& record) {
      CheckProgramme(record, record.value.programme);
      CheckGroups(record, record.value.clinical_reference_groups);
      if (!record.value.service.empty()) CheckService(record);
    });
    Each(parsed_.records.specifications, [&](const Record<Specification>& record) {
      CheckService(record);
      const std::string& group = record.value.clinical_reference_group;
      if (after_.clinical_reference_groups().Latest(group, absl::InfiniteFuture()) == nullptr) {
        Add(record, "clinical_reference_group", group, "no clinical reference group with this code is known");
      }
    });
    Each(parsed_.records.provider_eligibilities, [&](const Record<ProviderEligibility>& record) {
      CheckOrganisation(record, "provider", record.value.provider, OrganisationKind::kTrust);
      const std::string& line = record.value.service_line;
      if (after_.service_lines().Latest(line, absl::InfiniteFuture()) == nullptr) {
        Add(record, "service_line", line, "no service line with this code is known");
      }
    });
    Each(parsed_.records.service_assessments, [&](const Record<ServiceAssessment>& record) {
      CheckService(record);
      for (const auto& finding : record.value.findings) {
        if (after_.assessment_criteria().Latest(finding.criterion, absl::InfiniteFuture()) == nullptr) {
          Add(record, "scores", finding.criterion,
              Concat({"no criterion with this code is known; the criteria are ",
                      Join(after_.assessment_criteria().ids(), ", ")}));
        }
      }
      if (record.value.assessed_on > today) {
        Add(record, "assessed_on", record.value.assessed_on.ToString(),
            "an assessment is recorded once it was made: not after today");
      }
    });
    Each(parsed_.records.successions, [&](const Record<Succession>& record) { CheckSuccession(record); });
    Each(parsed_.records.decisions, [&](const Record<Decision>& record) {
      for (auto& problem : CheckDecision(after_, record, today)) {
        std::string column = problem.field.substr(0, problem.field.find('['));
        Add(record, column == "decision_id" ? "decision" : column, problem.value, problem.rule);
      }
    });
  }

 private:
  template <class T, class Check>
  void Each(const std::vector<Record<T>>& list, Check check) {
    auto rows = parsed_.rows.find(kFileName<T>);
    for (std::size_t i = 0; i < list.size(); ++i) {
      row_ = rows->second[i];
      check(list[i]);
    }
  }
  template <class T>
  void Add(const Record<T>&, std::string_view column, std::string value, std::string rule) {
    problems_.push_back(
        {std::string(kFileName<T>), row_, std::string(column), std::move(value), std::move(rule)});
  }
  template <class T>
  void CheckOrganisation(const Record<T>& record, std::string_view column, const std::string& code,
                         OrganisationKind kind) {
    if (code.empty()) return;
    const auto* found = after_.organisations().Latest(code, absl::InfiniteFuture());
    if (found == nullptr || found->value.kind != kind) {
      std::string_view noun = kind == OrganisationKind::kRegion  ? "region"
                              : kind == OrganisationKind::kTrust ? "trust"
                                                                 : "ICB";
      Add(record, column, code, Concat({"no ", noun, " with this code is known"}));
    }
  }
  template <class T>
  void CheckProgramme(const Record<T>& record, const std::string& name) {
    if (!name.empty() && !programmes_.contains(name)) {
      Add(record, "programme", name, "no programme of care with this name is known");
    }
  }
  template <class T>
  void CheckGroups(const Record<T>& record, const std::vector<std::string>& codes) {
    for (const auto& code : codes) {
      if (after_.clinical_reference_groups().Latest(code, absl::InfiniteFuture()) == nullptr) {
        Add(record, "clinical_reference_groups", code, "no clinical reference group with this code is known");
      }
    }
  }
  template <class T>
  void CheckService(const Record<T>& record) {
    if (after_.services().Latest(record.value.service, absl::InfiniteFuture()) == nullptr) {
      Add(record, "service", record.value.service, "no service with this id is known");
    }
  }
  void CheckSuccession(const Record<Succession>& record) {
    const Succession& value = record.value;
    for (auto [column, code] :
         {std::pair("predecessor", value.predecessor), std::pair("successor", value.successor)}) {
      if (after_.organisations().Latest(code, absl::InfiniteFuture()) == nullptr) {
        Add(record, column, code, "no organisation with this code is known");
      }
    }
    double sum = 0;
    for (const auto* part : after_.SuccessorsOf(value.predecessor, absl::InfiniteFuture()))
      sum += part->value.share;
    if (std::abs(sum - 1) > 1e-9) {
      Add(record, "share", std::to_string(value.share),
          Concat({"the parts of ", value.predecessor, " add up to ", std::to_string(sum),
                  " and must add up to 1"}));
    }
    if (Reaches(value.successor, value.predecessor, 0)) {
      Add(record, "successor", value.successor, Concat({"leads back to ", value.predecessor}));
    }
  }
  bool Reaches(const std::string& from, const std::string& to, int depth) const {
    if (from == to || depth > 32) return true;
    auto next = after_.SuccessorsOf(from, absl::InfiniteFuture());
    return std::any_of(next.begin(), next.end(),
                       [&](const auto* part) { return Reaches(part->value.successor, to, depth + 1); });
  }

  const ParsedFiles& parsed_;
  const Registry& after_;
  std::vector<FileProblem>& problems_;
  std::set<std::string> programmes_;
  int row_ = 0;
};

}  // namespace

const std::vector<std::string>& RecordFileNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    const Records none;
    Records::ForEachKind(none, [&](const auto& records) { list.emplace_back(FileNameOf(records)); });
    return list;
  }();
  return names;
}

ParsedFiles ParseRecordFiles(std::span<const RecordFile> files, std::vector<FileProblem>& problems) {
  ParsedFiles parsed;
  for (const auto& name : RecordFileNames()) parsed.rows[name];
  std::set<std::string> seen;
  for (const auto& file : files) {
    if (!parsed.rows.contains(file.name)) {
      problems.push_back({file.name, 0, "", "",
                          Concat({"no such file is known; the files are ", Join(RecordFileNames(), ", ")})});
      continue;
    }
    if (!seen.insert(file.name).second) {
      problems.push_back({file.name, 0, "", "", "the file was given twice; give it once"});
      continue;
    }
    Records::ForEachKind(parsed.records, [&](auto& list) {
      if (FileNameOf(list) == file.name) ParseFile(file, list, parsed.rows[file.name], problems);
    });
  }
  return parsed;
}

ImportPlan PlanImport(const Registry& registry, const Records& records, std::optional<absl::Time> recorded_at,
                      bool keep_corrected) {
  ImportPlan plan;
  auto kind = [&](const auto& known, const auto& list, auto& out) {
    PlanKind(known, list, recorded_at, keep_corrected, out, plan);
  };
  kind(registry.organisations(), records.organisations, plan.records.organisations);
  kind(registry.successions(), records.successions, plan.records.successions);
  kind(registry.programmes(), records.programmes, plan.records.programmes);
  kind(registry.clinical_reference_groups(), records.clinical_reference_groups,
       plan.records.clinical_reference_groups);
  kind(registry.services(), records.services, plan.records.services);
  kind(registry.service_lines(), records.service_lines, plan.records.service_lines);
  kind(registry.specifications(), records.specifications, plan.records.specifications);
  kind(registry.provider_eligibilities(), records.provider_eligibilities,
       plan.records.provider_eligibilities);
  kind(registry.assessment_criteria(), records.assessment_criteria, plan.records.assessment_criteria);
  kind(registry.service_assessments(), records.service_assessments, plan.records.service_assessments);
  kind(registry.decisions(), records.decisions, plan.records.decisions);
  return plan;
}

void CheckReferences(const ParsedFiles& parsed, const Registry& after, Date today,
                     std::vector<FileProblem>& problems) {
  ReferenceChecks(parsed, after, problems).Run(today);
}

}  // namespace specom::portfolio

// Gets the allocation report of one region and year.
#include "services/reporting/app/get_regional_report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace specom::reporting {

absl::StatusOr<RegionalReport> GetRegionalReport::Report(store::UnitOfWork& work,
                                                         const RegionalReportQuery& query) {
  ASSIGN_OR_RETURN(const std::optional<PublishedRun> run,
                   read_model_.FindCurrentRun(work, query.stream, query.year));
  if (!run) {
    const std::string year = query.year.ToString();
    return MakeError(absl::StatusCode::kNotFound, kReportNotFound,
                     absl::StrCat("no ", query.stream, " allocations of ", year,
                                  " have been published; publish a run of that stream and year in finance"),
                     {{"stream", query.stream}, {"financial_year", year}});
  }
  ASSIGN_OR_RETURN(std::vector<Allocation> allocations,
                   read_model_.AllocationsOf(work, run->name, query.region));
  ASSIGN_OR_RETURN(const Commissioning commissioning, read_model_.LoadCommissioning(work));
  return BuildRegionalReport(*run, query.region, std::move(allocations), commissioning,
                             query.as_of.value_or(query.year.FirstDay()));
}

absl::StatusOr<RegionalReport> GetRegionalReport::Execute(const RequestContext& context,
                                                          const RegionalReportQuery& query) {
  RegionalReport report;
  RETURN_IF_ERROR(store_.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(report, Report(work, query));
    return absl::OkStatus();
  }));
  return report;
}

}  // namespace specom::reporting

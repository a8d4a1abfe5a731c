// Lists the reports that can be had.
#include "services/reporting/app/list_regional_reports.h"

#include "libs/base/status.h"

namespace specom::reporting {

absl::StatusOr<std::vector<ReportSummary>> ListRegionalReports::Execute(const RequestContext& context,
                                                                        const ListReportsQuery& query) {
  std::vector<ReportSummary> reports;
  RETURN_IF_ERROR(store_.Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(reports, read_model_.ListReports(work, query.region, query.after, query.limit));
    return absl::OkStatus();
  }));
  return reports;
}

}  // namespace specom::reporting

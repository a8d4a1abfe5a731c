// Gets the allocation report of one region and year.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/auth/request_context.h"
#include "libs/store/store.h"
#include "services/reporting/app/read_model.h"

namespace specom::reporting {

struct RegionalReportQuery {
  RegionCode region;
  FinancialYear year;
  std::string stream;
  // The date of the delegation status; absent: the first day of the year.
  std::optional<Date> as_of;
};

class GetRegionalReport {
 public:
  GetRegionalReport(store::Store& store, ReadModel& read_model) : store_(store), read_model_(read_model) {}

  // From one state of the read model. NOT_FOUND/REPORT_NOT_FOUND when nothing was published for the
  // stream and year; the errors of BuildRegionalReport.
  absl::StatusOr<RegionalReport> Execute(const RequestContext& context, const RegionalReportQuery& query);

 private:
  absl::StatusOr<RegionalReport> Report(store::UnitOfWork& work, const RegionalReportQuery& query);

  store::Store& store_;
  ReadModel& read_model_;
};

}  // namespace specom::reporting

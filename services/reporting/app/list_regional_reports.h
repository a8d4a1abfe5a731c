// Lists the reports that can be had.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/request_context.h"
#include "libs/store/store.h"
#include "services/reporting/app/read_model.h"

namespace specom::reporting {

struct ListReportsQuery {
  // Empty: every region.
  RegionCode region;
  std::optional<ReportKey> after;
  int limit = 100;
};

class ListRegionalReports {
 public:
  ListRegionalReports(store::Store& store, ReadModel& read_model) : store_(store), read_model_(read_model) {}

  // Latest year first, then by stream and region.
  absl::StatusOr<std::vector<ReportSummary>> Execute(const RequestContext& context,
                                                     const ListReportsQuery& query);

 private:
  store::Store& store_;
  ReadModel& read_model_;
};

}  // namespace specom::reporting

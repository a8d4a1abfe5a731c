// The regional allocation report: each ICB's way from baseline to allocation, and how many services
// it commissions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/date.h"
#include "libs/base/financial_year.h"
#include "libs/base/id.h"
#include "libs/base/money.h"
#include "services/reporting/domain/commissioning.h"
#include "services/reporting/domain/event_stamp.h"
#include "services/reporting/domain/reasons.h"

namespace specom::reporting {

// runs/{run_id}
using RunName = Id<struct RunNameTag>;

// A run as it was published.
struct PublishedRun {
  RunName name;
  std::string stream;
  FinancialYear year;
  absl::Time publish_time;
  EventStamp learnt_from;

  friend bool operator==(const PublishedRun&, const PublishedRun&) = default;
};

// What a run allocates to an ICB or to a region as a whole.
struct Allocation {
  // An ICB's or region's ODS code.
  std::string code;
  std::string name;
  RegionCode region;
  std::string region_name;
  Pence baseline;
  // At the start of the year; absent where the stream has no target.
  std::optional<Pence> target;
  std::optional<double> opening_distance;
  double base_growth = 0;
  std::optional<double> convergence;
  Pence allocation;
  std::optional<double> closing_distance;
  // Not negative: what the policy takes out of the allocation again.
  Pence taken_out;
  // Components that are passed through, and adjustments.
  Pence added;
  Pence resource_allocation;

  bool IsRegion() const { return code == region.value(); }
  friend bool operator==(const Allocation&, const Allocation&) = default;
};

struct ReportRow {
  Allocation allocation;
  // round(baseline * base growth), halves away from zero.
  Pence base_growth;
  // allocation - baseline - base growth: what convergence adds or takes, and rounding.
  Pence convergence;
  // allocation - baseline
  Pence movement;
  ServiceCounts services;

  friend bool operator==(const ReportRow&, const ReportRow&) = default;
};

struct RegionalReport {
  PublishedRun run;
  RegionCode region;
  std::string region_name;
  Date as_of;
  // By ICB code.
  std::vector<ReportRow> rows;
  // The region: sums of money, finance's ratios of sums, and the services that are delegated, or
  // else joint, for at least one of its ICBs.
  ReportRow total;
  // The last event that shaped the report: the publication, or a decision on one of its ICBs.
  std::string last_event_id;

  friend bool operator==(const RegionalReport&, const RegionalReport&) = default;
};

// allocations: those of the region's ICBs and of the region itself, in any order. as_of: the date of
// the delegation status. NOT_FOUND/REGION_NOT_FOUND when there are none; DATA_LOSS/
// REPORT_NOT_RECONCILED when the region's baseline, target, allocation, parts or resource allocation
// is not the sum of its ICBs'; OUT_OF_RANGE when an amount does not fit.
absl::StatusOr<RegionalReport> BuildRegionalReport(const PublishedRun& run, const RegionCode& region,
                                                   std::vector<Allocation> allocations,
                                                   const Commissioning& commissioning, Date as_of);

}  // namespace specom::reporting

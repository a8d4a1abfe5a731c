// The regional allocation report: each ICB's way from baseline to allocation, and how many services
// it commissions.
#include "services/reporting/domain/regional_report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace specom::reporting {
namespace {

absl::StatusOr<ReportRow> RowOf(Allocation allocation) {
  ReportRow row;
  ASSIGN_OR_RETURN(
      row.base_growth,
      RoundHalfAwayFromZero(static_cast<double>(allocation.baseline.value()) * allocation.base_growth, 1));
  ASSIGN_OR_RETURN(row.movement, Subtract(allocation.allocation, allocation.baseline));
  ASSIGN_OR_RETURN(row.convergence, Subtract(row.movement, row.base_growth));
  row.allocation = std::move(allocation);
  return row;
}

template <class Amount>
absl::StatusOr<Pence> SumOf(const std::vector<ReportRow>& rows, Amount amount) {
  PenceSum sum;
  for (const ReportRow& row : rows) sum.Add(amount(row));
  return sum.Total();
}

// The region's published money against the sums of its ICBs.
absl::Status Reconcile(const Allocation& region, const std::vector<ReportRow>& rows) {
  struct Check {
    const char* what;
    Pence published;
    Pence (*of)(const Allocation&);
  };
  const Check checks[] = {
      {"baseline", region.baseline, [](const Allocation& a) { return a.baseline; }},
      {"target", region.target.value_or(Pence()),
       [](const Allocation& a) { return a.target.value_or(Pence()); }},
      {"allocation", region.allocation, [](const Allocation& a) { return a.allocation; }},
      {"amount taken out", region.taken_out, [](const Allocation& a) { return a.taken_out; }},
      {"amount added", region.added, [](const Allocation& a) { return a.added; }},
      {"resource allocation", region.resource_allocation,
       [](const Allocation& a) { return a.resource_allocation; }},
  };
  for (const Check& check : checks) {
    ASSIGN_OR_RETURN(const Pence sum,
                     SumOf(rows, [&](const ReportRow& row) { return check.of(row.allocation); }));
    if (sum == check.published) continue;
    return MakeError(absl::StatusCode::kDataLoss, kReportNotReconciled,
                     absl::StrCat("the ", check.what, " of region ", region.code, " was published as £",
                                  check.published.ToPounds(), " and its ICBs add up to £", sum.ToPounds(),
                                  "; rebuild the read model, and compare the run in finance"),
                     {{"region", region.code},
                      {"amount", check.what},
                      {"published_gbp", check.published.ToPounds()},
                      {"sum_gbp", sum.ToPounds()}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RegionalReport> BuildRegionalReport(const PublishedRun& run, const RegionCode& region,
                                                   std::vector<Allocation> allocations,
                                                   const Commissioning& commissioning, Date as_of) {
  std::optional<Allocation> whole;
  RegionalReport report;
  EventStamp latest = run.learnt_from;
  Commissioning::Forms forms_of_region;
  std::ranges::sort(allocations, {}, &Allocation::code);
  for (Allocation& allocation : allocations) {
    if (allocation.IsRegion()) {
      whole = std::move(allocation);
      continue;
    }
    const IcbCode icb(allocation.code);
    ASSIGN_OR_RETURN(ReportRow row, RowOf(std::move(allocation)));
    const Commissioning::Forms forms = commissioning.On(icb, as_of);
    row.services = CountServices(forms);
    for (const auto& [service, form] : forms) {
      const auto [known, _] = forms_of_region.try_emplace(service, form);
      known->second = std::max(known->second, form);
    }
    const std::optional<EventStamp> decided = commissioning.LatestEvent(icb);
    if (decided && IsLater(*decided, latest)) latest = *decided;
    report.rows.push_back(std::move(row));
  }
  if (!whole) {
    return MakeError(
        absl::StatusCode::kNotFound, kRegionNotFound,
        absl::StrCat("the ", run.stream, " allocations of ", run.year.ToString(), " have no region ",
                     region.value(), "; list the reports to see the regions that there are"),
        {{"region", region.value()}, {"stream", run.stream}, {"financial_year", run.year.ToString()}});
  }
  RETURN_IF_ERROR(Reconcile(*whole, report.rows));
  ASSIGN_OR_RETURN(report.total.base_growth,
                   SumOf(report.rows, [](const ReportRow& row) { return row.base_growth; }));
  ASSIGN_OR_RETURN(report.total.convergence,
                   SumOf(report.rows, [](const ReportRow& row) { return row.convergence; }));
  ASSIGN_OR_RETURN(report.total.movement,
                   SumOf(report.rows, [](const ReportRow& row) { return row.movement; }));
  report.total.services = CountServices(forms_of_region);
  report.region = region;
  report.region_name = whole->name;
  report.total.allocation = *std::move(whole);
  report.run = run;
  report.as_of = as_of;
  report.last_event_id = latest.id;
  return report;
}

}  // namespace specom::reporting

// What reporting has learnt from events, as its operations need it: an abstract class that an
// adapter implements in the transaction that it is given.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/store/store.h"
#include "services/reporting/domain/commissioning.h"
#include "services/reporting/domain/regional_report.h"

namespace specom::reporting {

struct AllocationsPublished {
  PublishedRun run;
  // Those of ICBs and of regions.
  std::vector<Allocation> allocations;
};

struct RunSuperseded {
  RunName run;
};

struct DecisionLearnt {
  Decision decision;
  // The other decision that it replaces in what is known; empty: none.
  DecisionName corrects;
};

// An ICB with all of its successors; without any it goes on.
struct IcbLearnt {
  IcbCode icb;
  std::vector<Succession> successions;
};

struct IcbsLearnt {
  std::vector<IcbLearnt> icbs;
};

// What an event says.
using Fact = std::variant<AllocationsPublished, RunSuperseded, DecisionLearnt, IcbsLearnt>;

// A report that can be had.
struct ReportSummary {
  RegionCode region;
  std::string region_name;
  FinancialYear year;
  std::string stream;
  RunName run;
  absl::Time publish_time;

  friend bool operator==(const ReportSummary&, const ReportSummary&) = default;
};

// Where a list of reports goes on: after this one.
struct ReportKey {
  FinancialYear year;
  std::string stream;
  RegionCode region;
};

// Keeping the same facts in any order, any number of times, gives the same state.
class ReadModel {
 public:
  virtual ~ReadModel() = default;

  virtual absl::Status Keep(store::UnitOfWork& work, const EventStamp& stamp, const Fact& fact) = 0;

  // The run whose figures stand for the stream and year: of those that were published and not
  // superseded the one published last; where all are superseded (the publication of the successor
  // has not arrived yet), the last of these.
  virtual absl::StatusOr<std::optional<PublishedRun>> FindCurrentRun(store::UnitOfWork& work,
                                                                     const std::string& stream,
                                                                     FinancialYear year) = 0;
  // Those of the region's ICBs and of the region itself.
  virtual absl::StatusOr<std::vector<Allocation>> AllocationsOf(store::UnitOfWork& work, const RunName& run,
                                                                const RegionCode& region) = 0;
  // All that is known on who commissions what.
  virtual absl::StatusOr<Commissioning> LoadCommissioning(store::UnitOfWork& work) = 0;
  // The reports on current runs, latest year first, then by stream and region; after the key, of one
  // region or (empty) of all.
  virtual absl::StatusOr<std::vector<ReportSummary>> ListReports(store::UnitOfWork& work,
                                                                 const RegionCode& region,
                                                                 const std::optional<ReportKey>& after,
                                                                 int limit) = 0;
};

}  // namespace specom::reporting

// What finance's operations need of the outside world: abstract classes that adapters implement.
// Repositories work in the transaction that they are given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/request_context.h"
#include "libs/base/csv.h"
#include "libs/base/date.h"
#include "libs/store/store.h"
#include "services/finance/app/access.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/footprint.h"
#include "services/finance/domain/inputs.h"
#include "services/finance/domain/run.h"

namespace specom::finance {

// The three files of an input folder.
struct InputFiles {
  std::string baseline_csv;
  std::string need_csv;
  std::string policy_json;
};

struct InputFindings {
  // Present exactly when there are no problems.
  std::optional<InputSet> inputs;
  // By file, then by row.
  std::vector<FileProblem> problems;
  // Problems beyond those listed.
  std::size_t further_problems = 0;
};

class InputReader {
 public:
  virtual ~InputReader() = default;
  // Reads and checks all three files and reports every problem at once.
  virtual InputFindings Read(const InputFiles& files) const = 0;
};

// What ships with the platform; in memory, immutable.
class ReferenceLibrary {
 public:
  virtual ~ReferenceLibrary() = default;
  // By slug, e.g. "specialised-2025-26".
  virtual const std::map<std::string, AllocationPolicy>& policies() const = 0;
  // Every set of reference inputs.
  virtual std::vector<const InputSet*> inputs() const = 0;
  // nullptr where none ships for the stream and year.
  virtual const InputSet* FindInputs(std::string_view stream, FinancialYear year) const = 0;
  virtual const PublishedFigures* FindPublished(std::string_view stream, FinancialYear year) const = 0;
  // The region of every ICB that is or was.
  virtual const std::map<IcbCode, RegionCode>& regions() const = 0;
};

// The head of a stored input set.
struct InputSetRecord {
  InputSetId id;
  AllocationPolicy policy;
  int icb_count = 0;
  int baseline_line_count = 0;
  // Sum of the components that are in the chain.
  Pence baseline;
  std::string created_by;
  absl::Time create_time;
  // Ships with the platform.
  bool reference = false;
};

// Where a list by time, latest first, goes on: after this one.
struct LatestKey {
  absl::Time create_time;
  std::string id;
};

// Empty or absent: every one.
struct InputSetFilter {
  std::string stream;
  std::optional<FinancialYear> year;
};
struct RunFilter {
  std::string stream;
  std::optional<FinancialYear> year;
  std::optional<RunState> state;
};

// A line with its place in the ledger, from 0.
struct PlacedBaselineLine {
  std::int64_t position = 0;
  BaselineLine line;
};

class InputSetRepository {
 public:
  virtual ~InputSetRepository() = default;
  virtual absl::StatusOr<std::optional<InputSetRecord>> Find(store::UnitOfWork& work,
                                                             const InputSetId& id) = 0;
  // The whole content of a stored set. DATA_LOSS/INPUTS_DAMAGED when it no longer has its digest.
  virtual absl::StatusOr<InputSet> Load(store::UnitOfWork& work, const InputSetId& id) = 0;
  // Inserts a set that is not stored yet.
  virtual absl::Status Insert(store::UnitOfWork& work, const InputSetRecord& record,
                              const InputSet& inputs) = 0;
  // Lets the organisation see the set; true when it could not before. Nothing for an empty organisation.
  virtual absl::StatusOr<bool> AddHolder(store::UnitOfWork& work, const InputSetId& id,
                                         const std::string& organisation) = 0;
  // It ships with the platform, the viewer reaches it as a draft, or a public run used it.
  virtual absl::StatusOr<bool> IsVisible(store::UnitOfWork& work, const InputSetId& id,
                                         const Viewer& viewer) = 0;
  // Those visible to the viewer, latest first, after the key.
  virtual absl::StatusOr<std::vector<InputSetRecord>> List(store::UnitOfWork& work,
                                                           const InputSetFilter& filter, const Viewer& viewer,
                                                           const std::optional<LatestKey>& after,
                                                           int limit) = 0;
  // Lines from `position` on, of one ICB or (empty) of all.
  virtual absl::StatusOr<std::vector<PlacedBaselineLine>> Lines(store::UnitOfWork& work, const InputSetId& id,
                                                                const IcbCode& icb, std::int64_t position,
                                                                int limit) = 0;
};

enum class AllocationLevel { kIcb, kRegion, kEngland };

class RunRepository {
 public:
  virtual ~RunRepository() = default;
  virtual absl::StatusOr<std::optional<Run>> Find(store::UnitOfWork& work, const RunId& id) = 0;
  // The published run of the stream and year.
  virtual absl::StatusOr<std::optional<Run>> FindPublished(store::UnitOfWork& work, const std::string& stream,
                                                           FinancialYear year) = 0;
  virtual absl::Status Insert(store::UnitOfWork& work, const Run& run) = 0;
  // Replaces the run whose version is one below. ABORTED/STALE_ETAG when it is not.
  virtual absl::Status Update(store::UnitOfWork& work, const Run& run) = 0;
  // Lets the organisation see the run before it is public; true when it could not before. Nothing for an
  // empty organisation.
  virtual absl::StatusOr<bool> AddHolder(store::UnitOfWork& work, const RunId& id,
                                         const std::string& organisation) = 0;
  // An organisation that the viewer reaches asked for it.
  virtual absl::StatusOr<bool> IsHeldFor(store::UnitOfWork& work, const RunId& id, const Viewer& viewer) = 0;
  // Those visible to the viewer, latest first, after the key.
  virtual absl::StatusOr<std::vector<Run>> List(store::UnitOfWork& work, const RunFilter& filter,
                                                const Viewer& viewer, const std::optional<LatestKey>& after,
                                                int limit) = 0;
  // Stores the allocations of every level.
  virtual absl::Status SaveResult(store::UnitOfWork& work, const RunId& id,
                                  const AllocationResult& result) = 0;
  // The allocations from `position` on, by code.
  virtual absl::StatusOr<std::vector<Allocation>> Allocations(store::UnitOfWork& work, const RunId& id,
                                                              AllocationLevel level, std::int64_t position,
                                                              int limit) = 0;
};

// Which regional team reaches the drafts of which organisations.
class OrganisationRegions {
 public:
  virtual ~OrganisationRegions() = default;
  // True when it was not so before.
  virtual absl::StatusOr<bool> Put(store::UnitOfWork& work, const IcbCode& icb, const RegionCode& region) = 0;
};

// The registry of which ICB replaced which.
class Footprints {
 public:
  virtual ~Footprints() = default;
  // What became of these ICBs by that date; of one that stays, a single part. The registry's own errors
  // for an ICB that it does not know or that begins later. UNAVAILABLE (PORTFOLIO_UNAVAILABLE);
  // FAILED_PRECONDITION (NO_PORTFOLIO_ENDPOINT).
  virtual absl::StatusOr<std::vector<FootprintPart>> On(const RequestContext& context,
                                                        const std::vector<IcbCode>& icbs, Date date) = 0;
};

// Tells other services and the workers, once the transaction has committed.
class RunEvents {
 public:
  virtual ~RunEvents() = default;
  virtual absl::Status Requested(store::UnitOfWork& work, const RequestContext& context, const Run& run) = 0;
  virtual absl::Status Completed(store::UnitOfWork& work, const RequestContext& context, const Run& run) = 0;
  virtual absl::Status Approved(store::UnitOfWork& work, const RequestContext& context, const Run& run) = 0;
  virtual absl::Status Published(store::UnitOfWork& work, const RequestContext& context, const Run& run,
                                 const std::vector<Allocation>& allocations) = 0;
  virtual absl::Status Superseded(store::UnitOfWork& work, const RequestContext& context, const Run& run) = 0;
};

}  // namespace specom::finance

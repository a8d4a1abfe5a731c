// An allocation run from request to publication: its states, who may move it, and to where.
// The run's figures are immutable; only its state moves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/financial_year.h"
#include "libs/base/id.h"
#include "libs/base/money.h"
#include "services/finance/domain/published.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {

// The first 20 hexadecimal digits of SHA-256 over the input digest and the method's version.
using RunId = Id<struct RunTag>;
// The SHA-256 of the canonical inputs, 64 lower-case hexadecimal digits.
using InputSetId = Id<struct InputSetTag>;

enum class RunState { kQueued, kComputing, kComputed, kApproved, kPublished, kSuperseded, kFailed };
inline constexpr RunState kRunStates[] = {RunState::kQueued,   RunState::kComputing, RunState::kComputed,
                                          RunState::kApproved, RunState::kPublished, RunState::kSuperseded,
                                          RunState::kFailed};

// "queued"
std::string_view ToString(RunState state);
// The inverse; nothing for a word that is no state.
std::optional<RunState> ParseRunState(std::string_view word);
// Nothing more happens by itself: computed or beyond, or failed.
bool IsFinished(RunState state);
// Its figures are for everybody: published or superseded.
bool IsPublic(RunState state);

// What can be done to a run.
enum class RunAction {
  // It is asked for again after it failed.
  kRequeue,
  // A worker takes it up.
  kClaim,
  // The worker that holds it brings its results, or the reason why there are none.
  kComplete,
  kFail,
  kApprove,
  kPublish,
  // Another run of its stream and year is published.
  kSupersede,
};
inline constexpr RunAction kRunActions[] = {RunAction::kRequeue,  RunAction::kClaim,   RunAction::kComplete,
                                            RunAction::kFail,     RunAction::kApprove, RunAction::kPublish,
                                            RunAction::kSupersede};

// "approve"
std::string_view ToString(RunAction action);
// The state that the action leads to; nothing where it is not allowed in that state.
std::optional<RunState> StateAfter(RunState state, RunAction action);

struct Run {
  RunId id;
  InputSetId input_set;
  std::string stream;
  FinancialYear year;
  // kMethodVersion when it was created.
  std::string method_version;
  RunState state = RunState::kQueued;
  // Rises by one with every change, from 1.
  std::int64_t version = 1;
  // Rises with every claim; a worker with a lower one has lost the run.
  std::int64_t fence = 0;
  // How often a worker has taken it up since it was queued.
  int attempts = 0;
  std::string worker;
  std::string created_by;
  absl::Time create_time;
  std::optional<absl::Time> complete_time;
  std::string approved_by;
  std::optional<absl::Time> approve_time;
  std::string published_by;
  std::optional<absl::Time> publish_time;
  RunId superseded_by;
  // Why it failed, in a sentence; empty otherwise.
  std::string failure;
  // SHA-256 over every allocation of the run; empty until it is computed.
  std::string result_digest;
  // England's allocation; 0 until it is computed.
  Pence allocation;
  // How it stands to the published figures; absent where there are none for its inputs.
  std::optional<PublishedComparison> comparison;
};

// The id of the run on these inputs by this version of the method.
RunId RunIdOf(const InputSetId& input_set, std::string_view method_version);
// FAILED_PRECONDITION/RUN_STATE with the state and what to do, unless the run has figures to show.
absl::Status CheckComputed(const Run& run);
// FAILED_PRECONDITION/METHOD_CHANGED unless the run was computed by the present method, so that
// working its inputs through again gives its figures.
absl::Status CheckMethod(const Run& run);
// The run's version as a caller quotes it.
std::string EtagOf(const Run& run);

// What computing a run brings.
struct RunOutcome {
  std::string result_digest;
  Pence allocation;
  std::optional<PublishedComparison> comparison;
};

// Each returns the run as it is afterwards, with its version raised; the first refusal that
// applies, in this order:
//   ABORTED/STALE_ETAG            the run has changed since the caller read it
//   FAILED_PRECONDITION/RUN_STATE the action is not allowed in its state
//   FAILED_PRECONDITION/APPROVER_IS_AUTHOR  the approver created the run
absl::StatusOr<Run> Requeue(const Run& run);
absl::StatusOr<Run> Claim(const Run& run, std::string_view worker);
absl::StatusOr<Run> Complete(const Run& run, const RunOutcome& outcome, absl::Time now);
absl::StatusOr<Run> Fail(const Run& run, std::string_view reason, absl::Time now);
absl::StatusOr<Run> Approve(const Run& run, std::string_view etag, std::string_view approver, absl::Time now);
absl::StatusOr<Run> Publish(const Run& run, std::string_view etag, std::string_view publisher,
                            absl::Time now);
absl::StatusOr<Run> Supersede(const Run& run, const RunId& by);

// "runs/{id}", "inputSets/{id}", "operations/{id}"
std::string ResourceName(const RunId& id);
std::string ResourceName(const InputSetId& id);
std::string OperationName(const RunId& id);
// The inverse of ResourceName for a name that this service made.
RunId RunIdFrom(std::string_view name);

}  // namespace specom::finance

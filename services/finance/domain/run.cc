// The lifecycle of an allocation run as one table, and the changes that it allows.
#include "services/finance/domain/run.h"

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"

namespace specom::finance {
namespace {

constexpr std::size_t kRunIdLength = 20;

absl::string_view Abseil(std::string_view text) {
  return {text.data(), text.size()};
}

// What a caller can do about a run whose state does not allow the action.
std::string Remedy(RunState state, RunAction action) {
  switch (state) {
    case RunState::kQueued:
    case RunState::kComputing:
      return "wait until it is computed";
    case RunState::kComputed:
      return action == RunAction::kPublish ? "somebody other than its author approves it first"
                                           : "nothing is left to compute";
    case RunState::kApproved:
      return action == RunAction::kApprove ? "it can be published" : "nothing is left to compute";
    case RunState::kPublished:
      return "nothing is left to do";
    case RunState::kSuperseded:
      return "see the run that took its place";
    case RunState::kFailed:
      return "create the run again, or import corrected inputs";
  }
  SPECOM_CHECK(false);
}

absl::StatusOr<Run> Moved(const Run& run, RunAction action) {
  std::optional<RunState> next = StateAfter(run.state, action);
  if (!next) {
    std::string state(ToString(run.state)), verb(ToString(action)), remedy = Remedy(run.state, action);
    return MakeError(
        absl::StatusCode::kFailedPrecondition, kRunState,
        absl::StrCat("cannot ", verb, " ", ResourceName(run.id), ": it is ", state, "; ", remedy),
        {{"run", ResourceName(run.id)}, {"state", state}, {"action", verb}, {"remedy", remedy}});
  }
  Run moved = run;
  moved.state = *next;
  ++moved.version;
  return moved;
}

absl::Status CheckEtag(const Run& run, std::string_view etag) {
  if (etag == EtagOf(run)) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kAborted, kStaleEtag,
      absl::StrCat(ResourceName(run.id), " has changed: its etag is ", EtagOf(run), ", not ", Abseil(etag),
                   "; get it again and decide again"),
      {{"run", ResourceName(run.id)}, {"etag", std::string(etag)}, {"current_etag", EtagOf(run)}});
}

}  // namespace

std::string_view ToString(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return "queued";
    case RunState::kComputing:
      return "computing";
    case RunState::kComputed:
      return "computed";
    case RunState::kApproved:
      return "approved";
    case RunState::kPublished:
      return "published";
    case RunState::kSuperseded:
      return "superseded";
    case RunState::kFailed:
      return "failed";
  }
  SPECOM_CHECK(false);
}

std::optional<RunState> ParseRunState(std::string_view word) {
  for (RunState state : kRunStates) {
    if (ToString(state) == word) return state;
  }
  return std::nullopt;
}

bool IsFinished(RunState state) {
  return state != RunState::kQueued && state != RunState::kComputing;
}

bool IsPublic(RunState state) {
  return state == RunState::kPublished || state == RunState::kSuperseded;
}

std::string_view ToString(RunAction action) {
  switch (action) {
    case RunAction::kRequeue:
      return "requeue";
    case RunAction::kClaim:
      return "claim";
    case RunAction::kComplete:
      return "complete";
    case RunAction::kFail:
      return "fail";
    case RunAction::kApprove:
      return "approve";
    case RunAction::kPublish:
      return "publish";
    case RunAction::kSupersede:
      return "supersede";
  }
  SPECOM_CHECK(false);
}

std::optional<RunState> StateAfter(RunState state, RunAction action) {
  struct Transition {
    RunState from;
    RunAction action;
    RunState to;
  };
  static constexpr Transition kTransitions[] = {
      {RunState::kFailed, RunAction::kRequeue, RunState::kQueued},
      {RunState::kQueued, RunAction::kClaim, RunState::kComputing},
      // A worker that went away left it computing.
      {RunState::kComputing, RunAction::kClaim, RunState::kComputing},
      {RunState::kComputing, RunAction::kComplete, RunState::kComputed},
      {RunState::kComputing, RunAction::kFail, RunState::kFailed},
      {RunState::kComputed, RunAction::kApprove, RunState::kApproved},
      {RunState::kApproved, RunAction::kPublish, RunState::kPublished},
      {RunState::kPublished, RunAction::kSupersede, RunState::kSuperseded},
  };
  for (const Transition& transition : kTransitions) {
    if (transition.from == state && transition.action == action) return transition.to;
  }
  return std::nullopt;
}

RunId RunIdOf(const InputSetId& input_set, std::string_view method_version) {
  return RunId(Sha256().Part(input_set.value()).Part(method_version).HexDigest().substr(0, kRunIdLength));
}

absl::Status CheckComputed(const Run& run) {
  if (IsFinished(run.state) && run.state != RunState::kFailed) return absl::OkStatus();
  std::string state(ToString(run.state));
  std::string remedy = run.state == RunState::kFailed ? absl::StrCat("it failed: ", run.failure)
                                                      : absl::StrCat("wait for ", OperationName(run.id));
  return MakeError(absl::StatusCode::kFailedPrecondition, kRunState,
                   absl::StrCat(ResourceName(run.id), " has no figures: it is ", state, "; ", remedy),
                   {{"run", ResourceName(run.id)}, {"state", state}, {"action", "read"}, {"remedy", remedy}});
}

absl::Status CheckMethod(const Run& run) {
  if (run.method_version == kMethodVersion) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, kMethodChanged,
                   absl::StrCat(ResourceName(run.id), " was computed by version ", run.method_version,
                                " of the method, this is version ", Abseil(kMethodVersion),
                                "; create a run on ", ResourceName(run.input_set), " again"),
                   {{"run", ResourceName(run.id)},
                    {"method_version", run.method_version},
                    {"current_method_version", std::string(kMethodVersion)},
                    {"input_set", ResourceName(run.input_set)}});
}

std::string EtagOf(const Run& run) {
  return absl::StrCat("v", run.version);
}

absl::StatusOr<Run> Requeue(const Run& run) {
  ASSIGN_OR_RETURN(Run queued, Moved(run, RunAction::kRequeue));
  queued.attempts = 0;
  queued.worker.clear();
  queued.failure.clear();
  queued.complete_time.reset();
  return queued;
}

absl::StatusOr<Run> Claim(const Run& run, std::string_view worker) {
  ASSIGN_OR_RETURN(Run claimed, Moved(run, RunAction::kClaim));
  ++claimed.fence;
  ++claimed.attempts;
  claimed.worker = worker;
  return claimed;
}

absl::StatusOr<Run> Complete(const Run& run, const RunOutcome& outcome, absl::Time now) {
  ASSIGN_OR_RETURN(Run completed, Moved(run, RunAction::kComplete));
  completed.complete_time = now;
  completed.result_digest = outcome.result_digest;
  completed.allocation = outcome.allocation;
  completed.comparison = outcome.comparison;
  return completed;
}

absl::StatusOr<Run> Fail(const Run& run, std::string_view reason, absl::Time now) {
  ASSIGN_OR_RETURN(Run failed, Moved(run, RunAction::kFail));
  failed.complete_time = now;
  failed.failure = reason;
  return failed;
}

absl::StatusOr<Run> Approve(const Run& run, std::string_view etag, std::string_view approver,
                            absl::Time now) {
  RETURN_IF_ERROR(CheckEtag(run, etag));
  ASSIGN_OR_RETURN(Run approved, Moved(run, RunAction::kApprove));
  if (approver == run.created_by) {
    return MakeError(absl::StatusCode::kFailedPrecondition, kApproverIsAuthor,
                     absl::StrCat(run.created_by, " created ", ResourceName(run.id),
                                  " and cannot approve it; ask a colleague to"),
                     {{"run", ResourceName(run.id)}, {"author", run.created_by}});
  }
  approved.approved_by = approver;
  approved.approve_time = now;
  return approved;
}

absl::StatusOr<Run> Publish(const Run& run, std::string_view etag, std::string_view publisher,
                            absl::Time now) {
  RETURN_IF_ERROR(CheckEtag(run, etag));
  ASSIGN_OR_RETURN(Run published, Moved(run, RunAction::kPublish));
  published.published_by = publisher;
  published.publish_time = now;
  return published;
}

absl::StatusOr<Run> Supersede(const Run& run, const RunId& by) {
  ASSIGN_OR_RETURN(Run superseded, Moved(run, RunAction::kSupersede));
  superseded.superseded_by = by;
  return superseded;
}

std::string ResourceName(const RunId& id) {
  return absl::StrCat("runs/", id.value());
}
std::string ResourceName(const InputSetId& id) {
  return absl::StrCat("inputSets/", id.value());
}
std::string OperationName(const RunId& id) {
  return absl::StrCat("operations/", id.value());
}

RunId RunIdFrom(std::string_view name) {
  constexpr std::string_view kCollection = "runs/";
  SPECOM_CHECK(name.starts_with(kCollection));
  return RunId(std::string(name.substr(kCollection.size())));
}

}  // namespace specom::finance

#include "tests/crash/simulation/life_cycle_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace specom::crash {
namespace {

// "A run that was taken up five times without an outcome fails."
constexpr int kMostAttempts = 5;

Outcome Refused(absl::StatusCode code, const std::string& reason) {
  return {code, reason, ""};
}

bool IsPublic(const ModelRun& run) {
  return run.state == "published" || run.state == "superseded";
}

}  // namespace

std::string ToString(const Outcome& outcome) {
  return outcome.ok() ? outcome.resource
                      : absl::StrCat(absl::StatusCodeToString(outcome.code), "/", outcome.reason);
}

// "The drafts that their own organisation brought; a regional team also those of the ICBs of its region."
bool LifeCycleModel::Reaches(const ModelCaller& caller, const std::set<std::string>& holders) const {
  if (caller.sees_everything) return true;
  return std::any_of(holders.begin(), holders.end(), [&](const std::string& holder) {
    auto region = region_of_.find(holder);
    return holder == caller.organisation ||
           (region != region_of_.end() && region->second == caller.organisation);
  });
}

// "What one may not see and what does not exist are answered alike."
std::optional<Outcome> LifeCycleModel::Refusal(const ModelCaller& caller, const std::string& run) const {
  auto found = runs_.find(run);
  if (found == runs_.end()) {
    return caller.sees_everything ? Refused(absl::StatusCode::kNotFound, "RUN_NOT_FOUND")
                                  : Refused(absl::StatusCode::kPermissionDenied, "NOT_VISIBLE");
  }
  if (IsPublic(found->second) || Reaches(caller, found->second.holders)) return std::nullopt;
  return Refused(absl::StatusCode::kPermissionDenied, "NOT_VISIBLE");
}

// "The same outcome for a repeat; a request id with other content is refused."
std::optional<Outcome> LifeCycleModel::Replay(const ModelCaller& caller, const ModelRequest& request) const {
  auto found = remembered_.find({caller.user, {request.method, request.id}});
  if (request.id.empty() || found == remembered_.end()) return std::nullopt;
  if (found->second.first == request.content) return found->second.second;
  return Refused(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_MISMATCH");
}

// What was done is remembered, and what was refused for the state that it met.
Outcome LifeCycleModel::Remember(const ModelCaller& caller, const ModelRequest& request, Outcome outcome) {
  const bool kept = outcome.ok() || outcome.code == absl::StatusCode::kFailedPrecondition;
  if (kept && !request.id.empty()) {
    remembered_[{caller.user, {request.method, request.id}}] = {request.content, outcome};
  }
  return outcome;
}

void LifeCycleModel::Change(const std::string& user, const std::string& name, const std::string& state,
                            const std::string& action, const std::string& event) {
  ModelRun& run = runs_.at(name);
  run.state = state;
  ++run.version;
  if (!event.empty()) run.events.push_back(event);
  audit_.push_back(absl::StrCat(user, " ", action, " ", name));
}

Outcome LifeCycleModel::Import(const ModelCaller& caller, const ModelRequest& request,
                               const std::string& input_set, const std::string& pot) {
  if (auto replay = Replay(caller, request)) return *replay;
  auto [found, fresh] = input_sets_.try_emplace(input_set, ModelInputSet{pot, {}});
  const bool joined =
      !caller.organisation.empty() && found->second.holders.insert(caller.organisation).second;
  if (fresh || joined) {
    audit_.push_back(absl::StrCat(caller.user, fresh ? " imported " : " joined ", input_set));
  }
  return Remember(caller, request, {.resource = input_set});
}

Outcome LifeCycleModel::Create(const ModelCaller& caller, const ModelRequest& request,
                               const std::string& input_set, const std::string& run) {
  if (auto replay = Replay(caller, request)) return *replay;
  auto inputs = input_sets_.find(input_set);
  auto known = runs_.find(run);
  if (inputs == input_sets_.end()) {
    return caller.sees_everything ? Refused(absl::StatusCode::kNotFound, "INPUT_SET_NOT_FOUND")
                                  : Refused(absl::StatusCode::kPermissionDenied, "NOT_VISIBLE");
  }
  const bool used_in_public = known != runs_.end() && IsPublic(known->second);
  if (!used_in_public && !Reaches(caller, inputs->second.holders)) {
    return Refused(absl::StatusCode::kPermissionDenied, "NOT_VISIBLE");
  }
  bool requested = true;
  if (known == runs_.end()) {
    known = runs_.emplace(run, ModelRun{}).first;
    known->second.input_set = input_set;
    known->second.pot = inputs->second.pot;
    known->second.author = caller.user;
  } else if (known->second.state == "failed") {
    known->second.state = "queued";
    known->second.attempts = 0;
    ++known->second.version;
    ++known->second.jobs;
  } else {
    requested = false;
  }
  const bool joined =
      !caller.organisation.empty() && known->second.holders.insert(caller.organisation).second;
  if (requested || joined) {
    audit_.push_back(absl::StrCat(caller.user, requested ? " requested " : " joined ", run));
  }
  return Remember(caller, request, {.resource = run});
}

Outcome LifeCycleModel::Approve(const ModelCaller& caller, const ModelRequest& request,
                                const std::string& name, int seen) {
  if (auto replay = Replay(caller, request)) return *replay;
  if (auto refusal = Refusal(caller, name)) return *refusal;
  ModelRun& run = runs_.at(name);
  if (seen != run.version) return Refused(absl::StatusCode::kAborted, "STALE_ETAG");
  if (run.state != "computed") {
    return Remember(caller, request, Refused(absl::StatusCode::kFailedPrecondition, "RUN_STATE"));
  }
  if (run.author == caller.user) {
    return Remember(caller, request, Refused(absl::StatusCode::kFailedPrecondition, "APPROVER_IS_AUTHOR"));
  }
  run.approver = caller.user;
  Change(caller.user, name, "approved", "approved", "RunApproved");
  return Remember(caller, request, {.resource = name});
}

Outcome LifeCycleModel::Publish(const ModelCaller& caller, const ModelRequest& request,
                                const std::string& name, int seen) {
  if (auto replay = Replay(caller, request)) return *replay;
  if (auto refusal = Refusal(caller, name)) return *refusal;
  ModelRun& run = runs_.at(name);
  if (seen != run.version) return Refused(absl::StatusCode::kAborted, "STALE_ETAG");
  if (run.state != "approved") {
    return Remember(caller, request, Refused(absl::StatusCode::kFailedPrecondition, "RUN_STATE"));
  }
  for (auto& [other_name, other] : runs_) {
    if (other.pot != run.pot || other.state != "published") continue;
    other.superseded_by = name;
    Change(caller.user, other_name, "superseded", "superseded", "RunSuperseded");
  }
  run.publisher = caller.user;
  Change(caller.user, name, "published", "published", "AllocationPublished");
  return Remember(caller, request, {.resource = name});
}

Outcome LifeCycleModel::Get(const ModelCaller& caller, const std::string& run) const {
  if (auto refusal = Refusal(caller, run)) return *refusal;
  return {.resource = run};
}

bool LifeCycleModel::Claim(const std::string& name, const std::string& worker) {
  auto found = runs_.find(name);
  if (found == runs_.end()) return false;
  ModelRun& run = found->second;
  if (run.state != "queued" && run.state != "computing") return false;
  ++run.fence;
  ++run.attempts;
  Change(worker, name, "computing", "taken up", "");
  return true;
}

bool LifeCycleModel::IsExhausted(const std::string& run) const {
  return runs_.at(run).attempts > kMostAttempts;
}

void LifeCycleModel::Settle(const std::string& name, int fence, const std::string& worker) {
  const ModelRun& run = runs_.at(name);
  if (run.state != "computing" || run.fence != fence) return;
  const std::string state = IsExhausted(name) ? "failed" : "computed";
  Change(worker, name, state, state, "RunCompleted");
}

}  // namespace specom::crash

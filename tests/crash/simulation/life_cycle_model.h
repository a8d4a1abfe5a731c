// The life cycle of allocation runs as services/finance/README.md tells it, written from that text and
// not from the code that is judged by it. A value: a change that may not have been made is tried on a copy.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace specom::crash {

struct ModelCaller {
  std::string user;
  // A national team or an auditor.
  bool sees_everything = false;
  // What an ICB or regional team acts for.
  std::string organisation;
};

// What a caller is told: a resource, or a refusal.
struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string reason = {};
  // "inputSets/…" or "runs/…"
  std::string resource = {};

  bool ok() const { return code == absl::StatusCode::kOk; }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
std::string ToString(const Outcome& outcome);

// A write with its identity; an empty id: a repeat is a new request.
struct ModelRequest {
  std::string method;
  std::string id;
  // All that is asked for.
  std::string content;
};

struct ModelRun {
  std::string input_set;
  // The stream and year that it allocates.
  std::string pot;
  std::string state = "queued";
  std::string author, approver, publisher, superseded_by;
  // Rises with every change.
  int version = 1;
  int fence = 0;
  int attempts = 0;
  std::set<std::string> holders;
  // Payload types on specom.finance, and how often it was queued.
  std::vector<std::string> events;
  int jobs = 1;
};

struct ModelInputSet {
  std::string pot;
  std::set<std::string> holders;
};

class LifeCycleModel {
 public:
  // The region of each ICB whose drafts regional teams see.
  explicit LifeCycleModel(std::map<std::string, std::string> region_of) : region_of_(std::move(region_of)) {}

  Outcome Import(const ModelCaller& caller, const ModelRequest& request, const std::string& input_set,
                 const std::string& pot);
  // run: the name that a run on this input set has.
  Outcome Create(const ModelCaller& caller, const ModelRequest& request, const std::string& input_set,
                 const std::string& run);
  // seen: the version that the caller saw; 0 for an etag of nobody.
  Outcome Approve(const ModelCaller& caller, const ModelRequest& request, const std::string& run, int seen);
  Outcome Publish(const ModelCaller& caller, const ModelRequest& request, const std::string& run, int seen);
  Outcome Get(const ModelCaller& caller, const std::string& run) const;

  // A worker takes the run up; false when there is nothing to do.
  bool Claim(const std::string& run, const std::string& worker);
  // It was taken up too often to be computed.
  bool IsExhausted(const std::string& run) const;
  // The worker that raised the fence so far brings an outcome; no effect when it has lost the run.
  void Settle(const std::string& run, int fence, const std::string& worker);

  const std::map<std::string, ModelRun>& runs() const { return runs_; }
  // "user action resource", in the order of the changes.
  const std::vector<std::string>& audit() const { return audit_; }
  // Whose request of which method and id has an outcome.
  std::size_t remembered() const { return remembered_.size(); }

 private:
  using Key = std::pair<std::string, std::pair<std::string, std::string>>;

  bool Reaches(const ModelCaller& caller, const std::set<std::string>& holders) const;
  std::optional<Outcome> Refusal(const ModelCaller& caller, const std::string& run) const;
  std::optional<Outcome> Replay(const ModelCaller& caller, const ModelRequest& request) const;
  Outcome Remember(const ModelCaller& caller, const ModelRequest& request, Outcome outcome);
  void Change(const std::string& user, const std::string& name, const std::string& state,
              const std::string& action, const std::string& event);

  std::map<std::string, std::string> region_of_;
  std::map<std::string, ModelInputSet> input_sets_;
  std::map<std::string, ModelRun> runs_;
  std::map<Key, std::pair<std::string, Outcome>> remembered_;
  std::vector<std::string> audit_;
};

}  // namespace specom::crash

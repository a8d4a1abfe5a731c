// Corrects a decision: adds a version that replaces it from now on in what is known.
#pragma once

#include <string>

#include "services/portfolio/app/decision_commands.h"

namespace specom::portfolio {

struct CorrectDecisionCommand {
  // The decision as it should have been; its id names the one to correct.
  DecisionDraft draft;
  // Of the version that is corrected.
  std::string etag;
  std::string reason;
  bool validate_only = false;
};

class CorrectDecision {
 public:
  CorrectDecision(store::Store& store, LiveRegistry& live, std::function<void()> recorded)
      : store_(store), live_(live), recorded_(std::move(recorded)) {}

  // NOT_FOUND/DECISION_NOT_FOUND; ABORTED/ETAG_MISMATCH when another correction came first;
  // INVALID_ARGUMENT/INVALID_FIELDS with every rule that it breaks;
  // FAILED_PRECONDITION/DECISION_UNCHANGED when it says what the decision says already.
  absl::StatusOr<RecordedDecision> Execute(const RequestContext& context,
                                           const CorrectDecisionCommand& command);

 private:
  store::Store& store_;
  LiveRegistry& live_;
  std::function<void()> recorded_;
};

}  // namespace specom::portfolio

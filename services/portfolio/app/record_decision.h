// Records a decision. It may lie in the past: what was known before stays answerable.
#pragma once

#include "services/portfolio/app/decision_commands.h"

namespace specom::portfolio {

class RecordDecision {
 public:
  RecordDecision(store::Store& store, LiveRegistry& live, std::function<void()> recorded)
      : store_(store), live_(live), recorded_(std::move(recorded)) {}

  // INVALID_ARGUMENT/INVALID_FIELDS with every rule that it breaks; ALREADY_EXISTS/DECISION_EXISTS
  // when the id is taken. With validate_only nothing is recorded, and the answer is what would be.
  absl::StatusOr<RecordedDecision> Execute(const RequestContext& context, const DecisionDraft& draft,
                                           bool validate_only);

 private:
  store::Store& store_;
  LiveRegistry& live_;
  // Called after a commit.
  std::function<void()> recorded_;
};

}  // namespace specom::portfolio

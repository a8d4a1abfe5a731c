// What recording and correcting a decision have in common.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

// A decision as a caller states it.
struct DecisionDraft {
  // Empty: the registry makes one.
  DecisionId id;
  DateSpan effective;
  // funding_basis is set below, correction_reason by the operation.
  Decision decision;
  // Absent: the usual one for the form and the first day.
  std::optional<FundingBasis> funding_basis;
};

// A decision with the registry that knows it.
struct RecordedDecision {
  Snapshot registry;
  Record<Decision> record;
};

// The record that the draft would become, recorded at `recorded_at`.
Record<Decision> RecordOf(const DecisionDraft& draft, const RequestContext& context, absl::Time recorded_at);
// INVALID_ARGUMENT/INVALID_FIELDS with every rule that the decision breaks; fields begin with "decision.".
absl::Status CheckFields(const Registry& registry, const Record<Decision>& record, Date today);

// What is remembered for a repeat of the request, and its inverse.
std::string OutcomeName(const Record<Decision>& record);
absl::StatusOr<RecordedDecision> LoadOutcome(LiveRegistry& live, store::UnitOfWork& work,
                                             const std::string& outcome_name);

// Runs `plan` on the registry as a transaction sees it and, unless validate_only, records what it
// gives, once for each request_id.
absl::StatusOr<RecordedDecision> RecordOnce(
    store::Store& store, LiveRegistry& live, const RequestContext& context, bool validate_only,
    const std::function<absl::StatusOr<Record<Decision>>(const Registry&, absl::Time recorded_at)>& plan);

}  // namespace specom::portfolio

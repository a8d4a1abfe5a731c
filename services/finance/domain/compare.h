// Two runs of one stream side by side: what differs in the outcome and in the inputs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/finance/domain/allocation.h"

namespace specom::finance {

struct ComparisonRow {
  IcbCode icb;
  std::string name;
  // Resource allocations; 0 in the run that does not have the ICB.
  Pence base;
  Pence other;
  // other - base
  Pence difference;
  // other / base - 1; absent where base is 0.
  std::optional<double> difference_ratio;
  std::optional<double> base_closing_distance;
  std::optional<double> other_closing_distance;
};

struct Comparison {
  // Every ICB of either, by ODS code.
  std::vector<ComparisonRow> rows;
  ComparisonRow england;
  // What differs between the inputs, in sentences.
  std::vector<std::string> input_differences;
};

// Compares results of two input sets. FAILED_PRECONDITION (STREAMS_DIFFER) unless both are of one
// stream; OUT_OF_RANGE when a difference does not fit.
absl::StatusOr<Comparison> Compare(const InputSet& base_inputs, const AllocationResult& base,
                                   const InputSet& other_inputs, const AllocationResult& other);

}  // namespace specom::finance

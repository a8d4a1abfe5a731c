// An allocation run's result: what each ICB, each region and England is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/money.h"
#include "services/finance/domain/chain.h"
#include "services/finance/domain/inputs.h"

namespace specom::finance {

// Part of a run's identity: it changes whenever the same inputs would give other figures.
inline constexpr std::string_view kMethodVersion = "1";

struct ComponentAmount {
  std::string component;
  ComponentTreatment treatment = ComponentTreatment::kInChain;
  Pence baseline;
  // In the resource allocation; of a component that is taken out, what is taken out.
  Pence amount;

  friend bool operator==(const ComponentAmount&, const ComponentAmount&) = default;
};

// What an ICB is allocated; for a region and England, sums and ratios of sums. A field is absent
// where the stream has no part for it.
struct Allocation {
  // An ICB's ODS code, a region's, or "England".
  std::string code;
  std::string name;
  // The region's name and code; empty for England.
  std::string region;
  std::string region_code;
  // Absent where need.csv gives none for it, or for one of its ICBs.
  std::optional<double> population;
  Pence baseline;
  std::optional<Pence> opening_target;
  std::optional<Pence> closing_target;
  // baseline / opening target - 1
  std::optional<double> opening_distance;
  // Ratio of what the baseline grows by before convergence.
  double base_growth = 0;
  // baseline * (1 + growth) / closing target - 1
  std::optional<double> distance_before_convergence;
  // The rate on the whole baseline. Of a region and England: what convergence added, rounding
  // included, over what it was applied to.
  std::optional<double> convergence;
  Pence allocation;
  // allocation / closing target - 1
  std::optional<double> closing_distance;
  // What is taken out again, and what is left of the allocation.
  std::optional<Pence> taken_out;
  std::optional<Pence> retained;
  std::optional<Pence> pass_through;
  std::optional<Pence> adjustments;
  // allocation - taken out + pass-through + adjustments
  Pence resource_allocation;
  // In the policy's order.
  std::vector<ComponentAmount> components;

  friend bool operator==(const Allocation&, const Allocation&) = default;
};

struct AllocationResult {
  // By ODS code.
  std::vector<Allocation> icbs;
  std::vector<Allocation> regions;
  Allocation england;
  // The money to be shared out; absent where the stream has no target.
  std::optional<Pence> opening_quantum;
  std::optional<Pence> closing_quantum;
  // The residual component's growth; absent unless growth is composite.
  std::optional<double> residual_growth;

  // nullptr when the ICB has no part in it.
  const Allocation* FindIcb(std::string_view code) const;
  friend bool operator==(const AllocationResult&, const AllocationResult&) = default;
};

// Runs the whole chain. Targets and what grows at rates of its own become whole pence so that they
// add up: England's figure is rounded, shared out to regions and from regions to ICBs by largest
// remainder, and so each is within a penny of its exact value at every level. INVALID_ARGUMENT
// (INVALID_FIELDS) with every issue of the inputs; OUT_OF_RANGE (AMOUNT_OUT_OF_RANGE); FAILED_PRECONDITION
// (INVARIANT_BROKEN).
absl::StatusOr<AllocationResult> Allocate(const InputSet& inputs);
// The same on inputs that were prepared before.
absl::StatusOr<AllocationResult> Allocate(const PreparedInputs& inputs);

// Checks that components add up to baselines and resource allocations, ICBs to regions, regions to
// England, and targets to the quantum, all to the penny. FAILED_PRECONDITION (INVARIANT_BROKEN)
// names the total and the sum of its parts.
absl::Status CheckInvariants(const AllocationResult& result);

// SHA-256 over every value of the result, 64 hexadecimal digits.
std::string ResultDigest(const AllocationResult& result);

}  // namespace specom::finance

// What regions, England and ICBs made from others are given: sums of amounts and ratios of sums.
#pragma once

#include "services/finance/domain/allocation.h"
#include "services/finance/domain/chain.h"
#include "services/finance/domain/policy.h"

namespace specom::finance {

// In pence, before they were rounded to whole ones: what ratios are made of.
struct ExactAmounts {
  double opening_target = 0;
  double closing_target = 0;
  // baseline * (1 + base growth)
  double grown_baseline = 0;
};

// What an allocation that is kept in whole pence knows of them.
ExactAmounts ExactAmountsOf(const Allocation& allocation);

// Adds up allocations of one run.
class Aggregate {
 public:
  // As in the run's policy: how its allocations combine growth and convergence.
  explicit Aggregate(Combination combination) : combination_(combination) {}

  void Add(const Allocation& part, const ExactAmounts& exact);
  // The total of what was added, at least one part; code, name and region are left to the caller.
  Allocation Total() const;

 private:
  Combination combination_;
  Allocation total_;
  CompensatedSum opening_target_, closing_target_, grown_baseline_, population_;
  bool population_known_ = true;
};

// Sets what is taken out and retained, passed through and adjusted, where these are present, and the
// resource allocation, from the allocation and its components.
void SetTotals(Allocation& allocation);

}  // namespace specom::finance

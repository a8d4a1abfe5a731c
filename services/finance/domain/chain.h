// The allocation chain on flat arrays: target, distance, base growth, convergence, allocation.
// Each step is a function of its own; EvaluateChain runs them all and allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/finance/domain/inputs.h"

namespace specom::finance {

// A running sum of doubles with Neumaier's compensation: the error does not grow with the count.
class CompensatedSum {
 public:
  void Add(double value) {
    double total = sum_ + value;
    double larger = sum_ < 0 ? -sum_ : sum_, size = value < 0 ? -value : value;
    correction_ += larger >= size ? (sum_ - total) + value : (value - total) + sum_;
    sum_ = total;
  }
  double Total() const { return sum_ + correction_; }

 private:
  double sum_ = 0;
  double correction_ = 0;
};

double SumOf(std::span<const double> values);

// The policy's numbers with names resolved to positions. Numbers may be changed between
// evaluations (a sweep); positions may not.
struct ChainRules {
  TargetBasis basis = TargetBasis::kNone;
  // With kShareOfQuantum: in pence; 0: from the national distance.
  double opening_quantum_pence = 0;
  double national_distance = 0;
  BaseGrowthMode growth_mode = BaseGrowthMode::kUniform;
  double growth_rate = 0;
  // Position in the chain's components; kComposite only.
  std::size_t residual_component = 0;
  // Own growth of each component of the chain.
  std::vector<double> component_growth;
  bool has_distance_rule = false;
  ConvergenceSide over_target;
  ConvergenceSide under_target;
  ConvergenceDistance distance = ConvergenceDistance::kBeforeConvergence;
  // Position in the chain's components; kWholeBaseline: all of them.
  std::size_t convergence_component = kWholeBaseline;
  // One for each region; empty: none.
  std::vector<double> regional_rate;
  Combination combination = Combination::kMultiplicative;
  std::int64_t rounding_unit_pence = 1;

  static constexpr std::size_t kWholeBaseline = static_cast<std::size_t>(-1);
};

// Inputs that were checked, as flat arrays. ICBs and regions stand in the order of their codes;
// components in the policy's order. Money in pence, as doubles that hold whole pence exactly.
struct PreparedInputs {
  struct Region {
    RegionCode code;
    std::string name;
  };
  std::vector<NeedRow> icbs;
  std::vector<Region> regions;
  // Position in regions, for each ICB.
  std::vector<std::size_t> region_of;
  // Every component of the policy, and the ICBs' baselines of it: component by component, within
  // it ICB by ICB.
  std::vector<ComponentRule> components;
  std::vector<Pence> component_baseline;
  // The components of the chain, as positions in components, and their baselines likewise.
  std::vector<std::size_t> chain_components;
  std::vector<double> chain_baseline;
  // Sum of the chain's components, for each ICB.
  std::vector<double> baseline;
  // Empty where the stream has no target. Closing need equals opening need where none is given and
  // closing_need_given is false.
  std::vector<double> opening_need;
  std::vector<double> closing_need;
  bool closing_need_given = false;
  ChainRules rules;

  std::size_t size() const { return icbs.size(); }
  Pence ComponentBaseline(std::size_t component, std::size_t icb) const {
    return component_baseline[component * icbs.size() + icb];
  }
};

// Checks and flattens. INVALID_ARGUMENT (INVALID_FIELDS) with every issue of CheckInputs.
absl::StatusOr<PreparedInputs> PrepareInputs(const InputSet& inputs);

// Where EvaluateChain writes; every span has one element for each ICB.
struct ChainColumns {
  // Money in pence, not rounded; 0 where the stream has no target.
  std::span<double> opening_target;
  std::span<double> closing_target;
  // Ratios; 0 where the stream has no target.
  std::span<double> opening_distance;
  std::span<double> base_growth;
  // Baseline after base growth, in pence, not rounded.
  std::span<double> grown_baseline;
  std::span<double> distance_before_convergence;
  // The rate on the component that convergence applies to, and on the whole baseline.
  std::span<double> component_convergence;
  std::span<double> convergence;
  // Rounded to the policy's unit, in pence.
  std::span<std::int64_t> allocation;
  std::span<double> closing_distance;
};

// National figures on the way.
struct ChainTotals {
  // In pence; 0 where the stream has no target.
  double opening_quantum = 0;
  double closing_quantum = 0;
  // The residual component's growth; kComposite only.
  double residual_growth = 0;
};

// Owns columns for a number of ICBs; made once, used for any number of evaluations.
class ChainBuffers {
 public:
  explicit ChainBuffers(std::size_t icbs);
  ChainBuffers(const ChainBuffers&) = delete;
  ChainBuffers& operator=(const ChainBuffers&) = delete;

  const ChainColumns& columns() const { return columns_; }

 private:
  std::vector<double> ratios_;
  std::vector<std::int64_t> amounts_;
  ChainColumns columns_;
};

// The opening quantum in pence: given, or sum of baselines / (1 + national distance).
double OpeningQuantum(double national_baseline, const ChainRules& rules);

// target_i = need_i / sum of need * quantum.
void TargetsFromShares(std::span<const double> need, double quantum, std::span<double> target);

// distance_i = amount_i / target_i - 1.
void DistanceFromTarget(std::span<const double> amount, std::span<const double> target,
                        std::span<double> distance);

// The rate at which the residual component grows nationally, so that the whole baseline grows by
// the national rate while every other component grows at its own:
// (sum of baselines * (1 + rate) - sum of the others grown) / sum of the residual component - 1.
double ResidualGrowth(const PreparedInputs& inputs, const ChainRules& rules);

// convergence = -cap * min(1, distance / taper) over target, +cap * min(1, -distance / taper) under
// it, 0 on it or where the side has no cap.
double ConvergenceRate(double distance, const ConvergenceSide& over, const ConvergenceSide& under);

// Runs every step for every ICB. rules: inputs.rules or a variant of it. Allocates nothing unless
// it fails: OUT_OF_RANGE (AMOUNT_OUT_OF_RANGE) when a figure is not finite or does not fit.
absl::Status EvaluateChain(const PreparedInputs& inputs, const ChainRules& rules, const ChainColumns& columns,
                           ChainTotals& totals);

}  // namespace specom::finance

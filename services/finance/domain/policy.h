// An allocation policy: the rules of one funding stream in one year, as data.
// Every published stream-year is one of these; a new year needs no code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/financial_year.h"
#include "libs/base/id.h"
#include "libs/base/money.h"
#include "libs/base/status.h"

namespace specom::finance {

// How need becomes a target in pounds.
enum class TargetBasis {
  // An ICB's share of the need weights times the quantum.
  kShareOfQuantum,
  // The need rows hold the targets themselves, in pounds.
  kGiven,
  // The stream has no target: no distance and no convergence towards one.
  kNone,
};

struct TargetRule {
  TargetBasis basis = TargetBasis::kNone;
  // With kShareOfQuantum exactly one of the two is set. The national opening distance is a ratio:
  // opening quantum = sum of baselines / (1 + national_distance).
  std::optional<double> national_distance;
  std::optional<Pence> opening_quantum;

  friend bool operator==(const TargetRule&, const TargetRule&) = default;
};

enum class BaseGrowthMode {
  // The same rate for every ICB.
  kUniform,
  // Each ICB grows with its target: closing target / opening target - 1.
  kTargetFollowing,
  // Components grow at rates of their own; the residual component's rate is what makes the
  // national rate come out.
  kComposite,
};

struct BaseGrowthRule {
  BaseGrowthMode mode = BaseGrowthMode::kUniform;
  // kUniform: the rate. Otherwise the national rate. In every mode the quantum grows by it.
  // A ratio, e.g. 0.0528.
  double rate = 0;
  // kComposite: the component whose rate is the residual.
  std::string residual_component;

  friend bool operator==(const BaseGrowthRule&, const BaseGrowthRule&) = default;
};

// What happens to an ICB on one side of its target:
// convergence = cap * min(1, |distance| / taper_distance).
struct ConvergenceSide {
  // The largest rate, as a positive ratio, e.g. 0.005.
  double cap = 0;
  // The distance at which the cap is reached, e.g. 0.025; above 0.
  double taper_distance = 0;

  friend bool operator==(const ConvergenceSide&, const ConvergenceSide&) = default;
};

// Which distance convergence looks at.
enum class ConvergenceDistance {
  // After base growth, from the closing target.
  kBeforeConvergence,
  // Before base growth, from the opening target.
  kOpening,
};

struct RegionalRate {
  RegionCode region;
  // Signed, as a ratio, e.g. -0.001017.
  double rate = 0;

  friend bool operator==(const RegionalRate&, const RegionalRate&) = default;
};

// The pace of change.
struct ConvergenceRule {
  // A side that is absent does not converge.
  std::optional<ConvergenceSide> over_target;
  std::optional<ConvergenceSide> under_target;
  ConvergenceDistance distance = ConvergenceDistance::kBeforeConvergence;
  // The component that the rate applies to; empty: the whole baseline.
  std::string component;
  // A constant for each region instead of a rule on the distance.
  std::vector<RegionalRate> regional_rates;

  bool HasDistanceRule() const { return over_target.has_value() || under_target.has_value(); }
  bool IsNone() const { return !HasDistanceRule() && regional_rates.empty(); }
  friend bool operator==(const ConvergenceRule&, const ConvergenceRule&) = default;
};

enum class Combination {
  // baseline * (1 + growth) * (1 + convergence)
  kMultiplicative,
  // baseline * (1 + growth + convergence)
  kAdditive,
};

// What becomes of a component of the baseline.
enum class ComponentTreatment {
  // In the baseline, the target and the distance, and in what is allocated.
  kInChain,
  // In the chain, and taken out of the allocation again at its own growth.
  kTakenOut,
  // Outside the chain: grown at its own rate and added to the resource allocation.
  kPassThrough,
  // Outside the chain: the amount itself is added to the resource allocation.
  kAdjustment,
};

// True for the two treatments whose money is in baseline, target and distance.
constexpr bool IsInChain(ComponentTreatment treatment) {
  return treatment == ComponentTreatment::kInChain || treatment == ComponentTreatment::kTakenOut;
}

struct ComponentRule {
  // As in the component column of baseline.csv: lower-case words joined by underscores.
  std::string component;
  ComponentTreatment treatment = ComponentTreatment::kInChain;
  // The component's own growth as a ratio: of kTakenOut and kPassThrough, and of kInChain under
  // composite growth, where it is not the residual.
  double growth = 0;

  friend bool operator==(const ComponentRule&, const ComponentRule&) = default;
};

struct AllocationPolicy {
  // Lower-case words joined by hyphens, e.g. "specialised".
  std::string stream;
  // The year that is allocated.
  FinancialYear financial_year;
  std::string title;
  // Where the rules come from.
  std::string source;
  TargetRule target;
  BaseGrowthRule base_growth;
  ConvergenceRule convergence;
  Combination combination = Combination::kMultiplicative;
  // Allocations are rounded half away from zero to this unit: 100,000 for whole thousands of
  // pounds, 1 for pence.
  std::int64_t rounding_unit_pence = 1;
  // Every component that the baseline may hold, each once.
  std::vector<ComponentRule> components;
  // Further reasons or cautions, e.g. a value that was carried over.
  std::vector<std::string> notes;

  bool HasTarget() const { return target.basis != TargetBasis::kNone; }
  // nullptr when the policy does not name the component.
  const ComponentRule* Find(std::string_view component) const;
  friend bool operator==(const AllocationPolicy&, const AllocationPolicy&) = default;
};

// "specialised-2025-26"
std::string PolicySlug(std::string_view stream, FinancialYear year);
// "policies/specialised-2025-26"
std::string PolicyName(const AllocationPolicy& policy);

// Every rule that the policy breaks, with the path of the field in the policy's JSON, e.g.
// "convergence.overTarget.cap". Empty: the policy can be used.
std::vector<FieldViolation> CheckPolicy(const AllocationPolicy& policy);

// The users' words: "share of quantum", "target following", "taken out" …
std::string_view InWords(TargetBasis basis);
std::string_view InWords(BaseGrowthMode mode);
std::string_view InWords(ConvergenceDistance distance);
std::string_view InWords(Combination combination);
std::string_view InWords(ComponentTreatment treatment);

}  // namespace specom::finance

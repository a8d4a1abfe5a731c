#include "services/finance/domain/projection.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/domain/chain.h"
#include "services/finance/domain/explain.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {
namespace {

Pence Rounded(double pence) {
  return Pence(static_cast<std::int64_t>(std::round(pence)));
}

// The first year (0: the run's own) whose closing distance is within the tolerance.
class TargetWatch {
 public:
  explicit TargetWatch(double tolerance) : tolerance_(tolerance) {}
  void See(int year, double closing_distance, std::optional<int>& years_to_target) const {
    if (!years_to_target && std::abs(closing_distance) <= tolerance_) years_to_target = year;
  }

 private:
  double tolerance_;
};

class Projector {
 public:
  Projector(const AllocationPolicy& policy, PreparedInputs inputs, int years, double tolerance)
      : policy_(policy),
        inputs_(std::move(inputs)),
        years_(years),
        watch_(tolerance),
        buffers_(inputs_.size()),
        columns_(buffers_.columns()) {
    projection_.tolerance = tolerance;
  }

  absl::StatusOr<Projection> Run() {
    RETURN_IF_ERROR(EvaluateChain(inputs_, inputs_.rules, columns_, totals_));
    Start();
    RETURN_IF_ERROR(Advance(0));
    for (int year = 1; year <= years_; ++year) {
      RETURN_IF_ERROR(EvaluateChain(inputs_, inputs_.rules, columns_, totals_));
      Record(year);
      RETURN_IF_ERROR(Advance(year));
    }
    SetAssumptions();
    return std::move(projection_);
  }

 private:
  void Start() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      ProjectionRow row;
      row.icb = inputs_.icbs[i].icb;
      row.name = inputs_.icbs[i].name;
      row.region = inputs_.regions[inputs_.region_of[i]].name;
      row.opening_distance = columns_.closing_distance[i];
      watch_.See(0, row.opening_distance, row.years_to_target);
      projection_.rows.push_back(std::move(row));
    }
    projection_.england.icb = IcbCode("England");
    projection_.england.name = "England";
    projection_.england.opening_distance = NationalAllocation() / SumOf(columns_.closing_target) - 1;
    watch_.See(0, projection_.england.opening_distance, projection_.england.years_to_target);
  }

  double NationalAllocation() const {
    CompensatedSum sum;
    for (std::int64_t allocation : columns_.allocation) sum.Add(static_cast<double>(allocation));
    return sum.Total();
  }

  // Makes this year's outcome the start of the next: allocations become baselines, closing targets
  // opening targets. Components with a growth of their own grow at it; the rest of the allocation
  // is the other components'.
  absl::Status Advance(int year) {
    const std::size_t n = inputs_.size();
    for (std::size_t i = 0; i < n; ++i) {
      double free_money = static_cast<double>(columns_.allocation[i]);
      double free_baseline = 0;
      std::size_t free_components = 0;
      for (std::size_t k = 0; k < inputs_.chain_components.size(); ++k) {
        double& baseline = inputs_.chain_baseline[k * n + i];
        if (GrowsOnItsOwn(k)) {
          baseline *= 1 + inputs_.rules.component_growth[k];
          free_money -= baseline;
        } else {
          ++free_components;
          free_baseline += baseline;
        }
      }
      if (free_components > 0 && free_money <= 0) return NotPossible(year, i);
      for (std::size_t k = 0; k < inputs_.chain_components.size(); ++k) {
        double& baseline = inputs_.chain_baseline[k * n + i];
        if (free_components == 0) {
          // Everything grows on its own: the mix stays and adds up to the allocation.
          baseline *= static_cast<double>(columns_.allocation[i]) /
                      (static_cast<double>(columns_.allocation[i]) - free_money);
        } else if (!GrowsOnItsOwn(k)) {
          baseline = free_baseline > 0 ? free_money * (baseline / free_baseline)
                                       : free_money / static_cast<double>(free_components);
        }
      }
      inputs_.baseline[i] = static_cast<double>(columns_.allocation[i]);
      // Targets in pounds from here on.
      inputs_.opening_need[i] = columns_.closing_target[i] / 100;
      inputs_.closing_need[i] = inputs_.opening_need[i];
    }
    inputs_.rules.basis = TargetBasis::kGiven;
    inputs_.closing_need_given = false;
    return absl::OkStatus();
  }

  bool GrowsOnItsOwn(std::size_t k) const {
    const ComponentRule& rule = inputs_.components[inputs_.chain_components[k]];
    if (rule.treatment == ComponentTreatment::kTakenOut) return true;
    return inputs_.rules.growth_mode == BaseGrowthMode::kComposite && k != inputs_.rules.residual_component;
  }

  absl::Status NotPossible(int year, std::size_t icb) const {
    const FinancialYear financial_year = policy_.financial_year.Plus(year);
    const int max_years = std::max(year - 1, 0);
    return MakeError(
        absl::StatusCode::kFailedPrecondition, kProjectionNotPossible,
        absl::StrCat("In ", financial_year.ToString(), " the components of ", inputs_.icbs[icb].name,
                     " that grow at rates of their own would take up its whole allocation. Ask for at most ",
                     max_years, " years, or change these rates in the policy."),
        {{"icb", inputs_.icbs[icb].icb.value()},
         {"financial_year", financial_year.ToString()},
         {"max_years", absl::StrCat(max_years)}});
  }

  void Record(int year) {
    const FinancialYear financial_year = policy_.financial_year.Plus(year);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      ProjectionRow& row = projection_.rows[i];
      row.years.push_back({financial_year, Rounded(inputs_.baseline[i]), Pence(columns_.allocation[i]),
                           Rounded(columns_.closing_target[i]), columns_.base_growth[i],
                           columns_.convergence[i], columns_.closing_distance[i]});
      watch_.See(year, columns_.closing_distance[i], row.years_to_target);
    }
    const double baseline = SumOf(inputs_.baseline);
    const double grown = SumOf(columns_.grown_baseline);
    const double target = SumOf(columns_.closing_target);
    const double allocation = NationalAllocation();
    ProjectionYear england{financial_year,         Rounded(baseline),    Rounded(allocation),
                           Rounded(target),        grown / baseline - 1, 0,
                           allocation / target - 1};
    if (!policy_.convergence.IsNone()) {
      england.convergence = policy_.combination == Combination::kMultiplicative
                                ? allocation / grown - 1
                                : (allocation - grown) / baseline;
    }
    watch_.See(year, england.closing_distance, projection_.england.years_to_target);
    projection_.england.years.push_back(england);
  }

  void SetAssumptions() {
    auto& assumptions = projection_.assumptions;
    assumptions.push_back(absl::StrCat("The rules of ", policy_.financial_year.ToString(),
                                       " stay as they are, caps and tapers included."));
    assumptions.push_back("An ICB's baseline in a year is its allocation of the year before.");
    assumptions.push_back(absl::StrCat(
        "Each ICB's share of the quantum stays its closing share of ", policy_.financial_year.ToString(),
        ", so need and population change alike everywhere; the quantum grows by ",
        PercentInWords(policy_.base_growth.rate), " a year."));
    for (std::size_t k = 0; k < inputs_.chain_components.size(); ++k) {
      if (!GrowsOnItsOwn(k)) continue;
      const ComponentRule& rule = inputs_.components[inputs_.chain_components[k]];
      assumptions.push_back(absl::StrCat("The component ", rule.component, " grows by ",
                                         PercentInWords(rule.growth), " a year in every ICB."));
    }
    if (policy_.base_growth.mode == BaseGrowthMode::kComposite) {
      assumptions.push_back(absl::StrCat("The component ", policy_.base_growth.residual_component,
                                         " grows each year by the residual that makes England's base growth ",
                                         PercentInWords(policy_.base_growth.rate), "."));
    }
    assumptions.push_back("What is passed through or adjusted is outside the target and is not projected.");
  }

  const AllocationPolicy& policy_;
  PreparedInputs inputs_;
  const int years_;
  const TargetWatch watch_;
  ChainBuffers buffers_;
  const ChainColumns& columns_;
  ChainTotals totals_;
  Projection projection_;
};

}  // namespace

absl::StatusOr<Projection> Project(const InputSet& inputs, int years, double tolerance) {
  std::vector<FieldViolation> violations;
  if (years < 1 || years > kMaxProjectionYears) {
    violations.push_back(
        {"years", absl::StrCat("must be from 1 to ", kMaxProjectionYears, ", and is ", years)});
  }
  if (!(tolerance > 0 && tolerance < 1)) {
    violations.push_back(
        {"tolerance",
         absl::StrCat("must be a ratio above 0 and below 1, e.g. 0.01 for 1%, and is ", tolerance)});
  }
  if (!violations.empty()) return InvalidFields(violations);
  ASSIGN_OR_RETURN(PreparedInputs prepared, PrepareInputs(inputs));
  if (!inputs.policy.HasTarget()) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, kStreamHasNoTarget,
        absl::StrCat("The stream ", inputs.policy.stream, " has no fair shares target in ",
                     inputs.policy.financial_year.ToString(),
                     " (target.basis is TARGET_BASIS_NONE), so there is nothing to converge on. Only streams "
                     "with a target can be projected."),
        {{"stream", inputs.policy.stream},
         {"financial_year", inputs.policy.financial_year.ToString()},
         {"rule", "target.basis"}});
  }
  return Projector(inputs.policy, std::move(prepared), years, tolerance).Run();
}

}  // namespace specom::finance

#include "services/finance/domain/policy.h"

#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"

namespace specom::finance {
namespace {

// Words of lower-case letters and digits, joined by the separator, beginning with a letter.
bool IsSlug(std::string_view text, char separator) {
  if (text.empty() || text.size() > 64 || text.front() < 'a' || text.front() > 'z') return false;
  char previous = separator;
  for (char c : text) {
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!word && (c != separator || previous == separator)) return false;
    previous = c;
  }
  return previous != separator;
}

bool IsGrowth(double rate) {
  return std::isfinite(rate) && rate > -1 && rate <= 1;
}

class Checker {
 public:
  explicit Checker(const AllocationPolicy& policy) : policy_(policy) {}

  std::vector<FieldViolation> Run() {
    if (!IsSlug(policy_.stream, '-')) {
      Add("stream", "must be lower-case words joined by hyphens, e.g. specialised");
    }
    if (policy_.rounding_unit_pence < 1 || policy_.rounding_unit_pence > 1'000'000'000) {
      Add("roundingUnitPence",
          "must be from 1 (pence) to 1000000000 (£10 million); 100000 rounds to whole thousands of pounds");
    }
    CheckComponents();
    CheckTarget();
    CheckGrowth();
    CheckConvergence();
    return std::move(violations_);
  }

 private:
  void Add(std::string field, std::string description) {
    violations_.push_back({std::move(field), std::move(description)});
  }

  void CheckComponents() {
    bool any_in_chain = false;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < policy_.components.size(); ++i) {
      const ComponentRule& rule = policy_.components[i];
      std::string path = absl::StrCat("components[", i, "]");
      if (!IsSlug(rule.component, '_')) {
        Add(path + ".component", "must be lower-case words joined by underscores, e.g. physical_health");
      }
      if (!seen.insert(rule.component).second) {
        Add(path + ".component", absl::StrCat("\"", rule.component, "\" stands twice; name it once"));
      }
      if (!IsGrowth(rule.growth)) {
        Add(path + ".growth", "must be a ratio above -1 and at most 1, e.g. 0.0866 for 8.66%");
      } else if (rule.growth != 0 && !MayGrow(rule)) {
        Add(path + ".growth", absl::StrCat("a component that is ", std::string(InWords(rule.treatment)),
                                           " has no growth of its own under this policy; leave it out"));
      }
      any_in_chain = any_in_chain || IsInChain(rule.treatment);
    }
    if (policy_.components.empty()) {
      Add("components", "must name every component that baseline.csv may hold");
    } else if (!any_in_chain) {
      Add("components", "at least one must be in the chain, with treatment COMPONENT_TREATMENT_IN_CHAIN");
    }
  }

  bool MayGrow(const ComponentRule& rule) const {
    switch (rule.treatment) {
      case ComponentTreatment::kTakenOut:
      case ComponentTreatment::kPassThrough:
        return true;
      case ComponentTreatment::kAdjustment:
        return false;
      case ComponentTreatment::kInChain:
        return policy_.base_growth.mode == BaseGrowthMode::kComposite &&
               rule.component != policy_.base_growth.residual_component;
    }
    return false;
  }

  void CheckTarget() {
    const TargetRule& target = policy_.target;
    if (target.basis != TargetBasis::kShareOfQuantum) {
      if (target.national_distance) {
        Add("target.nationalDistance", "stands only with TARGET_BASIS_SHARE_OF_QUANTUM");
      }
      if (target.opening_quantum) {
        Add("target.openingQuantumPence", "stands only with TARGET_BASIS_SHARE_OF_QUANTUM");
      }
      return;
    }
    if (target.national_distance.has_value() == target.opening_quantum.has_value()) {
      Add("target", "TARGET_BASIS_SHARE_OF_QUANTUM needs one of nationalDistance and openingQuantumPence");
    }
    if (target.national_distance &&
        !(std::isfinite(*target.national_distance) && std::abs(*target.national_distance) < 1)) {
      Add("target.nationalDistance", "must be a ratio between -1 and 1, e.g. 0.0158 for 1.58%");
    }
    if (target.opening_quantum && *target.opening_quantum <= Pence(0)) {
      Add("target.openingQuantumPence", "must be above 0");
    }
  }

  void CheckGrowth() {
    const BaseGrowthRule& growth = policy_.base_growth;
    if (!IsGrowth(growth.rate)) {
      Add("baseGrowth.rate", "must be a ratio above -1 and at most 1, e.g. 0.0528 for 5.28%");
    }
    if (growth.mode == BaseGrowthMode::kTargetFollowing && !policy_.HasTarget()) {
      Add("baseGrowth.mode", "BASE_GROWTH_MODE_TARGET_FOLLOWING needs a target, and target.basis says none");
    }
    if (growth.mode != BaseGrowthMode::kComposite) {
      if (!growth.residual_component.empty()) {
        Add("baseGrowth.residualComponent", "stands only with BASE_GROWTH_MODE_COMPOSITE");
      }
      return;
    }
    const ComponentRule* residual = policy_.Find(growth.residual_component);
    if (residual == nullptr || residual->treatment != ComponentTreatment::kInChain) {
      Add("baseGrowth.residualComponent",
          absl::StrCat("\"", growth.residual_component,
                       "\" must be one of components, with treatment COMPONENT_TREATMENT_IN_CHAIN"));
    }
  }

  void CheckSide(const std::optional<ConvergenceSide>& side, const std::string& path) {
    if (!side) return;
    if (!(std::isfinite(side->cap) && side->cap >= 0 && side->cap < 1)) {
      Add(path + ".cap", "must be a ratio from 0 and below 1, e.g. 0.005 for 0.5%");
    }
    if (!(std::isfinite(side->taper_distance) && side->taper_distance > 0 && side->taper_distance <= 10)) {
      Add(path + ".taperDistance", "must be a ratio above 0 and at most 10, e.g. 0.025 for 2.5%");
    }
  }

  void CheckConvergence() {
    const ConvergenceRule& rule = policy_.convergence;
    CheckSide(rule.over_target, "convergence.overTarget");
    CheckSide(rule.under_target, "convergence.underTarget");
    if (rule.HasDistanceRule() && !policy_.HasTarget()) {
      Add("convergence", "convergence on a distance needs a target, and target.basis says none");
    }
    if (rule.HasDistanceRule() && !rule.regional_rates.empty()) {
      Add("convergence.regionalRates", "stands instead of overTarget and underTarget; give one or the other");
    }
    if (!rule.component.empty()) {
      const ComponentRule* component = policy_.Find(rule.component);
      if (component == nullptr || !IsInChain(component->treatment)) {
        Add("convergence.component", absl::StrCat("\"", rule.component,
                                                  "\" must be one of components, and in the chain; leave it "
                                                  "empty for the whole baseline"));
      }
    }
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rule.regional_rates.size(); ++i) {
      const RegionalRate& rate = rule.regional_rates[i];
      std::string path = absl::StrCat("convergence.regionalRates[", i, "]");
      if (!seen.insert(rate.region.value()).second) {
        Add(path + ".region", absl::StrCat("\"", rate.region.value(), "\" stands twice; name it once"));
      }
      if (!(std::isfinite(rate.rate) && std::abs(rate.rate) < 1)) {
        Add(path + ".rate", "must be a ratio between -1 and 1, e.g. -0.001 for -0.1%");
      }
    }
  }

  const AllocationPolicy& policy_;
  std::vector<FieldViolation> violations_;
};

}  // namespace

const ComponentRule* AllocationPolicy::Find(std::string_view component) const {
  for (const ComponentRule& rule : components) {
    if (rule.component == component) return &rule;
  }
  return nullptr;
}

std::string PolicySlug(std::string_view stream, FinancialYear year) {
  return absl::StrCat(std::string(stream), "-", year.ToSlug());
}

std::string PolicyName(const AllocationPolicy& policy) {
  return absl::StrCat("policies/", PolicySlug(policy.stream, policy.financial_year));
}

std::vector<FieldViolation> CheckPolicy(const AllocationPolicy& policy) {
  return Checker(policy).Run();
}

std::string_view InWords(TargetBasis basis) {
  switch (basis) {
    case TargetBasis::kShareOfQuantum:
      return "share of the quantum";
    case TargetBasis::kGiven:
      return "given targets";
    case TargetBasis::kNone:
      return "no target";
  }
  return "";
}

std::string_view InWords(BaseGrowthMode mode) {
  switch (mode) {
    case BaseGrowthMode::kUniform:
      return "uniform";
    case BaseGrowthMode::kTargetFollowing:
      return "target-following";
    case BaseGrowthMode::kComposite:
      return "composite";
  }
  return "";
}

std::string_view InWords(ConvergenceDistance distance) {
  switch (distance) {
    case ConvergenceDistance::kBeforeConvergence:
      return "distance before convergence";
    case ConvergenceDistance::kOpening:
      return "opening distance";
  }
  return "";
}

std::string_view InWords(Combination combination) {
  switch (combination) {
    case Combination::kMultiplicative:
      return "multiplicative";
    case Combination::kAdditive:
      return "additive";
  }
  return "";
}

std::string_view InWords(ComponentTreatment treatment) {
  switch (treatment) {
    case ComponentTreatment::kInChain:
      return "in the chain";
    case ComponentTreatment::kTakenOut:
      return "in the chain and taken out again";
    case ComponentTreatment::kPassThrough:
      return "passed through";
    case ComponentTreatment::kAdjustment:
      return "an adjustment";
  }
  return "";
}

}  // namespace specom::finance

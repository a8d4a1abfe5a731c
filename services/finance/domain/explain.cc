#include "services/finance/domain/explain.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/chain.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {
namespace {

constexpr char kLedger[] = "Baseline ledger of the inputs (baseline.csv)";
constexpr char kOrderOfWork[] =
    "NHS England, Annex 3 to the allocations: order of work, baselines from the previous year's funding";
constexpr char kDistanceColumn[] =
    "NHS England, ICB allocations workbook: column \"Distance from target (%)\" = baseline / target - 1";
constexpr char kClosingColumn[] =
    "NHS England, ICB allocations workbook: column \"Post-convergence distance from target (%)\" = "
    "allocation / "
    "closing target - 1";
constexpr char kCompositionColumns[] =
    "NHS England, ICB allocations workbook: columns from the recurrent allocation to the total";

std::string Words(std::string component) {
  std::replace(component.begin(), component.end(), '_', ' ');
  return component;
}

Pence Rounded(double pence) {
  return Pence(static_cast<std::int64_t>(std::round(pence)));
}

std::string Count(std::size_t number, const char* singular) {
  return absl::StrCat(number, " ", singular, number == 1 ? "" : "s");
}

// "over target by 2.13%", "under target by 5.07%", "on target".
std::string DistanceInWords(double distance) {
  if (distance == 0) return "on target";
  return absl::StrCat(distance > 0 ? "over target by " : "under target by ",
                      PercentInWords(std::abs(distance)));
}

class Explainer {
 public:
  Explainer(const InputSet& inputs, const PreparedInputs& prepared, const ChainColumns& columns,
            const ChainTotals& totals, const AllocationResult& result, std::size_t icb)
      : inputs_(inputs),
        policy_(inputs.policy),
        prepared_(prepared),
        columns_(columns),
        totals_(totals),
        result_(result),
        icb_(icb),
        allocation_(result.icbs[icb]),
        rule_source_(policy_.source.empty() ? "The policy of the inputs (policy.json)" : policy_.source) {}

  Explanation Run() {
    explanation_.icb = IcbCode(allocation_.code);
    explanation_.icb_name = allocation_.name;
    explanation_.stream = policy_.stream;
    explanation_.financial_year = policy_.financial_year;
    Components();
    Baseline();
    if (policy_.HasTarget()) Targets();
    BaseGrowth();
    if (policy_.HasTarget()) DistanceBeforeConvergence();
    if (!policy_.convergence.IsNone()) Convergence();
    AllocationStep();
    if (policy_.HasTarget()) ClosingDistance();
    Composition();
    return std::move(explanation_);
  }

 private:
  const std::string& Name() const { return allocation_.name; }

  void Add(std::string step, std::string title, std::string formula, std::string source,
           std::vector<StepValue> inputs, StepValue result, std::string sentence) {
    explanation_.steps.push_back({std::move(step), std::move(title), std::move(formula), std::move(source),
                                  std::move(inputs), std::move(result), std::move(sentence)});
  }

  // What each component of the baseline consists of.
  void Components() {
    for (const ComponentAmount& component : allocation_.components) {
      std::vector<StepValue> lines;
      for (const BaselineLine& line : inputs_.baseline) {
        if (line.icb.value() != allocation_.code || line.component != component.component) continue;
        explanation_.baseline_lines.push_back(line);
        lines.push_back({line.reason, line.amount});
      }
      const std::string words = Words(component.component);
      const std::string sentence = absl::StrCat(
          "The ledger gives ", Name(), " ", PoundsInWords(component.baseline), " for ", words, ", in ",
          Count(lines.size(), "line"), "; it is ", std::string(InWords(component.treatment)), ".");
      Add("component_" + component.component, absl::StrCat("Baseline of ", words),
          "sum of the ledger's lines", kLedger, std::move(lines), {words, component.baseline}, sentence);
    }
  }

  void Baseline() {
    std::vector<StepValue> parts;
    for (const ComponentAmount& component : allocation_.components) {
      if (IsInChain(component.treatment)) parts.push_back({Words(component.component), component.baseline});
    }
    const std::size_t count = parts.size();
    Add("baseline", "Baseline", "B = sum of the components in the chain", kOrderOfWork, std::move(parts),
        {"baseline B", allocation_.baseline},
        absl::StrCat("The baseline that enters the chain is ", PoundsInWords(allocation_.baseline), ", from ",
                     Count(count, "component"), "."));
  }

  void Targets() {
    const bool shared = policy_.target.basis == TargetBasis::kShareOfQuantum;
    if (shared) OpeningQuantumStep();
    const NeedRow& row = prepared_.icbs[icb_];
    if (shared) {
      const double sum = SumOf(prepared_.opening_need);
      Add("opening_target", "Opening fair shares target", "T = need / sum of need * opening quantum",
          rule_source_,
          {{"need", prepared_.opening_need[icb_]},
           {"sum of need", sum},
           {"opening quantum", *result_.opening_quantum}},
          {"opening target T", *allocation_.opening_target},
          absl::StrCat(Name(), " has ", PercentInWords(prepared_.opening_need[icb_] / sum),
                       " of England's need and so a target of ", PoundsInWords(*allocation_.opening_target),
                       "."));
    } else {
      Add("opening_target", "Opening fair shares target", "T is given, in pounds",
          "Targets of the inputs (need.csv)", {{"given target in pounds", *row.opening_need}},
          {"opening target T", *allocation_.opening_target},
          absl::StrCat("The opening target is given: ", PoundsInWords(*allocation_.opening_target), "."));
    }
    Add("opening_distance", "Opening distance from target", "D = B / T - 1", kDistanceColumn,
        {{"baseline B", allocation_.baseline}, {"opening target T", *allocation_.opening_target}},
        {"opening distance D", Ratio{*allocation_.opening_distance}},
        absl::StrCat("Before any growth ", Name(), " is ", DistanceInWords(*allocation_.opening_distance),
                     "."));
    ClosingTarget(shared, row);
  }

  void OpeningQuantumStep() {
    std::vector<StepValue> values;
    std::string formula = "opening quantum is given by the policy";
    std::string sentence = absl::StrCat("The policy sets the quantum that targets share out at ",
                                        PoundsInWords(*result_.opening_quantum), ".");
    if (policy_.target.national_distance) {
      formula = "opening quantum = sum of baselines / (1 + national distance)";
      values = {{"sum of baselines", result_.england.baseline},
                {"national distance", Ratio{*policy_.target.national_distance}}};
      sentence =
          absl::StrCat("The policy puts England ", DistanceInWords(*policy_.target.national_distance),
                       ", so targets share out a quantum of ", PoundsInWords(*result_.opening_quantum), ".");
    }
    Add("opening_quantum", "Opening quantum", formula, rule_source_, std::move(values),
        {"opening quantum", *result_.opening_quantum}, sentence);
  }

  void ClosingTarget(bool shared, const NeedRow& row) {
    const StepValue result = {"closing target T'", *allocation_.closing_target};
    const std::string growth = PercentInWords(
        *result_.closing_quantum == Pence(0) ? 0 : totals_.closing_quantum / totals_.opening_quantum - 1);
    if (shared) {
      Add("closing_quantum", "Closing quantum", "closing quantum = opening quantum * (1 + national growth)",
          rule_source_,
          {{"opening quantum", *result_.opening_quantum},
           {"national growth", Ratio{policy_.base_growth.rate}}},
          {"closing quantum", *result_.closing_quantum},
          absl::StrCat("The quantum grows by ", growth, " to ", PoundsInWords(*result_.closing_quantum),
                       "."));
      const double sum = SumOf(prepared_.closing_need);
      Add("closing_target", "Closing fair shares target",
          "T' = closing need / sum of closing need * closing quantum", rule_source_,
          {{"closing need", prepared_.closing_need[icb_]},
           {"sum of closing need", sum},
           {"closing quantum", *result_.closing_quantum}},
          result,
          absl::StrCat("With ", PercentInWords(prepared_.closing_need[icb_] / sum),
                       " of England's need in the closing year the target is ",
                       PoundsInWords(*allocation_.closing_target), "."));
    } else if (row.closing_need) {
      Add("closing_target", "Closing fair shares target", "T' is given, in pounds",
          "Targets of the inputs (need.csv)", {{"given closing target in pounds", *row.closing_need}}, result,
          absl::StrCat("The closing target is given: ", PoundsInWords(*allocation_.closing_target), "."));
    } else {
      Add("closing_target", "Closing fair shares target", "T' = T * (1 + national growth)", rule_source_,
          {{"opening target T", *allocation_.opening_target},
           {"national growth", Ratio{policy_.base_growth.rate}}},
          result,
          absl::StrCat("The target grows by ", growth, " to ", PoundsInWords(*allocation_.closing_target),
                       "."));
    }
  }

  void BaseGrowth() {
    const Ratio growth{allocation_.base_growth};
    const Pence grown = Rounded(columns_.grown_baseline[icb_]);
    std::string formula = "g = the policy's rate, the same for every ICB";
    std::vector<StepValue> values = {{"rate", Ratio{policy_.base_growth.rate}}};
    std::string sentence = absl::StrCat("Every ICB's baseline grows by ", PercentInWords(growth.value), ".");
    if (policy_.base_growth.mode == BaseGrowthMode::kTargetFollowing) {
      formula = "g = T' / T - 1";
      values = {{"closing target T'", *allocation_.closing_target},
                {"opening target T", *allocation_.opening_target}};
      sentence =
          absl::StrCat("The baseline grows as the target does, by ", PercentInWords(growth.value), ".");
    } else if (policy_.base_growth.mode == BaseGrowthMode::kComposite) {
      ResidualGrowthStep();
      formula = "g = sum over components of baseline * (1 + own growth) / B - 1";
      values.clear();
      for (std::size_t k = 0; k < prepared_.chain_components.size(); ++k) {
        const ComponentAmount& component = allocation_.components[prepared_.chain_components[k]];
        const std::string words = Words(component.component);
        values.push_back({words, component.baseline});
        values.push_back({"growth of " + words, Ratio{OwnGrowth(k)}});
      }
      sentence = absl::StrCat("With its own mix of components the baseline of ", Name(), " grows by ",
                              PercentInWords(growth.value), ".");
    }
    Add("base_growth", "Base growth", formula, rule_source_, std::move(values), {"base growth g", growth},
        sentence);
    Add("grown_baseline", "Baseline after base growth", "B * (1 + g)", rule_source_,
        {{"baseline B", allocation_.baseline}, {"base growth g", growth}}, {"grown baseline", grown},
        absl::StrCat("After base growth the baseline is ", PoundsInWords(grown), "."));
  }

  double OwnGrowth(std::size_t k) const {
    return k == prepared_.rules.residual_component ? totals_.residual_growth
                                                   : prepared_.rules.component_growth[k];
  }

  void ResidualGrowthStep() {
    std::vector<StepValue> values = {{"sum of baselines", result_.england.baseline},
                                     {"national growth", Ratio{policy_.base_growth.rate}}};
    for (std::size_t k = 0; k < prepared_.chain_components.size(); ++k) {
      const ComponentAmount& component = result_.england.components[prepared_.chain_components[k]];
      const std::string words = Words(component.component);
      values.push_back({"England's " + words, component.baseline});
      if (k != prepared_.rules.residual_component) {
        values.push_back({"growth of " + words, Ratio{prepared_.rules.component_growth[k]}});
      }
    }
    const std::string words = Words(policy_.base_growth.residual_component);
    Add("residual_growth", absl::StrCat("Growth of ", words, ": the residual"),
        "(sum of baselines * (1 + national growth) - sum of the other components grown) / sum of the "
        "residual "
        "component - 1",
        rule_source_, std::move(values), {"growth of " + words, Ratio{totals_.residual_growth}},
        absl::StrCat("For England to grow by ", PercentInWords(policy_.base_growth.rate),
                     " while the other components grow at their own rates, ", words, " grows by ",
                     PercentInWords(totals_.residual_growth), "."));
  }

  void DistanceBeforeConvergence() {
    Add("distance_before_convergence", "Distance from target before convergence", "D' = B * (1 + g) / T' - 1",
        kDistanceColumn,
        {{"grown baseline", Rounded(columns_.grown_baseline[icb_])},
         {"closing target T'", *allocation_.closing_target}},
        {"distance before convergence D'", Ratio{*allocation_.distance_before_convergence}},
        absl::StrCat("After base growth ", Name(), " is ",
                     DistanceInWords(*allocation_.distance_before_convergence), "."));
  }

  void Convergence() {
    const ConvergenceRule& rule = policy_.convergence;
    const double rate = columns_.component_convergence[icb_];
    const std::string on =
        rule.component.empty() ? "the baseline" : "the " + Words(rule.component) + " part of the baseline";
    if (!rule.regional_rates.empty()) {
      Add("convergence_rate", "Rate of convergence", "c = the rate of the ICB's region", rule_source_,
          {{"region", allocation_.region}}, {"rate c", Ratio{rate}},
          absl::StrCat("Every ICB of ", allocation_.region, " converges by ", PercentInWords(rate), " of ",
                       on, "."));
    } else {
      DistanceConvergence(rule, rate, on);
    }
    if (!rule.component.empty()) {
      const ComponentAmount& component = *std::find_if(
          allocation_.components.begin(), allocation_.components.end(),
          [&](const ComponentAmount& candidate) { return candidate.component == rule.component; });
      const std::string words = Words(rule.component);
      Add("convergence", "Convergence on the whole baseline", absl::StrCat("C = c * ", words, " / B"),
          rule_source_,
          {{"rate c", Ratio{rate}}, {words, component.baseline}, {"baseline B", allocation_.baseline}},
          {"convergence C", Ratio{*allocation_.convergence}},
          absl::StrCat("On the whole baseline that is ", PercentInWords(*allocation_.convergence), "."));
    } else {
      Add("convergence", "Convergence on the whole baseline", "C = c", rule_source_,
          {{"rate c", Ratio{rate}}}, {"convergence C", Ratio{*allocation_.convergence}},
          absl::StrCat("It applies to the whole baseline: ", PercentInWords(*allocation_.convergence), "."));
    }
  }

  void DistanceConvergence(const ConvergenceRule& rule, double rate, const std::string& on) {
    const bool opening = rule.distance == ConvergenceDistance::kOpening;
    const double distance =
        opening ? *allocation_.opening_distance : *allocation_.distance_before_convergence;
    const char* symbol = opening ? "D" : "D'";
    const std::optional<ConvergenceSide>& side = distance > 0 ? rule.over_target : rule.under_target;
    std::vector<StepValue> values = {
        {absl::StrCat(std::string(InWords(rule.distance)), " ", symbol), Ratio{distance}}};
    std::string formula = "c = 0 on this side of the target";
    std::string sentence =
        absl::StrCat(Name(), " is ", DistanceInWords(distance), "; there the policy changes nothing.");
    if (side && distance != 0) {
      formula = absl::StrCat(distance > 0 ? "c = -cap * min(1, " : "c = cap * min(1, -", symbol, " / taper)");
      values.push_back({"cap", Ratio{side->cap}});
      values.push_back({"taper", Ratio{side->taper_distance}});
      const bool capped = std::abs(distance) >= side->taper_distance;
      sentence = absl::StrCat(
          Name(), " is ", DistanceInWords(distance), ", so ", on, distance > 0 ? " loses " : " gains ",
          PercentInWords(std::abs(rate)),
          capped ? absl::StrCat(": the cap, which holds from a distance of ",
                                PercentInWords(side->taper_distance))
                 : absl::StrCat(", in proportion to the distance; the cap of ", PercentInWords(side->cap),
                                " is reached at ", PercentInWords(side->taper_distance)),
          ".");
    }
    Add("convergence_rate", "Rate of convergence", formula, rule_source_, std::move(values),
        {"rate c", Ratio{rate}}, sentence);
  }

  void AllocationStep() {
    const bool multiplicative = policy_.combination == Combination::kMultiplicative;
    const std::string unit = policy_.rounding_unit_pence == 100'000 ? "£1,000"
                             : policy_.rounding_unit_pence == 1
                                 ? "a penny"
                                 : PoundsInWords(Pence(policy_.rounding_unit_pence));
    std::vector<StepValue> values = {{"baseline B", allocation_.baseline},
                                     {"base growth g", Ratio{allocation_.base_growth}}};
    if (allocation_.convergence) values.push_back({"convergence C", Ratio{*allocation_.convergence}});
    values.push_back({"rounded to", Pence(policy_.rounding_unit_pence)});
    const char* product = !allocation_.convergence ? "B * (1 + g)"
                          : multiplicative         ? "B * (1 + g) * (1 + C)"
                                                   : "B * (1 + g + C)";
    const double growth = static_cast<double>(allocation_.allocation.value()) /
                              static_cast<double>(allocation_.baseline.value()) -
                          1;
    Add("allocation", "Allocation", absl::StrCat("A = round(", product, "), halves away from zero"),
        rule_source_, std::move(values), {"allocation A", allocation_.allocation},
        absl::StrCat("The allocation, rounded to ", unit, ", is ", PoundsInWords(allocation_.allocation),
                     ", ", PercentInWords(growth), " on the baseline."));
  }

  void ClosingDistance() {
    Add("closing_distance", "Closing distance from target", "P = A / T' - 1", kClosingColumn,
        {{"allocation A", allocation_.allocation}, {"closing target T'", *allocation_.closing_target}},
        {"closing distance P", Ratio{*allocation_.closing_distance}},
        absl::StrCat("After convergence ", Name(), " is ", DistanceInWords(*allocation_.closing_distance),
                     "."));
  }

  std::vector<StepValue> GrownComponents(ComponentTreatment treatment) const {
    std::vector<StepValue> values;
    for (std::size_t c = 0; c < allocation_.components.size(); ++c) {
      const ComponentAmount& component = allocation_.components[c];
      if (component.treatment != treatment) continue;
      const std::string words = Words(component.component);
      values.push_back({words, component.baseline});
      if (treatment != ComponentTreatment::kAdjustment) {
        values.push_back({"growth of " + words, Ratio{prepared_.components[c].growth}});
        values.push_back({words + " after growth", component.amount});
      }
    }
    return values;
  }

  // From the allocation to the resource allocation.
  void Composition() {
    std::vector<StepValue> values = {{"allocation A", allocation_.allocation}};
    if (allocation_.taken_out) {
      Add("taken_out", "Taken out of the allocation", "sum of baseline * (1 + own growth)", rule_source_,
          GrownComponents(ComponentTreatment::kTakenOut), {"taken out", *allocation_.taken_out},
          absl::StrCat(
              PoundsInWords(*allocation_.taken_out),
              " counts in baseline, target and distance and is then taken out of the allocation again."));
      Add("retained", "What is left of the allocation", "allocation - taken out", kCompositionColumns,
          {{"allocation A", allocation_.allocation}, {"taken out", *allocation_.taken_out}},
          {"left of the allocation", *allocation_.retained},
          absl::StrCat(Name(), " keeps ", PoundsInWords(*allocation_.retained), " of the allocation."));
      values.push_back({"taken out", *allocation_.taken_out});
    }
    if (allocation_.pass_through) {
      Add("pass_through", "Passed through", "sum of baseline * (1 + own growth)", rule_source_,
          GrownComponents(ComponentTreatment::kPassThrough), {"passed through", *allocation_.pass_through},
          absl::StrCat("Outside the chain, ", PoundsInWords(*allocation_.pass_through),
                       " is added at its own growth."));
      values.push_back({"passed through", *allocation_.pass_through});
    }
    if (allocation_.adjustments) {
      Add("adjustments", "Adjustments", "sum of the amounts as they are", kLedger,
          GrownComponents(ComponentTreatment::kAdjustment), {"adjustments", *allocation_.adjustments},
          absl::StrCat("Adjustments of ", PoundsInWords(*allocation_.adjustments),
                       " are added as they are."));
      values.push_back({"adjustments", *allocation_.adjustments});
    }
    Add("resource_allocation", "Resource allocation", "allocation - taken out + passed through + adjustments",
        kCompositionColumns, std::move(values), {"resource allocation", allocation_.resource_allocation},
        absl::StrCat("The resource allocation of ", Name(), " for ", policy_.financial_year.ToString(),
                     " is ", PoundsInWords(allocation_.resource_allocation), "."));
  }

  const InputSet& inputs_;
  const AllocationPolicy& policy_;
  const PreparedInputs& prepared_;
  const ChainColumns& columns_;
  const ChainTotals& totals_;
  const AllocationResult& result_;
  const std::size_t icb_;
  const Allocation& allocation_;
  const std::string rule_source_;
  Explanation explanation_;
};

}  // namespace

absl::StatusOr<Explanation> Explain(const InputSet& inputs, const IcbCode& icb) {
  ASSIGN_OR_RETURN(PreparedInputs prepared, PrepareInputs(inputs));
  auto row = std::find_if(prepared.icbs.begin(), prepared.icbs.end(),
                          [&](const NeedRow& candidate) { return candidate.icb == icb; });
  if (row == prepared.icbs.end()) {
    return MakeError(
        absl::StatusCode::kNotFound, kIcbNotFound,
        absl::StrCat("ICB ", icb.value(), " has no part in these inputs, which hold ",
                     Count(prepared.size(), "ICB"), ". Ask for one of them by its ODS code, e.g. ",
                     prepared.icbs.front().icb.value(), "."),
        {{"icb", icb.value()}, {"example", prepared.icbs.front().icb.value()}});
  }
  ChainBuffers buffers(prepared.size());
  ChainTotals totals;
  RETURN_IF_ERROR(EvaluateChain(prepared, prepared.rules, buffers.columns(), totals));
  ASSIGN_OR_RETURN(AllocationResult result, Allocate(prepared));
  const auto position = static_cast<std::size_t>(row - prepared.icbs.begin());
  return Explainer(inputs, prepared, buffers.columns(), totals, result, position).Run();
}

std::string PoundsInWords(Pence amount) {
  std::string digits = amount.ToPounds();
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  for (auto at = static_cast<std::ptrdiff_t>(digits.find('.')) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return absl::StrCat(negative ? "-£" : "£", digits);
}

std::string PercentInWords(double ratio) {
  std::string digits = absl::StrFormat("%.4f", ratio * 100);
  // Two decimals stay.
  while (digits.back() == '0' && digits[digits.size() - 3] != '.') digits.pop_back();
  if (digits == "-0.00") digits = "0.00";
  return digits + "%";
}

}  // namespace specom::finance

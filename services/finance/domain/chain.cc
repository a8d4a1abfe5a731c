#include "services/finance/domain/chain.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {
namespace {

constexpr double kPencePerPound = 100;
// Whole pence are exact in a double below 2^53.
constexpr double kMaxExactPence = 9007199254740992.0;

const char* FileOf(InputPart part) {
  switch (part) {
    case InputPart::kPolicy:
      return "policy";
    case InputPart::kBaseline:
      return "baseline";
    case InputPart::kNeed:
      return "need";
  }
  return "";
}

absl::Status AsStatus(const std::vector<InputIssue>& issues) {
  std::vector<FieldViolation> violations;
  violations.reserve(issues.size());
  for (const InputIssue& issue : issues) {
    std::string path = FileOf(issue.part);
    if (issue.row) absl::StrAppend(&path, "[", *issue.row, "]");
    if (!issue.field.empty()) absl::StrAppend(&path, ".", issue.field);
    std::string rule = issue.value.empty() ? issue.rule : absl::StrCat("\"", issue.value, "\": ", issue.rule);
    violations.push_back({std::move(path), std::move(rule)});
  }
  return InvalidFields(violations);
}

std::size_t PositionInChain(const PreparedInputs& inputs, std::string_view component) {
  for (std::size_t i = 0; i < inputs.chain_components.size(); ++i) {
    if (inputs.components[inputs.chain_components[i]].component == component) return i;
  }
  return ChainRules::kWholeBaseline;
}

ChainRules CompileRules(const AllocationPolicy& policy, const PreparedInputs& inputs) {
  ChainRules rules;
  rules.basis = policy.target.basis;
  rules.opening_quantum_pence =
      policy.target.opening_quantum ? static_cast<double>(policy.target.opening_quantum->value()) : 0;
  rules.national_distance = policy.target.national_distance.value_or(0);
  rules.growth_mode = policy.base_growth.mode;
  rules.growth_rate = policy.base_growth.rate;
  for (std::size_t component : inputs.chain_components) {
    rules.component_growth.push_back(inputs.components[component].growth);
  }
  if (policy.base_growth.mode == BaseGrowthMode::kComposite) {
    rules.residual_component = PositionInChain(inputs, policy.base_growth.residual_component);
  }
  // Without a cap a side does not converge, whatever its taper.
  rules.has_distance_rule = policy.convergence.HasDistanceRule();
  rules.over_target = policy.convergence.over_target.value_or(ConvergenceSide{0, 1});
  rules.under_target = policy.convergence.under_target.value_or(ConvergenceSide{0, 1});
  rules.distance = policy.convergence.distance;
  if (!policy.convergence.component.empty()) {
    rules.convergence_component = PositionInChain(inputs, policy.convergence.component);
  }
  if (!policy.convergence.regional_rates.empty()) {
    for (const PreparedInputs::Region& region : inputs.regions) {
      for (const RegionalRate& rate : policy.convergence.regional_rates) {
        if (rate.region == region.code) rules.regional_rate.push_back(rate.rate);
      }
    }
    SPECOM_CHECK(rules.regional_rate.size() == inputs.regions.size());
  }
  rules.combination = policy.combination;
  rules.rounding_unit_pence = policy.rounding_unit_pence;
  return rules;
}

void SetTargets(const PreparedInputs& inputs, const ChainRules& rules, const ChainColumns& columns,
                ChainTotals& totals) {
  const std::size_t n = inputs.size();
  const double growth = 1 + rules.growth_rate;
  switch (rules.basis) {
    case TargetBasis::kShareOfQuantum:
      totals.opening_quantum = OpeningQuantum(SumOf(inputs.baseline), rules);
      totals.closing_quantum = totals.opening_quantum * growth;
      TargetsFromShares(inputs.opening_need, totals.opening_quantum, columns.opening_target);
      TargetsFromShares(inputs.closing_need, totals.closing_quantum, columns.closing_target);
      break;
    case TargetBasis::kGiven:
      for (std::size_t i = 0; i < n; ++i) {
        columns.opening_target[i] = inputs.opening_need[i] * kPencePerPound;
        columns.closing_target[i] =
            inputs.closing_need[i] * kPencePerPound * (inputs.closing_need_given ? 1 : growth);
      }
      totals.opening_quantum = SumOf(columns.opening_target);
      totals.closing_quantum = SumOf(columns.closing_target);
      break;
    case TargetBasis::kNone:
      std::fill(columns.opening_target.begin(), columns.opening_target.end(), 0.0);
      std::fill(columns.closing_target.begin(), columns.closing_target.end(), 0.0);
      break;
  }
}

void SetBaseGrowth(const PreparedInputs& inputs, const ChainRules& rules, const ChainColumns& columns,
                   ChainTotals& totals) {
  const std::size_t n = inputs.size();
  switch (rules.growth_mode) {
    case BaseGrowthMode::kUniform:
      for (std::size_t i = 0; i < n; ++i) {
        columns.base_growth[i] = rules.growth_rate;
        columns.grown_baseline[i] = inputs.baseline[i] * (1 + rules.growth_rate);
      }
      break;
    case BaseGrowthMode::kTargetFollowing:
      for (std::size_t i = 0; i < n; ++i) {
        columns.base_growth[i] = columns.closing_target[i] / columns.opening_target[i] - 1;
        columns.grown_baseline[i] = inputs.baseline[i] * (1 + columns.base_growth[i]);
      }
      break;
    case BaseGrowthMode::kComposite:
      totals.residual_growth = ResidualGrowth(inputs, rules);
      std::fill(columns.grown_baseline.begin(), columns.grown_baseline.end(), 0.0);
      for (std::size_t c = 0; c < rules.component_growth.size(); ++c) {
        const double factor =
            1 + (c == rules.residual_component ? totals.residual_growth : rules.component_growth[c]);
        const double* baseline = inputs.chain_baseline.data() + c * n;
        for (std::size_t i = 0; i < n; ++i) columns.grown_baseline[i] += baseline[i] * factor;
      }
      for (std::size_t i = 0; i < n; ++i) {
        columns.base_growth[i] = columns.grown_baseline[i] / inputs.baseline[i] - 1;
      }
      break;
  }
}

void SetConvergence(const PreparedInputs& inputs, const ChainRules& rules, const ChainColumns& columns) {
  const std::size_t n = inputs.size();
  if (!rules.regional_rate.empty()) {
    for (std::size_t i = 0; i < n; ++i) {
      columns.component_convergence[i] = rules.regional_rate[inputs.region_of[i]];
    }
  } else if (rules.has_distance_rule) {
    std::span<const double> distance = rules.distance == ConvergenceDistance::kOpening
                                           ? columns.opening_distance
                                           : columns.distance_before_convergence;
    for (std::size_t i = 0; i < n; ++i) {
      columns.component_convergence[i] = ConvergenceRate(distance[i], rules.over_target, rules.under_target);
    }
  } else {
    std::fill(columns.component_convergence.begin(), columns.component_convergence.end(), 0.0);
  }
  if (rules.convergence_component == ChainRules::kWholeBaseline) {
    std::copy(columns.component_convergence.begin(), columns.component_convergence.end(),
              columns.convergence.begin());
    return;
  }
  const double* component = inputs.chain_baseline.data() + rules.convergence_component * n;
  for (std::size_t i = 0; i < n; ++i) {
    columns.convergence[i] = columns.component_convergence[i] * component[i] / inputs.baseline[i];
  }
}

// Combines and rounds. False when an amount does not fit.
bool SetAllocation(const PreparedInputs& inputs, const ChainRules& rules, const ChainColumns& columns) {
  bool fits = true;
  const auto unit = static_cast<double>(rules.rounding_unit_pence);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double exact = rules.combination == Combination::kMultiplicative
                             ? columns.grown_baseline[i] * (1 + columns.convergence[i])
                             : columns.grown_baseline[i] + inputs.baseline[i] * columns.convergence[i];
    // std::round takes halves away from zero, as spreadsheets' ROUND does.
    const double rounded = std::round(exact / unit) * unit;
    if (!(std::abs(rounded) < kMaxExactPence)) {
      fits = false;
      continue;
    }
    columns.allocation[i] = static_cast<std::int64_t>(rounded);
  }
  return fits;
}

bool AllFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

double SumOf(std::span<const double> values) {
  CompensatedSum sum;
  for (double value : values) sum.Add(value);
  return sum.Total();
}

absl::StatusOr<PreparedInputs> PrepareInputs(const InputSet& inputs) {
  std::vector<InputIssue> issues = CheckInputs(inputs);
  if (!issues.empty()) return AsStatus(issues);

  PreparedInputs prepared;
  prepared.icbs = inputs.need;
  std::sort(prepared.icbs.begin(), prepared.icbs.end(),
            [](const NeedRow& a, const NeedRow& b) { return a.icb < b.icb; });
  const std::size_t n = prepared.icbs.size();

  std::map<RegionCode, std::string> region_names;
  std::map<IcbCode, std::size_t> icb_positions;
  for (std::size_t i = 0; i < n; ++i) {
    const NeedRow& row = prepared.icbs[i];
    region_names[row.region] = row.region_name.empty() ? row.region.value() : row.region_name;
    icb_positions[row.icb] = i;
  }
  std::map<RegionCode, std::size_t> region_positions;
  for (const auto& [code, name] : region_names) {
    region_positions[code] = prepared.regions.size();
    prepared.regions.push_back({code, name});
  }
  for (const NeedRow& row : prepared.icbs) prepared.region_of.push_back(region_positions.at(row.region));

  prepared.components = inputs.policy.components;
  std::map<std::string_view, std::size_t> component_positions;
  for (std::size_t c = 0; c < prepared.components.size(); ++c) {
    component_positions[prepared.components[c].component] = c;
    if (IsInChain(prepared.components[c].treatment)) prepared.chain_components.push_back(c);
  }
  prepared.component_baseline.resize(prepared.components.size() * n);
  for (const BaselineLine& line : inputs.baseline) {
    Pence& sum =
        prepared.component_baseline[component_positions.at(line.component) * n + icb_positions.at(line.icb)];
    // CheckInputs bounds the sum of all magnitudes by 2^53 pence.
    sum = Pence(sum.value() + line.amount.value());
  }
  prepared.chain_baseline.resize(prepared.chain_components.size() * n);
  prepared.baseline.resize(n);
  for (std::size_t c = 0; c < prepared.chain_components.size(); ++c) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto pence =
          static_cast<double>(prepared.ComponentBaseline(prepared.chain_components[c], i).value());
      prepared.chain_baseline[c * n + i] = pence;
      prepared.baseline[i] += pence;
    }
  }
  if (inputs.policy.HasTarget()) {
    prepared.closing_need_given = prepared.icbs.front().closing_need.has_value();
    for (const NeedRow& row : prepared.icbs) {
      prepared.opening_need.push_back(*row.opening_need);
      prepared.closing_need.push_back(row.closing_need.value_or(*row.opening_need));
    }
  }
  prepared.rules = CompileRules(inputs.policy, prepared);
  return prepared;
}

ChainBuffers::ChainBuffers(std::size_t icbs) : ratios_(9 * icbs), amounts_(icbs) {
  std::size_t next = 0;
  for (std::span<double>* column :
       {&columns_.opening_target, &columns_.closing_target, &columns_.opening_distance, &columns_.base_growth,
        &columns_.grown_baseline, &columns_.distance_before_convergence, &columns_.component_convergence,
        &columns_.convergence, &columns_.closing_distance}) {
    *column = std::span(ratios_).subspan(icbs * next++, icbs);
  }
  columns_.allocation = amounts_;
}

double OpeningQuantum(double national_baseline, const ChainRules& rules) {
  return rules.opening_quantum_pence > 0 ? rules.opening_quantum_pence
                                         : national_baseline / (1 + rules.national_distance);
}

void TargetsFromShares(std::span<const double> need, double quantum, std::span<double> target) {
  const double total = SumOf(need);
  for (std::size_t i = 0; i < need.size(); ++i) target[i] = need[i] / total * quantum;
}

void DistanceFromTarget(std::span<const double> amount, std::span<const double> target,
                        std::span<double> distance) {
  for (std::size_t i = 0; i < amount.size(); ++i) distance[i] = amount[i] / target[i] - 1;
}

double ResidualGrowth(const PreparedInputs& inputs, const ChainRules& rules) {
  const std::size_t n = inputs.size();
  CompensatedSum remainder;
  for (double baseline : inputs.baseline) remainder.Add(baseline * (1 + rules.growth_rate));
  double residual = 0;
  for (std::size_t c = 0; c < rules.component_growth.size(); ++c) {
    const double sum = SumOf(std::span(inputs.chain_baseline).subspan(c * n, n));
    if (c == rules.residual_component) {
      residual = sum;
    } else {
      remainder.Add(-sum * (1 + rules.component_growth[c]));
    }
  }
  return remainder.Total() / residual - 1;
}

double ConvergenceRate(double distance, const ConvergenceSide& over, const ConvergenceSide& under) {
  if (distance > 0) return -over.cap * std::min(1.0, distance / over.taper_distance);
  if (distance < 0) return under.cap * std::min(1.0, -distance / under.taper_distance);
  return 0;
}

absl::Status EvaluateChain(const PreparedInputs& inputs, const ChainRules& rules, const ChainColumns& columns,
                           ChainTotals& totals) {
  const bool has_target = rules.basis != TargetBasis::kNone;
  totals = {};
  SetTargets(inputs, rules, columns, totals);
  SetBaseGrowth(inputs, rules, columns, totals);
  if (has_target) {
    DistanceFromTarget(inputs.baseline, columns.opening_target, columns.opening_distance);
    DistanceFromTarget(columns.grown_baseline, columns.closing_target, columns.distance_before_convergence);
  } else {
    for (std::span<double> column :
         {columns.opening_distance, columns.distance_before_convergence, columns.closing_distance}) {
      std::fill(column.begin(), column.end(), 0.0);
    }
  }
  SetConvergence(inputs, rules, columns);
  bool sound = SetAllocation(inputs, rules, columns);
  if (has_target && sound) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      columns.closing_distance[i] =
          static_cast<double>(columns.allocation[i]) / columns.closing_target[i] - 1;
    }
    // Everything else enters the allocation, where it was checked.
    sound = AllFinite(columns.opening_distance) && AllFinite(columns.closing_distance);
  }
  if (!sound) {
    return MakeError(
        absl::StatusCode::kOutOfRange, kAmountOutOfRange,
        "An allocation or a distance is beyond what can be held. Check the growth rates of the policy "
        "and the need weights: one is far too large or too small.");
  }
  return absl::OkStatus();
}

}  // namespace specom::finance

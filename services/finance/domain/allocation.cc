#include "services/finance/domain/allocation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <span>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "services/finance/domain/aggregate.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {
namespace {

// Halves away from zero.
std::int64_t Whole(double pence) {
  return static_cast<std::int64_t>(std::round(pence));
}

// Whole pence for exact values so that they add up to the total: each gets the whole pence below
// it, and what is left goes to the largest remainders, ties to the earlier one.
std::vector<std::int64_t> WholePence(std::span<const double> exact, std::int64_t total) {
  std::vector<std::int64_t> pence(exact.size());
  std::vector<double> remainder(exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double below = std::floor(exact[i]);
    pence[i] = static_cast<std::int64_t>(below);
    remainder[i] = exact[i] - below;
  }
  std::vector<std::size_t> order(exact.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  std::int64_t left = total - std::accumulate(pence.begin(), pence.end(), std::int64_t{0});
  // Less than one round but for sums whose own rounding is more than a penny.
  for (std::size_t i = 0; left > 0; i = (i + 1) % order.size(), --left) ++pence[order[i]];
  for (std::size_t i = 0; left < 0; i = (i + 1) % order.size(), ++left) --pence[order[order.size() - 1 - i]];
  return pence;
}

// Whole pence that add up at every level: England's total is shared out to regions and each region's to its
// ICBs by largest remainder, so that at every level a figure is within a penny of its exact value.
std::vector<std::int64_t> WholePenceByRegion(const PreparedInputs& inputs, std::span<const double> exact,
                                             std::int64_t england) {
  const std::size_t regions = inputs.regions.size();
  std::vector<CompensatedSum> sums(regions);
  std::vector<std::vector<std::size_t>> members(regions);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    sums[inputs.region_of[i]].Add(exact[i]);
    members[inputs.region_of[i]].push_back(i);
  }
  std::vector<double> region_exact(regions);
  for (std::size_t r = 0; r < regions; ++r) region_exact[r] = sums[r].Total();
  const std::vector<std::int64_t> region_pence = WholePence(region_exact, england);
  std::vector<std::int64_t> pence(exact.size());
  for (std::size_t r = 0; r < regions; ++r) {
    std::vector<double> parts;
    for (std::size_t i : members[r]) parts.push_back(exact[i]);
    const std::vector<std::int64_t> shared = WholePence(parts, region_pence[r]);
    for (std::size_t k = 0; k < members[r].size(); ++k) pence[members[r][k]] = shared[k];
  }
  return pence;
}

class Allocator {
 public:
  explicit Allocator(const PreparedInputs& inputs)
      : inputs_(inputs), buffers_(inputs.size()), columns_(buffers_.columns()) {
    for (const ComponentRule& rule : inputs.components) {
      has_taken_out_ = has_taken_out_ || rule.treatment == ComponentTreatment::kTakenOut;
      has_pass_through_ = has_pass_through_ || rule.treatment == ComponentTreatment::kPassThrough;
      has_adjustments_ = has_adjustments_ || rule.treatment == ComponentTreatment::kAdjustment;
    }
  }

  absl::StatusOr<AllocationResult> Run() {
    RETURN_IF_ERROR(EvaluateChain(inputs_, inputs_.rules, columns_, totals_));
    SetIcbs();
    SetAggregates();
    if (HasTarget()) {
      result_.opening_quantum = Pence(Whole(totals_.opening_quantum));
      result_.closing_quantum = Pence(Whole(totals_.closing_quantum));
    }
    if (inputs_.rules.growth_mode == BaseGrowthMode::kComposite)
      result_.residual_growth = totals_.residual_growth;
    RETURN_IF_ERROR(CheckInvariants(result_));
    return std::move(result_);
  }

 private:
  bool HasTarget() const { return inputs_.rules.basis != TargetBasis::kNone; }
  bool HasConvergence() const {
    return inputs_.rules.has_distance_rule || !inputs_.rules.regional_rate.empty();
  }

  void SetIcbs() {
    const std::size_t n = inputs_.size();
    std::vector<std::int64_t> opening_targets, closing_targets;
    if (HasTarget()) {
      opening_targets = WholePenceByRegion(inputs_, columns_.opening_target, Whole(totals_.opening_quantum));
      closing_targets = WholePenceByRegion(inputs_, columns_.closing_target, Whole(totals_.closing_quantum));
    }
    const std::vector<Pence> amounts = ComponentAmounts();
    for (std::size_t i = 0; i < n; ++i) {
      const NeedRow& row = inputs_.icbs[i];
      const PreparedInputs::Region& region = inputs_.regions[inputs_.region_of[i]];
      Allocation icb;
      icb.code = row.icb.value();
      icb.name = row.name;
      icb.region = region.name;
      icb.region_code = region.code.value();
      icb.population = row.population;
      icb.baseline = Pence(static_cast<std::int64_t>(inputs_.baseline[i]));
      icb.base_growth = columns_.base_growth[i];
      icb.allocation = Pence(columns_.allocation[i]);
      if (HasTarget()) {
        icb.opening_target = Pence(opening_targets[i]);
        icb.closing_target = Pence(closing_targets[i]);
        icb.opening_distance = columns_.opening_distance[i];
        icb.distance_before_convergence = columns_.distance_before_convergence[i];
        icb.closing_distance = columns_.closing_distance[i];
      }
      if (HasConvergence()) icb.convergence = columns_.convergence[i];
      for (std::size_t c = 0; c < inputs_.components.size(); ++c) {
        icb.components.push_back({inputs_.components[c].component, inputs_.components[c].treatment,
                                  inputs_.ComponentBaseline(c, i), amounts[c * n + i]});
      }
      if (has_taken_out_) icb.taken_out = icb.retained = Pence(0);
      if (has_pass_through_) icb.pass_through = Pence(0);
      if (has_adjustments_) icb.adjustments = Pence(0);
      SetTotals(icb);
      result_.icbs.push_back(std::move(icb));
    }
  }

  // Every component's amount, component by component and within it ICB by ICB.
  std::vector<Pence> ComponentAmounts() const {
    std::vector<Pence> amounts(inputs_.components.size() * inputs_.size());
    SetGrownAtOwnRate(ComponentTreatment::kTakenOut, amounts);
    SetGrownAtOwnRate(ComponentTreatment::kPassThrough, amounts);
    for (std::size_t c = 0; c < inputs_.components.size(); ++c) {
      if (inputs_.components[c].treatment != ComponentTreatment::kAdjustment) continue;
      for (std::size_t i = 0; i < inputs_.size(); ++i) {
        amounts[c * inputs_.size() + i] = inputs_.ComponentBaseline(c, i);
      }
    }
    SetRetained(amounts);
    return amounts;
  }

  // Components of one treatment at their own growth: an ICB's sum is rounded to the penny, halves
  // away from zero, and its components add up to it. Regions and England are sums of their ICBs.
  void SetGrownAtOwnRate(ComponentTreatment treatment, std::vector<Pence>& amounts) const {
    const std::size_t n = inputs_.size();
    std::vector<std::size_t> members;
    for (std::size_t c = 0; c < inputs_.components.size(); ++c) {
      if (inputs_.components[c].treatment == treatment) members.push_back(c);
    }
    if (members.empty()) return;
    auto grown = [&](std::size_t c, std::size_t i) {
      return static_cast<double>(inputs_.ComponentBaseline(c, i).value()) *
             (1 + inputs_.components[c].growth);
    };
    std::vector<double> parts(members.size());
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < members.size(); ++k) parts[k] = grown(members[k], i);
      const std::vector<std::int64_t> shared = WholePence(parts, Whole(SumOf(parts)));
      for (std::size_t k = 0; k < members.size(); ++k) amounts[members[k] * n + i] = Pence(shared[k]);
    }
  }

  // What is left of the allocation, over the components that stay in it: in proportion to what
  // each has grown to and what convergence gave or took on it.
  void SetRetained(std::vector<Pence>& amounts) const {
    const std::size_t n = inputs_.size();
    const ChainRules& rules = inputs_.rules;
    for (std::size_t i = 0; i < n; ++i) {
      std::int64_t retained = columns_.allocation[i];
      std::vector<std::size_t> members;
      std::vector<double> parts;
      for (std::size_t k = 0; k < inputs_.chain_components.size(); ++k) {
        const std::size_t c = inputs_.chain_components[k];
        if (inputs_.components[c].treatment == ComponentTreatment::kTakenOut) {
          retained -= amounts[c * n + i].value();
          continue;
        }
        const double baseline = inputs_.chain_baseline[k * n + i];
        double growth = columns_.base_growth[i];
        if (rules.growth_mode == BaseGrowthMode::kComposite) {
          growth = k == rules.residual_component ? totals_.residual_growth : rules.component_growth[k];
        }
        const bool converges =
            rules.convergence_component == ChainRules::kWholeBaseline || rules.convergence_component == k;
        members.push_back(c);
        parts.push_back(baseline * (1 + growth) * (1 + (converges ? columns_.component_convergence[i] : 0)));
      }
      if (members.empty()) continue;
      const double total = SumOf(parts);
      for (double& part : parts) {
        part = total > 0 ? part / total * static_cast<double>(retained)
                         : static_cast<double>(retained) / static_cast<double>(parts.size());
      }
      const std::vector<std::int64_t> shared = WholePence(parts, retained);
      for (std::size_t k = 0; k < members.size(); ++k) amounts[members[k] * n + i] = Pence(shared[k]);
    }
  }

  void SetAggregates() {
    std::vector<Aggregate> sums(inputs_.regions.size(), Aggregate(inputs_.rules.combination));
    Aggregate england(inputs_.rules.combination);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const ExactAmounts exact = {columns_.opening_target[i], columns_.closing_target[i],
                                  columns_.grown_baseline[i]};
      sums[inputs_.region_of[i]].Add(result_.icbs[i], exact);
      england.Add(result_.icbs[i], exact);
    }
    for (std::size_t r = 0; r < sums.size(); ++r) {
      Allocation region = sums[r].Total();
      region.code = region.region_code = inputs_.regions[r].code.value();
      region.name = region.region = inputs_.regions[r].name;
      result_.regions.push_back(std::move(region));
    }
    result_.england = england.Total();
    result_.england.code = result_.england.name = "England";
  }

  const PreparedInputs& inputs_;
  ChainBuffers buffers_;
  const ChainColumns& columns_;
  ChainTotals totals_;
  AllocationResult result_;
  bool has_taken_out_ = false;
  bool has_pass_through_ = false;
  bool has_adjustments_ = false;
};

absl::Status CheckEqual(std::string_view what, absl::int128 total, std::string_view of, absl::int128 parts) {
  if (total == parts) return absl::OkStatus();
  const std::string total_gbp = Pence(static_cast<std::int64_t>(total)).ToPounds();
  const std::string parts_gbp = Pence(static_cast<std::int64_t>(parts)).ToPounds();
  return MakeError(
      absl::StatusCode::kFailedPrecondition, kInvariantBroken,
      absl::StrCat(std::string(what), " is £", total_gbp, " and ", std::string(of), " is £", parts_gbp,
                   "; they must be equal, so nothing was kept. Report this with the inputs."),
      {{"total", std::string(what)},
       {"total_gbp", total_gbp},
       {"parts", std::string(of)},
       {"parts_gbp", parts_gbp}});
}

absl::int128 Value(const std::optional<Pence>& amount) {
  return amount ? amount->value() : 0;
}

absl::Status CheckComponents(const Allocation& a) {
  absl::int128 baseline = 0, retained = 0, taken_out = 0, pass_through = 0, adjustments = 0;
  for (const ComponentAmount& component : a.components) {
    if (IsInChain(component.treatment)) baseline += component.baseline.value();
    switch (component.treatment) {
      case ComponentTreatment::kInChain:
        retained += component.amount.value();
        break;
      case ComponentTreatment::kTakenOut:
        taken_out += component.amount.value();
        break;
      case ComponentTreatment::kPassThrough:
        pass_through += component.amount.value();
        break;
      case ComponentTreatment::kAdjustment:
        adjustments += component.amount.value();
        break;
    }
  }
  const std::string of = absl::StrCat(" of ", a.code);
  auto check = [&](const char* what, absl::int128 total, const char* parts_name, absl::int128 parts) {
    return CheckEqual(what + of, total, parts_name, parts);
  };
  RETURN_IF_ERROR(
      check("the baseline", a.baseline.value(), "the sum of its components in the chain", baseline));
  RETURN_IF_ERROR(check("what is taken out", Value(a.taken_out), "the sum of its components", taken_out));
  RETURN_IF_ERROR(
      check("what is passed through", Value(a.pass_through), "the sum of its components", pass_through));
  RETURN_IF_ERROR(check("the adjustments", Value(a.adjustments), "the sum of its components", adjustments));
  // Where everything in the chain is taken out, what is left of the allocation has no component.
  const bool any_stays = std::any_of(
      a.components.begin(), a.components.end(),
      [](const ComponentAmount& component) { return component.treatment == ComponentTreatment::kInChain; });
  if (any_stays) {
    RETURN_IF_ERROR(
        check("the allocation", a.allocation.value(), "the sum of its components", retained + taken_out));
  }
  if (a.retained) {
    RETURN_IF_ERROR(check("the allocation", a.allocation.value(), "what is taken out and what is left",
                          taken_out + a.retained->value()));
  }
  return check("the resource allocation", a.resource_allocation.value(),
               "the allocation less what is taken out, plus what is passed through and the adjustments",
               a.allocation.value() - taken_out + pass_through + adjustments);
}

// Every amount of an allocation, with its name.
std::vector<std::pair<std::string, absl::int128>> Amounts(const Allocation& a) {
  std::vector<std::pair<std::string, absl::int128>> amounts = {
      {"baseline", a.baseline.value()},
      {"opening target", Value(a.opening_target)},
      {"closing target", Value(a.closing_target)},
      {"allocation", a.allocation.value()},
      {"amount taken out", Value(a.taken_out)},
      {"amount left of the allocation", Value(a.retained)},
      {"amount passed through", Value(a.pass_through)},
      {"sum of adjustments", Value(a.adjustments)},
      {"resource allocation", a.resource_allocation.value()},
  };
  for (const ComponentAmount& component : a.components) {
    amounts.emplace_back(component.component + " baseline", component.baseline.value());
    amounts.emplace_back(component.component + " amount", component.amount.value());
  }
  return amounts;
}

absl::Status CheckLevel(const Allocation& total, std::string_view parts_name,
                        const std::vector<const Allocation*>& parts) {
  auto totals = Amounts(total);
  std::vector<absl::int128> sums(totals.size());
  for (const Allocation* part : parts) {
    auto amounts = Amounts(*part);
    for (std::size_t k = 0; k < sums.size() && k < amounts.size(); ++k) sums[k] += amounts[k].second;
  }
  for (std::size_t k = 0; k < totals.size(); ++k) {
    RETURN_IF_ERROR(CheckEqual(absl::StrCat("the ", totals[k].first, " of ", total.code), totals[k].second,
                               absl::StrCat("the sum over its ", std::string(parts_name)), sums[k]));
  }
  return absl::OkStatus();
}

// Hashes every value with a mark for absence.
class ResultHash {
 public:
  void Text(std::string_view text) { hash_.Part(text); }
  void Amount(Pence amount) { Text(absl::StrCat(amount.value())); }
  void Amount(const std::optional<Pence>& amount) {
    if (amount) {
      Amount(*amount);
    } else {
      Text("absent");
    }
  }
  void Number(double value) {
    char buffer[32];
    Text({buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr});
  }
  void Number(const std::optional<double>& value) {
    if (value) {
      Number(*value);
    } else {
      Text("absent");
    }
  }
  void Add(const Allocation& a) {
    Text(a.code);
    Text(a.name);
    Text(a.region);
    Text(a.region_code);
    Number(a.population);
    Amount(a.baseline);
    Amount(a.opening_target);
    Amount(a.closing_target);
    Number(a.opening_distance);
    Number(a.base_growth);
    Number(a.distance_before_convergence);
    Number(a.convergence);
    Amount(a.allocation);
    Number(a.closing_distance);
    Amount(a.taken_out);
    Amount(a.retained);
    Amount(a.pass_through);
    Amount(a.adjustments);
    Amount(a.resource_allocation);
    for (const ComponentAmount& component : a.components) {
      Text(component.component);
      Text(InWords(component.treatment));
      Amount(component.baseline);
      Amount(component.amount);
    }
  }
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
};

}  // namespace

const Allocation* AllocationResult::FindIcb(std::string_view code) const {
  for (const Allocation& icb : icbs) {
    if (icb.code == code) return &icb;
  }
  return nullptr;
}

absl::StatusOr<AllocationResult> Allocate(const PreparedInputs& inputs) {
  return Allocator(inputs).Run();
}

absl::StatusOr<AllocationResult> Allocate(const InputSet& inputs) {
  ASSIGN_OR_RETURN(PreparedInputs prepared, PrepareInputs(inputs));
  return Allocate(prepared);
}

absl::Status CheckInvariants(const AllocationResult& result) {
  std::vector<const Allocation*> regions;
  for (const Allocation& icb : result.icbs) RETURN_IF_ERROR(CheckComponents(icb));
  for (const Allocation& region : result.regions) {
    RETURN_IF_ERROR(CheckComponents(region));
    std::vector<const Allocation*> icbs;
    for (const Allocation& icb : result.icbs) {
      if (icb.region_code == region.code) icbs.push_back(&icb);
    }
    RETURN_IF_ERROR(CheckLevel(region, "ICBs", icbs));
    regions.push_back(&region);
  }
  RETURN_IF_ERROR(CheckComponents(result.england));
  RETURN_IF_ERROR(CheckLevel(result.england, "regions", regions));
  RETURN_IF_ERROR(CheckEqual("the opening quantum", Value(result.opening_quantum),
                             "the sum of opening targets", Value(result.england.opening_target)));
  return CheckEqual("the closing quantum", Value(result.closing_quantum), "the sum of closing targets",
                    Value(result.england.closing_target));
}

std::string ResultDigest(const AllocationResult& result) {
  ResultHash hash;
  hash.Text("specom finance result 1");
  for (const Allocation& icb : result.icbs) hash.Add(icb);
  for (const Allocation& region : result.regions) hash.Add(region);
  hash.Add(result.england);
  hash.Amount(result.opening_quantum);
  hash.Amount(result.closing_quantum);
  hash.Number(result.residual_growth);
  return hash.HexDigest();
}

}  // namespace specom::finance

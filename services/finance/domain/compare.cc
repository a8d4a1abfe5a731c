#include "services/finance/domain/compare.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "services/finance/domain/explain.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {
namespace {

absl::StatusOr<ComparisonRow> Row(std::string code, const Allocation* base, const Allocation* other) {
  ComparisonRow row;
  row.icb = IcbCode(std::move(code));
  row.name = (other != nullptr ? other : base)->name;
  if (base != nullptr) {
    row.base = base->resource_allocation;
    row.base_closing_distance = base->closing_distance;
  }
  if (other != nullptr) {
    row.other = other->resource_allocation;
    row.other_closing_distance = other->closing_distance;
  }
  ASSIGN_OR_RETURN(row.difference, Subtract(row.other, row.base));
  if (row.base != Pence(0)) {
    row.difference_ratio =
        static_cast<double>(row.difference.value()) / static_cast<double>(row.base.value());
  }
  return row;
}

std::string SideInWords(const std::optional<ConvergenceSide>& side) {
  if (!side) return "none";
  return absl::StrCat("a cap of ", PercentInWords(side->cap), " reached at ",
                      PercentInWords(side->taper_distance));
}

std::string ComponentsInWords(const std::string& component) {
  return component.empty() ? "the whole baseline" : component;
}

std::string RatesInWords(const std::vector<RegionalRate>& rates) {
  std::map<std::string, double> by_region;
  for (const RegionalRate& rate : rates) by_region[rate.region.value()] = rate.rate;
  if (by_region.empty()) return "none";
  return absl::StrJoin(by_region, ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.first, " ", PercentInWords(entry.second));
  });
}

std::string TargetInWords(const TargetRule& target) {
  if (target.national_distance) {
    return absl::StrCat("a share of the quantum that puts England ",
                        PercentInWords(*target.national_distance), " from target");
  }
  if (target.opening_quantum) {
    return absl::StrCat("a share of an opening quantum of ", PoundsInWords(*target.opening_quantum));
  }
  return std::string(InWords(target.basis));
}

// What differs between two input sets, in sentences.
class Differences {
 public:
  std::vector<std::string> Of(const InputSet& base, const InputSet& other) {
    Policies(base.policy, other.policy);
    Icbs(base, other);
    Baselines(base, other);
    Need(base, other);
    return std::move(sentences_);
  }

 private:
  void Changed(const std::string& what, const std::string& from, const std::string& to) {
    if (from != to) sentences_.push_back(absl::StrCat(what, " is ", to, " instead of ", from, "."));
  }

  // Rates that look alike in percent may still differ.
  void ChangedRate(const std::string& what, double from, double to) {
    if (from == to) return;
    const std::string from_words = PercentInWords(from), to_words = PercentInWords(to);
    if (from_words != to_words) {
      Changed(what, from_words, to_words);
    } else {
      sentences_.push_back(absl::StrCat(what, " differs beyond the fourth decimal of ", to_words, "."));
    }
  }

  void Policies(const AllocationPolicy& base, const AllocationPolicy& other) {
    Changed("The year", base.financial_year.ToString(), other.financial_year.ToString());
    Changed("The target", TargetInWords(base.target), TargetInWords(other.target));
    Changed("Base growth", std::string(InWords(base.base_growth.mode)),
            std::string(InWords(other.base_growth.mode)));
    ChangedRate("The rate of base growth", base.base_growth.rate, other.base_growth.rate);
    if (base.base_growth.mode == BaseGrowthMode::kComposite &&
        other.base_growth.mode == BaseGrowthMode::kComposite) {
      Changed("The component that grows by the residual", base.base_growth.residual_component,
              other.base_growth.residual_component);
    }
    Changed("Convergence over target", SideInWords(base.convergence.over_target),
            SideInWords(other.convergence.over_target));
    Changed("Convergence under target", SideInWords(base.convergence.under_target),
            SideInWords(other.convergence.under_target));
    Changed("Convergence by region", RatesInWords(base.convergence.regional_rates),
            RatesInWords(other.convergence.regional_rates));
    if (base.convergence.HasDistanceRule() && other.convergence.HasDistanceRule()) {
      Changed("The distance that convergence looks at", std::string(InWords(base.convergence.distance)),
              std::string(InWords(other.convergence.distance)));
    }
    Changed("Convergence applies to a part of the baseline: it",
            ComponentsInWords(base.convergence.component), ComponentsInWords(other.convergence.component));
    Changed("The combination of growth and convergence", std::string(InWords(base.combination)),
            std::string(InWords(other.combination)));
    Changed("The unit that allocations are rounded to", PoundsInWords(Pence(base.rounding_unit_pence)),
            PoundsInWords(Pence(other.rounding_unit_pence)));
    Components(base, other);
    if (base.title != other.title || base.source != other.source || base.notes != other.notes) {
      sentences_.push_back("The title, source or notes of the policy differ.");
    }
  }

  void Components(const AllocationPolicy& base, const AllocationPolicy& other) {
    for (const ComponentRule& rule : base.components) {
      const ComponentRule* match = other.Find(rule.component);
      if (match == nullptr) {
        sentences_.push_back(absl::StrCat("The component ", rule.component, " is left out."));
        continue;
      }
      Changed(absl::StrCat("The component ", rule.component), std::string(InWords(rule.treatment)),
              std::string(InWords(match->treatment)));
      ChangedRate(absl::StrCat("The growth of ", rule.component), rule.growth, match->growth);
    }
    for (const ComponentRule& rule : other.components) {
      if (base.Find(rule.component) == nullptr) {
        sentences_.push_back(absl::StrCat("The component ", rule.component,
                                          " is added: ", std::string(InWords(rule.treatment)), "."));
      }
    }
  }

  void Icbs(const InputSet& base, const InputSet& other) {
    std::set<std::string> base_icbs, other_icbs;
    for (const NeedRow& row : base.need) base_icbs.insert(row.icb.value());
    for (const NeedRow& row : other.need) other_icbs.insert(row.icb.value());
    auto only_in = [](const std::set<std::string>& in, const std::set<std::string>& out) {
      std::vector<std::string> codes;
      for (const std::string& code : in) {
        if (!out.contains(code)) codes.push_back(code);
      }
      return codes;
    };
    if (auto gone = only_in(base_icbs, other_icbs); !gone.empty()) {
      sentences_.push_back(absl::StrCat("ICBs left out: ", absl::StrJoin(gone, ", "), "."));
    }
    if (auto added = only_in(other_icbs, base_icbs); !added.empty()) {
      sentences_.push_back(absl::StrCat("ICBs added: ", absl::StrJoin(added, ", "), "."));
    }
  }

  using Baseline = std::map<std::pair<std::string, std::string>, absl::int128>;

  static Baseline SumByComponent(const InputSet& inputs) {
    Baseline sums;
    for (const BaselineLine& line : inputs.baseline)
      sums[{line.component, line.icb.value()}] += line.amount.value();
    return sums;
  }

  void Baselines(const InputSet& base, const InputSet& other) {
    struct Change {
      absl::int128 difference = 0;
      std::set<std::string> icbs;
    };
    std::map<std::string, Change> changes;
    const Baseline base_sums = SumByComponent(base), other_sums = SumByComponent(other);
    auto add = [&](const Baseline& sums, const Baseline& counterpart, int sign) {
      for (const auto& [key, amount] : sums) {
        auto match = counterpart.find(key);
        if (match != counterpart.end() && match->second == amount) continue;
        Change& change = changes[key.first];
        change.difference += sign * amount;
        change.icbs.insert(key.second);
      }
    };
    add(other_sums, base_sums, 1);
    add(base_sums, other_sums, -1);
    for (const auto& [component, change] : changes) {
      const Pence difference(static_cast<std::int64_t>(change.difference));
      sentences_.push_back(absl::StrCat("The baseline of ", component, " differs in ", change.icbs.size(),
                                        change.icbs.size() == 1 ? " ICB" : " ICBs", ", by ",
                                        PoundsInWords(difference), " in all."));
    }
    if (changes.empty() && Lines(base) != Lines(other)) {
      sentences_.push_back("The baseline ledgers have the same sums in different lines.");
    }
  }

  static std::multiset<std::string> Lines(const InputSet& inputs) {
    std::multiset<std::string> lines;
    for (const BaselineLine& line : inputs.baseline) {
      lines.insert(
          absl::StrCat(line.icb.value(), "\n", line.component, "\n", line.reason, "\n", line.amount.value()));
    }
    return lines;
  }

  void Need(const InputSet& base, const InputSet& other) {
    std::map<std::string, const NeedRow*> base_rows;
    for (const NeedRow& row : base.need) base_rows[row.icb.value()] = &row;
    int opening = 0, closing = 0;
    std::vector<std::string> moved, renamed, repopulated;
    for (const NeedRow& row : other.need) {
      auto match = base_rows.find(row.icb.value());
      if (match == base_rows.end()) continue;
      opening += match->second->opening_need != row.opening_need;
      closing += match->second->closing_need != row.closing_need;
      if (match->second->region != row.region) moved.push_back(row.icb.value());
      if (match->second->name != row.name || match->second->region_name != row.region_name) {
        renamed.push_back(row.icb.value());
      }
      if (match->second->population != row.population) repopulated.push_back(row.icb.value());
    }
    if (opening > 0) {
      sentences_.push_back(
          absl::StrCat("Opening need differs in ", opening, opening == 1 ? " ICB." : " ICBs."));
    }
    if (closing > 0) {
      sentences_.push_back(
          absl::StrCat("Closing need differs in ", closing, closing == 1 ? " ICB." : " ICBs."));
    }
    if (!moved.empty())
      sentences_.push_back(absl::StrCat("In another region: ", absl::StrJoin(moved, ", "), "."));
    if (!renamed.empty()) {
      sentences_.push_back(
          absl::StrCat("With another name of the ICB or its region: ", absl::StrJoin(renamed, ", "), "."));
    }
    if (!repopulated.empty()) {
      sentences_.push_back(absl::StrCat("Population differs in ", repopulated.size(),
                                        repopulated.size() == 1 ? " ICB." : " ICBs."));
    }
  }

  std::vector<std::string> sentences_;
};

}  // namespace

absl::StatusOr<Comparison> Compare(const InputSet& base_inputs, const AllocationResult& base,
                                   const InputSet& other_inputs, const AllocationResult& other) {
  if (base_inputs.policy.stream != other_inputs.policy.stream) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, kStreamsDiffer,
        absl::StrCat("The base run is of the stream ", base_inputs.policy.stream, " and the other of ",
                     other_inputs.policy.stream, ". Compare runs of one stream."),
        {{"base_stream", base_inputs.policy.stream}, {"other_stream", other_inputs.policy.stream}});
  }
  std::map<std::string, std::pair<const Allocation*, const Allocation*>> icbs;
  for (const Allocation& icb : base.icbs) icbs[icb.code].first = &icb;
  for (const Allocation& icb : other.icbs) icbs[icb.code].second = &icb;
  Comparison comparison;
  for (const auto& [code, pair] : icbs) {
    ASSIGN_OR_RETURN(ComparisonRow row, Row(code, pair.first, pair.second));
    comparison.rows.push_back(std::move(row));
  }
  ASSIGN_OR_RETURN(comparison.england, Row("England", &base.england, &other.england));
  comparison.input_differences = Differences().Of(base_inputs, other_inputs);
  return comparison;
}

}  // namespace specom::finance

#include "services/finance/domain/inputs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"

namespace specom::finance {
namespace {

// Doubles hold whole pence exactly up to here (2^53).
constexpr std::int64_t kMaxExactPence = std::int64_t{1} << 53;

bool IsUpperAlnum(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The shortest text that reads back as the same double.
std::string Exact(double value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end);
}

class Checker {
 public:
  explicit Checker(const InputSet& inputs) : inputs_(inputs), policy_(inputs.policy) {}

  std::vector<InputIssue> Run() {
    for (FieldViolation& violation : CheckPolicy(policy_)) {
      issues_.push_back({InputPart::kPolicy, std::nullopt, violation.field, "", violation.description});
    }
    CheckNeed();
    CheckBaseline();
    CheckSums();
    CheckRegionalRates();
    return std::move(issues_);
  }

 private:
  struct IcbSums {
    absl::int128 chain_total = 0;
    std::map<std::string_view, absl::int128> components;
  };

  void Need(std::optional<std::size_t> row, std::string field, std::string value, std::string rule,
            bool needs_every_row = false) {
    issues_.push_back(
        {InputPart::kNeed, row, std::move(field), std::move(value), std::move(rule), needs_every_row});
  }
  void Baseline(std::optional<std::size_t> row, std::string field, std::string value, std::string rule,
                bool needs_every_row = false) {
    issues_.push_back(
        {InputPart::kBaseline, row, std::move(field), std::move(value), std::move(rule), needs_every_row});
  }
  // What is wrong with the sums of the ledger's lines.
  void Sums(std::string field, std::string value, std::string rule) {
    Baseline(std::nullopt, std::move(field), std::move(value), std::move(rule), true);
  }

  void CheckNeed() {
    if (inputs_.need.empty()) {
      Need(std::nullopt, "", "", "holds no ICB; give one row for each", true);
      return;
    }
    std::map<std::string, std::string> region_names;
    bool closing_in_first_row = inputs_.need.front().closing_need.has_value();
    for (std::size_t i = 0; i < inputs_.need.size(); ++i) {
      const NeedRow& row = inputs_.need[i];
      if (!IsIcbCode(row.icb.value())) {
        Need(i, "icb", row.icb.value(),
             "must be the ODS code of an ICB: Q and two letters or digits, e.g. QOQ");
      }
      if (!icbs_.insert(row.icb.value()).second) {
        Need(i, "icb", row.icb.value(), "the ICB has a row already; keep one");
      }
      if (row.name.empty()) Need(i, "name", "", "must hold the ICB's name");
      if (!IsRegionCode(row.region.value())) {
        Need(i, "region", row.region.value(),
             "must be the ODS code of an NHS England region: Y and two digits, e.g. Y60");
      }
      auto [known, is_new] = region_names.emplace(row.region.value(), row.region_name);
      if (!is_new && known->second != row.region_name) {
        Need(i, "region_name", row.region_name,
             absl::StrCat("region ", row.region.value(), " is \"", known->second,
                          "\" in an earlier row; a code has one name"));
      }
      if (row.population && !IsPositive(*row.population)) {
        Need(i, "population", Exact(*row.population), "must be a number of persons above 0, or empty");
      }
      CheckNeedValues(i, row, closing_in_first_row);
    }
  }

  static bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

  void CheckNeedValues(std::size_t i, const NeedRow& row, bool closing_in_first_row) {
    const char* unit = policy_.target.basis == TargetBasis::kGiven ? "the target in pounds, a number above 0"
                                                                   : "a weight, a number above 0";
    auto check = [&](const char* field, const std::optional<double>& value) {
      if (value && !IsPositive(*value)) Need(i, field, Exact(*value), absl::StrCat("must be ", unit));
    };
    check("opening_need", row.opening_need);
    check("closing_need", row.closing_need);
    if (!policy_.HasTarget()) return;
    if (!row.opening_need) {
      Need(i, "opening_need", "", absl::StrCat("the stream has a target, so this must be ", unit));
    }
    if (row.closing_need.has_value() != closing_in_first_row) {
      Need(i, "closing_need", row.closing_need ? Exact(*row.closing_need) : "",
           "must be given for every ICB or for none");
    }
    if (policy_.target.basis == TargetBasis::kGiven) {
      CheckSize(i, "opening_need", row.opening_need);
      CheckSize(i, "closing_need", row.closing_need);
    }
  }

  void CheckSize(std::size_t i, const char* field, const std::optional<double>& pounds) {
    if (pounds && std::isfinite(*pounds) && *pounds * 100 > static_cast<double>(kMaxExactPence)) {
      Need(i, field, Exact(*pounds),
           "the target is more than can be held; the largest is 90071992547409 pounds");
    }
  }

  void CheckBaseline() {
    if (inputs_.baseline.empty()) {
      Sums("", "", "holds no line; give one for each ICB, component and reason");
    }
    std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::size_t> seen;
    for (std::size_t i = 0; i < inputs_.baseline.size(); ++i) {
      const BaselineLine& line = inputs_.baseline[i];
      if (!IsIcbCode(line.icb.value())) {
        Baseline(i, "icb", line.icb.value(),
                 "must be the ODS code of an ICB: Q and two letters or digits, e.g. QOQ");
      } else if (!icbs_.contains(line.icb.value()) && !inputs_.need.empty()) {
        Baseline(i, "icb", line.icb.value(), "the ICB has no row in need.csv; add one with its region", true);
      }
      const ComponentRule* rule = policy_.Find(line.component);
      if (rule == nullptr) {
        Baseline(i, "component", line.component,
                 absl::StrCat("the policy does not name this component; it names ", ComponentNames()));
      }
      if (line.reason.empty()) Baseline(i, "reason", "", "must say why the money is in the baseline");
      if (!seen.emplace(std::tie(line.icb.value(), line.component, line.reason), i).second) {
        Baseline(
            i, "reason", line.reason,
            "the ICB has a line with this component and reason already; merge the two, or tell them apart");
      }
      absl::int128 amount = line.amount.value();
      magnitude_ += amount < 0 ? -amount : amount;
      IcbSums& sums = sums_[line.icb.value()];
      sums.components[line.component] += amount;
      if (rule != nullptr && IsInChain(rule->treatment)) sums.chain_total += amount;
    }
  }

  std::string ComponentNames() const {
    std::string names;
    for (const ComponentRule& rule : policy_.components) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", rule.component);
    }
    return names.empty() ? "none" : names;
  }

  void CheckSums() {
    if (magnitude_ > kMaxExactPence) {
      Sums(
          "amount_gbp", "",
          "the amounts add up to more than can be held exactly; the largest sum is 90071992547409.92 pounds");
    }
    for (std::size_t i = 0; i < inputs_.need.size(); ++i) {
      const std::string& icb = inputs_.need[i].icb.value();
      auto found = sums_.find(icb);
      if (found == sums_.end()) {
        if (IsIcbCode(icb) && !inputs_.baseline.empty()) {
          Need(i, "icb", icb, "the ICB has no line in baseline.csv; add its baseline", true);
        }
        continue;
      }
      const IcbSums& sums = found->second;
      if (sums.chain_total <= 0 && !policy_.components.empty()) {
        Sums("amount_gbp", PoundsOf(sums.chain_total),
             absl::StrCat("the baseline of ", icb,
                          " in the chain must be above 0; it is the sum of its lines there"));
      }
      RequireComponent(icb, sums, policy_.convergence.component, "convergence applies to it");
      if (policy_.base_growth.mode == BaseGrowthMode::kComposite) {
        RequireComponent(icb, sums, policy_.base_growth.residual_component, "its growth is the residual");
      }
    }
    for (const ComponentRule& rule : policy_.components) {
      bool used = std::any_of(sums_.begin(), sums_.end(), [&](const auto& entry) {
        return entry.second.components.contains(rule.component);
      });
      // A year may well bring no adjustment of a kind.
      if (!used && !inputs_.baseline.empty() && rule.treatment != ComponentTreatment::kAdjustment) {
        Sums(
            "component", rule.component,
            "the policy names this component and no line has it; add its lines or take it out of the policy");
      }
    }
  }

  // A component that a rule rests on must be there and not be negative.
  void RequireComponent(const std::string& icb, const IcbSums& sums, const std::string& component,
                        const char* why) {
    if (component.empty() || policy_.Find(component) == nullptr) return;
    auto found = sums.components.find(component);
    if (found == sums.components.end()) {
      Sums("component", component, absl::StrCat(icb, " has no line of it, and ", why, "; add one"));
    } else if (found->second < 0) {
      Sums("amount_gbp", PoundsOf(found->second),
           absl::StrCat("the ", component, " baseline of ", icb, " is negative, and ", why,
                        "; it must be at least 0"));
    }
  }

  static std::string PoundsOf(absl::int128 pence) {
    if (pence > kMaxExactPence || pence < -kMaxExactPence) return "";
    return Pence(static_cast<std::int64_t>(pence)).ToPounds();
  }

  void CheckRegionalRates() {
    if (policy_.convergence.regional_rates.empty()) return;
    std::set<std::string> with_rate;
    for (const RegionalRate& rate : policy_.convergence.regional_rates) with_rate.insert(rate.region.value());
    std::set<std::string> reported;
    for (std::size_t i = 0; i < inputs_.need.size(); ++i) {
      const std::string& region = inputs_.need[i].region.value();
      if (!with_rate.contains(region) && IsRegionCode(region) && reported.insert(region).second) {
        issues_.push_back({InputPart::kPolicy, std::nullopt, "convergence.regionalRates", region,
                           absl::StrCat("has no rate for region ", region, ", where ",
                                        inputs_.need[i].icb.value(), " is; add it")});
      }
    }
  }

  const InputSet& inputs_;
  const AllocationPolicy& policy_;
  std::vector<InputIssue> issues_;
  std::set<std::string> icbs_;
  std::map<std::string, IcbSums> sums_;
  absl::int128 magnitude_ = 0;
};

// Writes values with their names, so that no two contents share a text.
class Canonical {
 public:
  explicit Canonical(Sha256& hash) : hash_(hash) {}

  Canonical& Text(std::string_view value) {
    hash_.Part(value);
    return *this;
  }
  Canonical& Number(double value) { return Text(Exact(value)); }
  Canonical& Number(const std::optional<double>& value) { return Text(value ? Exact(*value) : "absent"); }
  Canonical& Integer(std::int64_t value) { return Text(absl::StrCat(value)); }

 private:
  Sha256& hash_;
};

template <class T, class Less>
std::vector<const T*> Sorted(const std::vector<T>& values, Less less) {
  std::vector<const T*> sorted;
  sorted.reserve(values.size());
  for (const T& value : values) sorted.push_back(&value);
  std::sort(sorted.begin(), sorted.end(), [&](const T* a, const T* b) { return less(*a, *b); });
  return sorted;
}

void AppendSide(Canonical& out, std::string_view name, const std::optional<ConvergenceSide>& side) {
  out.Text(name);
  if (side) {
    out.Number(side->cap).Number(side->taper_distance);
  } else {
    out.Text("absent");
  }
}

void AppendPolicy(Canonical& out, const AllocationPolicy& policy) {
  out.Text("policy").Text(policy.stream).Text(policy.financial_year.ToString()).Text(policy.title);
  out.Text(policy.source).Text("target").Text(InWords(policy.target.basis));
  out.Number(policy.target.national_distance);
  out.Text(policy.target.opening_quantum ? absl::StrCat(policy.target.opening_quantum->value()) : "absent");
  out.Text("growth").Text(InWords(policy.base_growth.mode)).Number(policy.base_growth.rate);
  out.Text(policy.base_growth.residual_component).Text("convergence");
  AppendSide(out, "over", policy.convergence.over_target);
  AppendSide(out, "under", policy.convergence.under_target);
  out.Text(InWords(policy.convergence.distance)).Text(policy.convergence.component);
  for (const RegionalRate* rate : Sorted(policy.convergence.regional_rates,
                                         [](const auto&a, const auto&b) { return a.region < b.region; })) {
    out.Text("region").Text(rate->region.value()).Number(rate->rate);
  }
  out.Text(InWords(policy.combination)).Integer(policy.rounding_unit_pence);
  // The order of components is the order in which results list them, so it counts.
  for (const ComponentRule& rule : policy.components) {
    out.Text("component").Text(rule.component).Text(InWords(rule.treatment)).Number(rule.growth);
  }
  for (const std::string& note : policy.notes) out.Text("note").Text(note);
}

}  // namespace

bool IsIcbCode(std::string_view text) {
  return text.size() == 3 && text[0] == 'Q' && IsUpperAlnum(text[1]) && IsUpperAlnum(text[2]);
}

bool IsRegionCode(std::string_view text) {
  return text.size() == 3 && text[0] == 'Y' && text[1] >= '0' && text[1] <= '9' && text[2] >= '0' &&
         text[2] <= '9';
}

std::vector<InputIssue> CheckInputs(const InputSet& inputs) {
  return Checker(inputs).Run();
}

std::string InputDigest(const InputSet& inputs) {
  Sha256 hash;
  Canonical out(hash);
  out.Text("specom finance inputs 1");
  AppendPolicy(out, inputs.policy);
  for (const BaselineLine* line : Sorted(inputs.baseline, [](const auto&a, const auto&b) {
         return std::tie(a.icb, a.component, a.reason, a.amount) <
                std::tie(b.icb, b.component, b.reason, b.amount);
       })) {
    out.Text("line").Text(line->icb.value()).Text(line->component).Text(line->reason);
    out.Integer(line->amount.value());
  }
  for (const NeedRow* row : Sorted(inputs.need, [](const auto&a, const auto&b) { return a.icb < b.icb; })) {
    out.Text("icb").Text(row->icb.value()).Text(row->name).Text(row->region.value()).Text(row->region_name);
    out.Number(row->population).Number(row->opening_need).Number(row->closing_need);
  }
  return hash.HexDigest();
}

absl::StatusOr<Pence> ChainBaseline(const InputSet& inputs) {
  PenceSum sum;
  for (const BaselineLine& line : inputs.baseline) {
    const ComponentRule* rule = inputs.policy.Find(line.component);
    if (rule != nullptr && IsInChain(rule->treatment)) sum.Add(line.amount);
  }
  return sum.Total();
}

}  // namespace specom::finance

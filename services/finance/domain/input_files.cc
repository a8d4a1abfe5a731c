#include "services/finance/domain/input_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace specom::finance {
namespace {

// What the reader could not read in one table; CheckInputs' findings about such a value would
// only repeat it in other words.
using Unreadable = std::set<std::pair<std::size_t, std::string>>;

class TableReader {
 public:
  TableReader(const CsvTable& table, std::vector<FileProblem>& problems)
      : table_(table), problems_(problems) {}

  std::string Text(std::size_t row, const std::string& column) {
    const std::string& text = table_.At(row, column);
    for (unsigned char c : text) {
      if (c < 0x20 || c == 0x7F) {
        Problem(row, column, "must not hold control characters or line ends");
        break;
      }
    }
    return text;
  }

  Pence Pounds(std::size_t row, const std::string& column) {
    auto amount = Pence::ParsePounds(table_.At(row, column));
    if (amount.ok()) return *amount;
    Problem(row, column,
            absl::IsOutOfRange(amount.status())
                ? "is more than can be held; the largest amount is 92233720368547758.07 pounds"
                : "must be an amount in pounds: digits with at most two decimals, without separators or a "
                  "currency "
                  "sign, e.g. -1234.50");
    return Pence(0);
  }

  // Empty: absent.
  std::optional<double> Number(std::size_t row, const std::string& column, const char* rule) {
    const std::string& text = table_.At(row, column);
    if (text.empty()) return std::nullopt;
    double value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value <= 0) {
      Problem(row, column, rule);
      return std::nullopt;
    }
    return value;
  }

  const Unreadable& unreadable() const { return unreadable_; }
  bool AnyUnreadable(std::string_view column) const {
    return std::any_of(unreadable_.begin(), unreadable_.end(),
                       [&](const auto& place) { return place.second == column; });
  }

 private:
  void Problem(std::size_t row, const std::string& column, std::string rule) {
    unreadable_.emplace(row, column);
    problems_.push_back(table_.ProblemAt(row, column, std::move(rule)));
  }

  const CsvTable& table_;
  std::vector<FileProblem>& problems_;
  Unreadable unreadable_;
};

FileProblem Locate(const InputIssue& issue, const CsvTable& baseline, const CsvTable& need) {
  const std::string_view file = issue.part == InputPart::kBaseline ? kBaselineFile
                                : issue.part == InputPart::kNeed   ? kNeedFile
                                                                   : kPolicyFile;
  int row = 0;
  if (issue.row) row = (issue.part == InputPart::kBaseline ? baseline : need).RowNumber(*issue.row);
  return {std::string(file), row, issue.field, issue.value, issue.rule};
}

}  // namespace

InputSet ReadInputTables(const AllocationPolicy* policy, std::string_view baseline_csv,
                         std::string_view need_csv, std::vector<FileProblem>& problems) {
  const std::size_t problems_before = problems.size();
  const CsvTable baseline = CsvTable::Parse(
      kBaselineFile, baseline_csv, {"icb", "component", "reason", "amount_gbp"}, {"provenance"}, problems);
  const CsvTable need =
      CsvTable::Parse(kNeedFile, need_csv, {"icb", "name", "region", "opening_need", "closing_need"},
                      {"region_name", "population", "provenance"}, problems);
  const bool tables_whole = problems.size() == problems_before;

  InputSet inputs;
  if (policy != nullptr) inputs.policy = *policy;
  TableReader baseline_reader(baseline, problems);
  for (std::size_t r = 0; r < baseline.size(); ++r) {
    inputs.baseline.push_back({IcbCode(baseline_reader.Text(r, "icb")), baseline_reader.Text(r, "component"),
                               baseline_reader.Text(r, "reason"), baseline_reader.Pounds(r, "amount_gbp")});
  }
  const char* need_rule =
      policy != nullptr && policy->target.basis == TargetBasis::kGiven
          ? "must be the target in pounds, a number above 0 without separators, or empty where there is none"
          : "must be a weight, a number above 0 without separators, or empty where the stream has no target";
  TableReader need_reader(need, problems);
  for (std::size_t r = 0; r < need.size(); ++r) {
    NeedRow row;
    row.icb = IcbCode(need_reader.Text(r, "icb"));
    row.name = need_reader.Text(r, "name");
    row.region = RegionCode(need_reader.Text(r, "region"));
    row.region_name = need_reader.Text(r, "region_name");
    row.population = need_reader.Number(r, "population",
                                        "must be a number of persons above 0 without separators, or empty");
    row.opening_need = need_reader.Number(r, "opening_need", need_rule);
    row.closing_need = need_reader.Number(r, "closing_need", need_rule);
    inputs.need.push_back(std::move(row));
  }

  for (const InputIssue& issue : CheckInputs(inputs)) {
    // The policy's own problems are its reader's to report; without it none of its rules holds.
    if (issue.part == InputPart::kPolicy && issue.field != "convergence.regionalRates") continue;
    if (policy == nullptr && (issue.part == InputPart::kPolicy || issue.field == "component")) continue;
    if (issue.needs_every_row && !tables_whole) continue;
    if (!issue.row) {
      if (issue.needs_every_row && !baseline_reader.unreadable().empty()) continue;
    } else if (issue.part == InputPart::kBaseline) {
      if (baseline_reader.unreadable().contains({*issue.row, issue.field})) continue;
    } else if (need_reader.unreadable().contains({*issue.row, issue.field}) ||
               (issue.field == "closing_need" && need_reader.AnyUnreadable("closing_need"))) {
      // Whether all ICBs have a closing need cannot be said before all of it can be read.
      continue;
    }
    problems.push_back(Locate(issue, baseline, need));
  }
  return inputs;
}

}  // namespace specom::finance

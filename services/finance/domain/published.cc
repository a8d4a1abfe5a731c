#include "services/finance/domain/published.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace specom::finance {
namespace {

constexpr std::string_view kFile = "published.csv";
constexpr std::string_view kSourceMark = "# source: ";
constexpr char kAllocationColumn[] = "allocation_k";

}  // namespace

PublishedFigures ReadPublishedFigures(std::string_view csv, std::vector<FileProblem>& problems) {
  PublishedFigures figures;
  std::vector<std::string> columns;
  for (absl::string_view line : absl::StrSplit(absl::string_view(csv.data(), csv.size()), '\n')) {
    if (figures.source.empty() &&
        absl::StartsWith(line, absl::string_view(kSourceMark.data(), kSourceMark.size()))) {
      figures.source = std::string(line.substr(kSourceMark.size()));
    }
    if (absl::StartsWith(line, "#")) continue;
    columns = absl::StrSplit(absl::StripSuffix(line, "\r"), ',');
    break;
  }
  if (columns.empty() || columns.front() != "code") {
    problems.push_back({std::string(kFile), 0, "code", "", "the first column must be code"});
    return figures;
  }
  columns.erase(columns.begin());
  const CsvTable table = CsvTable::Parse(kFile, csv, {"code"}, columns, problems);
  for (std::size_t r = 0; r < table.size(); ++r) {
    std::map<std::string, double>& row = figures.rows[table.At(r, "code")];
    for (const std::string& column : columns) {
      const std::string& text = table.At(r, column);
      if (text.empty()) continue;
      double value = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) {
        problems.push_back(table.ProblemAt(r, column, "must be a number, or empty"));
        continue;
      }
      row[column] = value;
    }
  }
  return figures;
}

PublishedComparison CompareWithPublished(const AllocationResult& result, const PublishedFigures& published) {
  PublishedComparison comparison;
  comparison.source = published.source;
  for (const Allocation& icb : result.icbs) {
    auto row = published.rows.find(icb.code);
    if (row == published.rows.end()) continue;
    auto value = row->second.find(kAllocationColumn);
    if (value == row->second.end()) continue;
    ++comparison.icbs_compared;
    // Thousands of pounds to pence; published allocations are whole thousands.
    if (static_cast<std::int64_t>(std::round(value->second * 100'000)) == icb.allocation.value()) {
      ++comparison.icbs_equal;
    } else {
      comparison.icbs_different.push_back(icb.code);
    }
  }
  return comparison;
}

}  // namespace specom::finance

// The three files of an input folder: either problems, or inputs that are the same after they were written
// and read again, and that the chain takes without breaking.
#include "absl/strings/str_format.h"
#include "services/finance/adapters/inputs/input_import.h"
#include "services/finance/adapters/inputs/policy_json.h"
#include "services/finance/domain/allocation.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

using finance::InputSet;

std::string Number(const std::optional<double>& value) {
  return value ? absl::StrFormat("%.17g", *value) : "";
}

std::string BaselineCsv(const InputSet& inputs) {
  std::string csv;
  AppendCsvLine(csv, {"icb", "component", "reason", "amount_gbp"});
  for (const finance::BaselineLine& line : inputs.baseline) {
    AppendCsvLine(csv, {line.icb.value(), line.component, line.reason, line.amount.ToPounds()});
  }
  return csv;
}

std::string NeedCsv(const InputSet& inputs) {
  std::string csv;
  AppendCsvLine(csv, {"icb", "name", "region", "region_name", "population", "opening_need", "closing_need"});
  for (const finance::NeedRow& row : inputs.need) {
    AppendCsvLine(csv, {row.icb.value(), row.name, row.region.value(), row.region_name,
                        Number(row.population), Number(row.opening_need), Number(row.closing_need)});
  }
  return csv;
}

// Every level adds up to the penny, where the chain has an answer at all.
void CheckTotals(const InputSet& inputs) {
  const auto result = finance::Allocate(inputs);
  if (!result.ok()) return;
  PenceSum icbs, regions;
  for (const finance::Allocation& icb : result->icbs) icbs.Add(icb.allocation);
  for (const finance::Allocation& region : result->regions) regions.Add(region.allocation);
  const auto of_icbs = icbs.Total(), of_regions = regions.Total();
  Require(of_icbs.ok() && *of_icbs == result->england.allocation, "the ICBs add up to England");
  Require(of_regions.ok() && *of_regions == result->england.allocation, "the regions add up to England");
}

}  // namespace

void Examine(std::string_view input) {
  const std::vector<Section> files = Sections(input);
  const finance::ImportOutcome outcome = finance::ImportInputFiles(
      SectionOf(files, "baseline.csv"), SectionOf(files, "need.csv"), SectionOf(files, "policy.json"));
  Require(outcome.inputs.has_value() == outcome.problems.empty(), "there are inputs or there are problems");
  if (!outcome.inputs) return;
  const finance::ImportOutcome again =
      finance::ImportInputFiles(BaselineCsv(*outcome.inputs), NeedCsv(*outcome.inputs),
                                finance::WritePolicyJson(outcome.inputs->policy));
  Require(again.inputs.has_value() && *again.inputs == *outcome.inputs,
          "inputs are read as they were written");
  Require(finance::InputDigest(*again.inputs) == finance::InputDigest(*outcome.inputs),
          "the same inputs have one digest");
  CheckTotals(*outcome.inputs);
}

}  // namespace specom::fuzz

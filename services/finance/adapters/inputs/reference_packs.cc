#include "services/finance/adapters/inputs/reference_packs.h"

#include "absl/strings/str_cat.h"
#include "services/finance/adapters/inputs/input_import.h"
#include "services/finance/adapters/inputs/policy_json.h"
#include "services/finance/reference/finance_reference.h"

namespace specom::finance {
namespace {

absl::Status Broken(std::string_view folder, const std::vector<FileProblem>& problems) {
  return absl::InternalError(absl::StrCat("The reference data of this build cannot be read: ",
                                          std::string(folder), "/", ToString(problems.front()), "."));
}

std::map<IcbCode, RegionCode> ReadRegions(std::string_view content, std::vector<FileProblem>& problems) {
  CsvTable table = CsvTable::Parse("icb_regions.csv", content, {"icb", "region", "provenance"}, {}, problems);
  std::map<IcbCode, RegionCode> regions;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (table.At(row, "region").empty()) {
      problems.push_back(table.ProblemAt(row, "region", "must be a region code, e.g. Y60"));
    }
    if (!regions.emplace(table.At(row, "icb"), table.At(row, "region")).second) {
      problems.push_back(table.ProblemAt(row, "icb", "must be there once"));
    }
  }
  return regions;
}

}  // namespace

absl::StatusOr<ReferenceData> LoadReferenceData() {
  ReferenceData data;
  // Folder, then file.
  std::map<std::string_view, std::map<std::string_view, std::string_view>> folders;
  for (const EmbeddedFile& file : finance_reference()) {
    auto slash = file.path.find('/');
    folders[file.path.substr(0, slash)][file.path.substr(slash + 1)] = file.content;
  }
  for (const auto& [folder, files] : folders) {
    std::vector<FileProblem> problems;
    if (folder == "policies") {
      for (const auto& [name, content] : files) {
        auto policy = ReadPolicyJson(name, content, problems);
        if (!policy) return Broken(folder, problems);
        data.policies.emplace(PolicySlug(policy->stream, policy->financial_year), *std::move(policy));
      }
    } else if (folder == "organisations") {
      data.regions = ReadRegions(files.at("icb_regions.csv"), problems);
      if (!problems.empty()) return Broken(folder, problems);
    } else if (files.contains("published.csv")) {
      ImportOutcome outcome =
          ImportInputFiles(files.at("baseline.csv"), files.at("need.csv"), files.at("policy.json"));
      if (!outcome.inputs) return Broken(folder, outcome.problems);
      ReferencePack pack{*std::move(outcome.inputs),
                         ReadPublishedFigures(files.at("published.csv"), problems)};
      if (!problems.empty()) return Broken(folder, problems);
      data.packs.emplace(PolicySlug(pack.inputs.policy.stream, pack.inputs.policy.financial_year),
                         std::move(pack));
    }
  }
  return data;
}

}  // namespace specom::finance

#include "services/finance/adapters/inputs/input_import.h"

#include <algorithm>
#include <tuple>

#include "services/finance/adapters/inputs/policy_json.h"

namespace specom::finance {

ImportOutcome ImportInputFiles(std::string_view baseline_csv, std::string_view need_csv,
                               std::string_view policy_json) {
  ImportOutcome outcome;
  std::vector<FileProblem>& problems = outcome.problems;
  const std::optional<AllocationPolicy> policy = ReadPolicyJson(kPolicyFile, policy_json, problems);
  InputSet inputs = ReadInputTables(policy ? &*policy : nullptr, baseline_csv, need_csv, problems);
  if (problems.empty()) {
    outcome.inputs = std::move(inputs);
    return outcome;
  }
  std::stable_sort(problems.begin(), problems.end(), [](const FileProblem& a, const FileProblem& b) {
    return std::tie(a.file, a.row) < std::tie(b.file, b.row);
  });
  if (problems.size() > kMaxInputProblems) {
    outcome.further_problems = problems.size() - kMaxInputProblems;
    problems.resize(kMaxInputProblems);
  }
  return outcome;
}

}  // namespace specom::finance

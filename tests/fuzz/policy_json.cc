// Allocation policies: either problems, or a policy that is the same after it was written and read again.
#include "services/finance/adapters/inputs/policy_json.h"

#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {

void Examine(std::string_view input) {
  std::vector<FileProblem> problems;
  const auto policy = finance::ReadPolicyJson("policy.json", input, problems);
  Require(policy.has_value() == problems.empty(), "there is a policy or there are problems");
  for (const FileProblem& problem : problems) Require(!ToString(problem).empty(), "a problem has words");
  if (!policy) return;
  const std::string written = finance::WritePolicyJson(*policy);
  const auto again = finance::ReadPolicyJson("policy.json", written, problems);
  Require(again.has_value() && *again == *policy, "a policy is read as it was written");
  Require(finance::WritePolicyJson(*again) == written, "a policy has one form");
}

}  // namespace specom::fuzz

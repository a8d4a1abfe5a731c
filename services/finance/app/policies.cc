// Policies are data that ships with the program: reading them never fails for want of a store.
#include "services/finance/app/policies.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace specom::finance {

absl::StatusOr<AllocationPolicy> GetPolicy::Execute(const RequestContext&, const std::string& slug) const {
  auto found = library_.policies().find(slug);
  if (found != library_.policies().end()) return found->second;
  const std::string name = absl::StrCat("policies/", slug);
  return WithResource(MakeError(absl::StatusCode::kNotFound, kPolicyNotFound,
                                absl::StrCat(name, " does not exist; list the policies to see those that do"),
                                {{"resource", name}}),
                      "specom.finance.v1.AllocationPolicy", name);
}

absl::StatusOr<std::vector<AllocationPolicy>> ListPolicies::Execute(const RequestContext&,
                                                                    const ListPoliciesQuery& query) const {
  std::vector<AllocationPolicy> page;
  const auto& policies = library_.policies();
  for (auto it = policies.upper_bound(query.after); it != policies.end(); ++it) {
    if (!query.stream.empty() && it->second.stream != query.stream) continue;
    if (static_cast<int>(page.size()) == query.limit) break;
    page.push_back(it->second);
  }
  return page;
}

}  // namespace specom::finance

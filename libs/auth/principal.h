// Who calls: a person or system, its roles, and the organisation it acts for.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace specom {

enum class Role {
  kNational,
  kRegion,
  kIcb,
  kJointCommittee,
  kProvider,
  kStakeholder,
  kAuditor,
  kAdministrator,
  kService,
};

// "national", "joint-committee"
std::string_view ToString(Role role);
// The inverse; nothing for a word that is no role.
std::optional<Role> ParseRole(std::string_view word);
// What such a caller reaches depends on the organisation it acts for: region, ICB, joint committee and
// provider.
bool ActsForOrganisation(Role role);

struct Principal {
  // Unique in the issuer, e.g. an e-mail address or a workload name.
  std::string user;
  std::set<Role> roles;
  // ODS code of the ICB, region, trust or committee it acts for; empty for national roles.
  std::string organisation;

  bool Has(Role role) const { return roles.contains(role); }
};

}  // namespace specom

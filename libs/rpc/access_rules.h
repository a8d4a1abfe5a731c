// Who may call what and reaches what, in words: for the table of all methods and for ExplainAccess.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/auth/principal.h"
#include "libs/rpc/method_traits.h"

namespace specom::rpc {

inline constexpr Role kEveryRole[] = {Role::kNational,       Role::kRegion,        Role::kIcb,
                                      Role::kJointCommittee, Role::kProvider,      Role::kStakeholder,
                                      Role::kAuditor,        Role::kAdministrator, Role::kService};

// The rule of every method of specom's contract that is linked in, and of google.longrunning, by service
// and in the order of the contract.
std::vector<MethodTraits> EveryMethod();

// "published", "own drafts", "platform"
std::string_view ScopeName(common::v1::Scope scope);

// Whose drafts a role reaches: "all", "its own and its region's", "its own" or "none".
std::string_view DraftsReachedBy(Role role);

struct AccessCheck {
  // "role", "organisation", "scope", "resource"
  std::string check;
  bool passed = false;
  std::string finding;
};

// The checks that a call of this caller goes through, in their order. reach: what the module that owns a
// resource says of this caller; nothing where no module has a rule for it. resource: empty for none.
std::vector<AccessCheck> CheckAccess(const MethodTraits& method, const Principal& caller,
                                     const std::string& resource,
                                     const std::function<std::optional<absl::Status>()>& reach);

}  // namespace specom::rpc

#include "libs/rpc/access_rules.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include <algorithm>

namespace specom::rpc {
namespace {

// "icb, provider"
template <class Roles, class Keep>
std::string Words(const Roles& roles, Keep keep) {
  std::string words;
  for (Role role : roles) {
    if (keep(role)) words += (words.empty() ? "" : ", ") + std::string(ToString(role));
  }
  return words;
}

AccessCheck CheckRole(const MethodTraits& method, const Principal& caller) {
  absl::Status status = Authorize({.allow = method.access.allow}, caller);
  if (!status.ok()) return {"role", false, std::string(status.message())};
  auto held = [&](Role role) { return caller.Has(role); };
  auto any = [](Role) { return true; };
  return {"role", true,
          "The caller is " + Words(method.access.allow, held) + "; the method is open to " +
              Words(method.access.allow, any) + "."};
}

AccessCheck CheckOrganisation(const MethodTraits& method, const Principal& caller) {
  absl::Status status = Authorize(method.access, caller);
  if (!status.ok()) return {"organisation", false, std::string(status.message())};
  return {"organisation", true,
          caller.organisation.empty() ? "The caller's role acts for no organisation and needs none."
                                      : "The caller acts for " + caller.organisation + "."};
}

// Whose drafts the caller reaches by those of its roles that may call.
std::string DraftsReached(const MethodTraits& method, const Principal& caller) {
  std::string reached = "no drafts";
  for (Role role : method.access.allow) {
    if (!caller.Has(role)) continue;
    std::string_view drafts = DraftsReachedBy(role);
    if (drafts == "all") return "every draft";
    if (drafts == "none") continue;
    if (caller.organisation.empty()) {
      if (reached == "no drafts") reached = "no drafts, for the caller acts for no organisation";
    } else if (role == Role::kRegion) {
      reached = "the drafts that " + caller.organisation + " or an organisation of that region holds";
    } else if (reached.starts_with("no drafts")) {
      reached = "the drafts that " + caller.organisation + " holds";
    }
  }
  return reached;
}

AccessCheck DescribeScope(const MethodTraits& method, const Principal& caller) {
  switch (method.scope) {
    case common::v1::SCOPE_OWN_DRAFTS:
      return {"scope", true, "Reaches what is published and " + DraftsReached(method, caller) + "."};
    case common::v1::SCOPE_PLATFORM:
      return {"scope", true, "Reaches the platform as a whole."};
    default:
      return {"scope", true, "Reaches what is published, the same for all who may call."};
  }
}

AccessCheck CheckResource(const std::string& resource, const std::optional<absl::Status>& reach) {
  if (!reach) {
    return {"resource", true,
            resource + " has no rule of its own here: who may call the method reaches it where it exists."};
  }
  if (!reach->ok()) return {"resource", false, std::string(reach->message())};
  return {"resource", true, "The caller reaches " + resource + "."};
}

}  // namespace

std::vector<MethodTraits> EveryMethod() {
  std::vector<std::string> files;
  google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::sort(files.begin(), files.end());
  std::vector<MethodTraits> methods;
  for (const std::string& name : files) {
    if (!name.starts_with("specom/") && !name.starts_with("google/longrunning/")) continue;
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        auto traits = TraitsOf(FullMethodName(*file->service(s)->method(m)));
        if (traits.ok()) methods.push_back(*std::move(traits));
      }
    }
  }
  return methods;
}

std::string_view ScopeName(common::v1::Scope scope) {
  switch (scope) {
    case common::v1::SCOPE_PUBLISHED:
      return "published";
    case common::v1::SCOPE_OWN_DRAFTS:
      return "own drafts";
    case common::v1::SCOPE_PLATFORM:
      return "platform";
    default:
      return "";
  }
}

std::string_view DraftsReachedBy(Role role) {
  switch (role) {
    case Role::kNational:
    case Role::kAuditor:
      return "all";
    case Role::kRegion:
      return "its own and its region's";
    default:
      return ActsForOrganisation(role) ? "its own" : "none";
  }
}

std::vector<AccessCheck> CheckAccess(const MethodTraits& method, const Principal& caller,
                                     const std::string& resource,
                                     const std::function<std::optional<absl::Status>()>& reach) {
  std::vector<AccessCheck> checks = {CheckRole(method, caller)};
  // Without the role nothing else is looked at, as in a call.
  if (!checks.front().passed) return checks;
  if (method.access.needs_organisation) {
    checks.push_back(CheckOrganisation(method, caller));
  }
  checks.push_back(DescribeScope(method, caller));
  if (!resource.empty()) checks.push_back(CheckResource(resource, reach()));
  return checks;
}

}  // namespace specom::rpc

// Gets and lists the allocation policies that ship with the platform; in memory only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/request_context.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class GetPolicy {
 public:
  explicit GetPolicy(const ReferenceLibrary& library) : library_(library) {}

  // slug: e.g. "specialised-2025-26". NOT_FOUND/POLICY_NOT_FOUND.
  absl::StatusOr<AllocationPolicy> Execute(const RequestContext&, const std::string& slug) const;

 private:
  const ReferenceLibrary& library_;
};

struct ListPoliciesQuery {
  // Empty: every stream.
  std::string stream;
  // Goes on after this slug.
  std::string after;
  int limit = 100;
};

class ListPolicies {
 public:
  explicit ListPolicies(const ReferenceLibrary& library) : library_(library) {}

  // By slug, which is by stream and year.
  absl::StatusOr<std::vector<AllocationPolicy>> Execute(const RequestContext&,
                                                        const ListPoliciesQuery& query) const;

 private:
  const ReferenceLibrary& library_;
};

}  // namespace specom::finance

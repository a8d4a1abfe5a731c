// Says who commissions a service line for the people of an ICB on a day: the platform's most called
// operation. Reads memory only.
#pragma once

#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

// An answer with the registry that it refers to.
struct ResolvedDelegation {
  Snapshot registry;
  Viewpoint at;
  Delegation delegation;
};

class ResolveDelegation {
 public:
  explicit ResolveDelegation(const LiveRegistry& live) : live_(live) {}

  // Errors as Registry::Resolve.
  absl::StatusOr<ResolvedDelegation> Execute(const IcbCode& icb, const ServiceLineCode& line,
                                             const Question& question) const;

 private:
  const LiveRegistry& live_;
};

}  // namespace specom::portfolio

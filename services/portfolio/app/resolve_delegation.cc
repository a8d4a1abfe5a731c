#include "services/portfolio/app/resolve_delegation.h"

#include "libs/base/status.h"

namespace specom::portfolio {

absl::StatusOr<ResolvedDelegation> ResolveDelegation::Execute(const IcbCode& icb, const ServiceLineCode& line,
                                                              const Question& question) const {
  ResolvedDelegation resolved;
  resolved.registry = live_.Current();
  resolved.at = live_.ViewpointOf(question, *resolved.registry);
  ASSIGN_OR_RETURN(resolved.delegation, resolved.registry->Resolve(icb, line, resolved.at));
  return resolved;
}

}  // namespace specom::portfolio

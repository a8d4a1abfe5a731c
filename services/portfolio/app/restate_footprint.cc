#include "services/portfolio/app/restate_footprint.h"

#include "libs/base/status.h"

namespace specom::portfolio {

absl::StatusOr<RestatedFootprint> RestateFootprint::Execute(const std::vector<IcbCode>& icbs,
                                                            const Question& question) const {
  RestatedFootprint restated;
  restated.registry = live_.Current();
  ASSIGN_OR_RETURN(restated.parts, restated.registry->RestateFootprint(
                                       icbs, live_.ViewpointOf(question, *restated.registry)));
  return restated;
}

}  // namespace specom::portfolio

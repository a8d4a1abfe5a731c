#include "services/portfolio/app/restate_footprint.h"

namespace specom::portfolio {

absl::StatusOr<std::vector<FootprintPart>> RestateFootprint::Execute(const std::vector<IcbCode>& icbs,
                                                                     const Question& question) const {
  Snapshot registry = live_.Current();
  return registry->RestateFootprint(icbs, live_.ViewpointOf(question, *registry));
}

}  // namespace specom::portfolio

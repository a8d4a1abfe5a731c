// Restates ICB codes on the footprint of a later day.
#pragma once

#include <vector>

#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

// Parts with the registry that they are of.
struct RestatedFootprint {
  Snapshot registry;
  std::vector<FootprintPart> parts;
};

class RestateFootprint {
 public:
  explicit RestateFootprint(const LiveRegistry& live) : live_(live) {}

  // Errors as Registry::RestateFootprint.
  absl::StatusOr<RestatedFootprint> Execute(const std::vector<IcbCode>& icbs, const Question& question) const;

 private:
  const LiveRegistry& live_;
};

}  // namespace specom::portfolio

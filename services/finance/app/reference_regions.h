// Brings the stored regions of organisations up to what ships with the platform.
#pragma once

#include "absl/status/status.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class ReferenceRegions {
 public:
  ReferenceRegions(store::Store& store, const ReferenceLibrary& library, OrganisationRegions& regions)
      : store_(store), library_(library), regions_(regions) {}

  // At every start; an organisation that no longer ships keeps its region.
  absl::Status Execute(const RequestContext& context);

 private:
  store::Store& store_;
  const ReferenceLibrary& library_;
  OrganisationRegions& regions_;
};

}  // namespace specom::finance

// The regions of organisations as rows.
#pragma once

#include "services/finance/app/ports.h"

namespace specom::finance {

class SqlOrganisationRegions final : public OrganisationRegions {
 public:
  absl::StatusOr<bool> Put(store::UnitOfWork& work, const IcbCode& icb, const RegionCode& region) override;
};

}  // namespace specom::finance

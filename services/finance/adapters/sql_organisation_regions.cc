// Every statement is a named constant.
#include "services/finance/adapters/sql_organisation_regions.h"

#include "libs/base/status.h"
#include "libs/store/value.h"

namespace specom::finance {
namespace {

const store::Statement& PutOrganisationRegion() {
  static const store::Statement statement = {
      "put_organisation_region",
      "INSERT INTO organisation_region (organisation, region) VALUES (:p1, :p2)"
      " ON CONFLICT (organisation) DO UPDATE SET region = excluded.region"
      " WHERE organisation_region.region <> excluded.region"};
  return statement;
}

}  // namespace

absl::StatusOr<bool> SqlOrganisationRegions::Put(store::UnitOfWork& work, const IcbCode& icb,
                                                 const RegionCode& region) {
  ASSIGN_OR_RETURN(std::int64_t changed,
                   work.Execute(PutOrganisationRegion(), {icb.value(), region.value()}));
  return changed == 1;
}

}  // namespace specom::finance

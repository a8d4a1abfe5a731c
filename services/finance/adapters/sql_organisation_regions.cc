// Every statement is a named constant.
#include "services/finance/adapters/sql_organisation_regions.h"

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

absl::Status SqlOrganisationRegions::Put(store::UnitOfWork& work, const IcbCode& icb,
                                         const RegionCode& region) {
  return work.Execute(PutOrganisationRegion(), {icb.value(), region.value()}).status();
}

}  // namespace specom::finance

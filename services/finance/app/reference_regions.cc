// One transaction, so that no reader sees half of a reorganisation.
#include "services/finance/app/reference_regions.h"

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"

namespace specom::finance {

absl::Status ReferenceRegions::Execute(const RequestContext& context) {
  return store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    Sha256 digest;
    int changed = 0;
    for (const auto& [icb, region] : library_.regions()) {
      ASSIGN_OR_RETURN(const bool fresh, regions_.Put(work, icb, region));
      changed += fresh ? 1 : 0;
      digest.Part(icb.value()).Part(region.value());
    }
    if (changed == 0) return absl::OkStatus();
    return work.Audit(context, {.resource = "organisationRegions",
                                .action = "imported",
                                .after_digest = digest.HexDigest(),
                                .reason = absl::StrCat(changed, " of them new; ship with the platform")});
  });
}

}  // namespace specom::finance

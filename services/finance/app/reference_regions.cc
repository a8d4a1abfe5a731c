// One transaction, so that no reader sees half of a reorganisation.
#include "services/finance/app/reference_regions.h"

#include "libs/base/status.h"

namespace specom::finance {

absl::Status ReferenceRegions::Execute(const RequestContext& context) {
  return store_.Write(context, [&](store::UnitOfWork& work) -> absl::Status {
    for (const auto& [icb, region] : library_.regions()) {
      RETURN_IF_ERROR(regions_.Put(work, icb, region));
    }
    return absl::OkStatus();
  });
}

}  // namespace specom::finance

// Events of runs, written to the outbox in the transaction of the change.
#pragma once

#include <string_view>

#include "libs/base/clock.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

// What other services read, and the work queue of finance's workers.
inline constexpr std::string_view kFinanceTopic = "specom.finance";
inline constexpr std::string_view kJobsTopic = "specom.finance.jobs";

class OutboxRunEvents final : public RunEvents {
 public:
  explicit OutboxRunEvents(const Clock& clock) : clock_(clock) {}

  absl::Status Requested(store::UnitOfWork& work, const RequestContext& context, const Run& run) override;
  absl::Status Completed(store::UnitOfWork& work, const RequestContext& context, const Run& run) override;
  absl::Status Approved(store::UnitOfWork& work, const RequestContext& context, const Run& run) override;
  absl::Status Published(store::UnitOfWork& work, const RequestContext& context, const Run& run,
                         const std::vector<Allocation>& allocations) override;
  absl::Status Superseded(store::UnitOfWork& work, const RequestContext& context, const Run& run) override;

 private:
  const Clock& clock_;
};

}  // namespace specom::finance

// Events of the registry, written to the outbox in the transaction of the change.
#pragma once

#include <string_view>

#include "libs/base/clock.h"
#include "services/portfolio/app/ports.h"

namespace specom::portfolio {

// What other services read.
inline constexpr std::string_view kPortfolioTopic = "specom.portfolio";

class OutboxRegistryEvents final : public RegistryEvents {
 public:
  explicit OutboxRegistryEvents(const Clock& clock) : clock_(clock) {}

  absl::Status OrganisationsChanged(store::UnitOfWork& work, const RequestContext& context,
                                    const Registry& registry,
                                    const std::vector<const Record<Organisation>*>& organisations) override;
  absl::Status DecisionRecorded(store::UnitOfWork& work, const RequestContext& context,
                                const Registry& registry, const Record<Decision>& decision) override;

 private:
  absl::Status Publish(store::UnitOfWork& work, const RequestContext& context, std::string subject,
                       std::string type, std::string data);

  const Clock& clock_;
};

}  // namespace specom::portfolio

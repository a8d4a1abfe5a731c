// Footprints as portfolio's registry tells them, over gRPC; kept for as long as the registry stays as
// it is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/cache/cache.h"
#include "libs/rpc/outbound.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class PortfolioFootprints final : public Footprints {
 public:
  // endpoint: portfolio's "host:port", asked for at each call, so that it may become known after the
  // start; none or "": there is no portfolio. The others outlive this.
  PortfolioFootprints(std::function<std::string()> endpoint, rpc::Outbound& outbound, cache::Cache& cache,
                      const Clock& clock);

  absl::StatusOr<std::vector<FootprintPart>> On(const RequestContext& context,
                                                const std::vector<IcbCode>& icbs, Date date) override;

 private:
  const std::function<std::string()> endpoint_;
  rpc::Outbound& outbound_;
  cache::Cache& cache_;
  const Clock& clock_;
};

}  // namespace specom::finance

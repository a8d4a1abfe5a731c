// Footprints as portfolio's registry tells them, over gRPC.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "libs/base/clock.h"
#include "libs/rpc/client.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class PortfolioFootprints final : public Footprints {
 public:
  // endpoint: portfolio's "host:port", asked for at each call, so that it may become known after the
  // start; none or "": there is no portfolio. The clock outlives this.
  PortfolioFootprints(std::function<std::string()> endpoint, const Clock& clock);

  absl::StatusOr<std::vector<FootprintPart>> On(const RequestContext& context,
                                                const std::vector<IcbCode>& icbs, Date date) override;

 private:
  // Its channel opens with the first call.
  std::shared_ptr<rpc::Client> ClientOf(const std::string& endpoint);

  const std::function<std::string()> endpoint_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string connected_to_;
  std::shared_ptr<rpc::Client> client_;
};

}  // namespace specom::finance

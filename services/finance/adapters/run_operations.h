// Runs as long-running operations: "operations/{run_id}", done when the run is computed or failed.
#pragma once

#include "libs/rpc/operations.h"
#include "services/finance/app/operations.h"

namespace specom::finance {

class RunOperations final : public rpc::OperationSource {
 public:
  explicit RunOperations(Operations& operations) : operations_(operations) {}

  absl::StatusOr<google::longrunning::Operation> Get(const RequestContext& context,
                                                     const std::string& name) override;
  // Latest first; there is no filter but the empty one.
  absl::StatusOr<rpc::OperationPage> List(const RequestContext& context, const std::string& filter,
                                          const std::string& after, int limit) override;
  absl::StatusOr<google::longrunning::Operation> Wait(const RequestContext& context, const std::string& name,
                                                      absl::Time until) override;

 private:
  Operations& operations_;
};

}  // namespace specom::finance

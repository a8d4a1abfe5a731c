// specom.common.v1.AccessService for the methods that a process serves.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "absl/synchronization/mutex.h"
#include "libs/rpc/pipeline.h"
#include "specom/common/v1/access_service.grpc.pb.h"

namespace specom::rpc {

class AccessService final : public common::v1::AccessService::CallbackService {
 public:
  // What the module that owns the resource says of such a caller; see Module::Reach. Called from many
  // threads.
  using Reach = std::function<std::optional<absl::Status>(
      const RequestContext& context, const Principal& caller, const std::string& resource)>;

  // The pipeline outlives the service.
  AccessService(Pipeline& pipeline, Reach reach) : pipeline_(pipeline), reach_(std::move(reach)) {}

  // The full names of the services that the process serves; none before the first call.
  void SetServed(std::set<std::string> services);

  grpc::ServerUnaryReactor* ExplainAccess(grpc::CallbackServerContext* context,
                                          const common::v1::ExplainAccessRequest* request,
                                          common::v1::AccessExplanation* response) override;

 private:
  absl::StatusOr<common::v1::AccessExplanation> Explain(const RequestContext& context,
                                                        const common::v1::ExplainAccessRequest& request);
  bool Serves(const std::string& full_method);

  Pipeline& pipeline_;
  const Reach reach_;
  absl::Mutex mutex_;
  std::set<std::string> served_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace specom::rpc

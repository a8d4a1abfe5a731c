// google.longrunning.Operations over whatever a service calls its long work.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "libs/auth/request_context.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"

namespace specom::rpc {

struct OperationPage {
  std::vector<google::longrunning::Operation> operations;
  // The name of the last one; "" on the last page.
  std::string next_after = {};
};

// What a service tells of its long work. Called from many threads.
class OperationSource {
 public:
  virtual ~OperationSource() = default;
  // NOT_FOUND when there is none of this name.
  virtual absl::StatusOr<google::longrunning::Operation> Get(const RequestContext& context,
                                                             const std::string& name) = 0;
  // Up to `limit` operations, beginning behind the name `after` ("": with the first), in a fixed order.
  // INVALID_ARGUMENT when the filter is not understood.
  virtual absl::StatusOr<OperationPage> List(const RequestContext& context, const std::string& filter,
                                             const std::string& after, int limit) = 0;
  // Returns when the operation is done or `until` has passed, with its latest state.
  virtual absl::StatusOr<google::longrunning::Operation> Wait(const RequestContext& context,
                                                              const std::string& name, absl::Time until) = 0;
  // Asks the operation to stop. A source that cannot is UNIMPLEMENTED/CANNOT_CANCEL; one that can also
  // says in the contract who may.
  virtual absl::Status Cancel(const RequestContext& context, const std::string& name);
};

class OperationsService final : public google::longrunning::Operations::CallbackService {
 public:
  // At most `waiters` calls wait at a time, so that waiting never takes every thread of the executor;
  // one more gets the latest state at once, as the public contract of WaitOperation allows. All
  // references outlive the service.
  OperationsService(Pipeline& pipeline, OperationSource& source, const Clock& clock, int waiters = 3);

  // Waiting calls return the latest state now and from now on.
  void EndWaits() { ending_ = true; }

  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const google::longrunning::GetOperationRequest* request,
                                         google::longrunning::Operation* response) override;
  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const google::longrunning::ListOperationsRequest* request,
                                           google::longrunning::ListOperationsResponse* response) override;
  grpc::ServerUnaryReactor* WaitOperation(grpc::CallbackServerContext* context,
                                          const google::longrunning::WaitOperationRequest* request,
                                          google::longrunning::Operation* response) override;
  grpc::ServerUnaryReactor* CancelOperation(grpc::CallbackServerContext* context,
                                            const google::longrunning::CancelOperationRequest* request,
                                            google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* DeleteOperation(grpc::CallbackServerContext* context,
                                            const google::longrunning::DeleteOperationRequest* request,
                                            google::protobuf::Empty* response) override;

 private:
  absl::StatusOr<google::longrunning::ListOperationsResponse> List(
      RequestContext& context, const google::longrunning::ListOperationsRequest& request);
  absl::StatusOr<google::longrunning::Operation> Wait(
      RequestContext& context, const google::longrunning::WaitOperationRequest& request);

  Pipeline& pipeline_;
  OperationSource& source_;
  const Clock& clock_;
  const int max_waiters_;
  std::atomic<int> waiters_ = 0;
  std::atomic<bool> ending_ = false;
};

}  // namespace specom::rpc

// The way of every call: named steps in a checked order around an operation. gRPC's callback API;
// this library alone touches gRPC's experimental headers.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/request_context.h"

namespace specom::rpc {

// How a method is called, read from its proto option (specom.common.v1.method_policy).
struct MethodTraits;

class Pipeline {
 public:
  struct Dependencies;  // authenticator, executor, clock, logger, metrics: pipeline_dependencies.h

  explicit Pipeline(Dependencies dependencies);
  ~Pipeline();

  // The names of the steps in their order, for documentation and tests.
  static std::vector<std::string> Steps();

  // Serves one unary call. `full_method` is "specom.finance.v1.FinanceService/ApproveRun", whose
  // traits come from its descriptor; a method without them is denied. The operation's status
  // becomes google.rpc.Status on the wire; an exception becomes INTERNAL with a reference.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* Unary(
      grpc::CallbackServerContext* context, const char* full_method, const Request& request,
      Response* response,
      std::function<absl::StatusOr<Response>(RequestContext&, const Request&)> operation) {
    return Serve(context, full_method, request,
                 [&request, response, operation = std::move(operation)](RequestContext& rc) -> absl::Status {
                   absl::StatusOr<Response> result = operation(rc, request);
                   if (!result.ok()) return result.status();
                   *response = *std::move(result);
                   return absl::OkStatus();
                 });
  }

 private:
  grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context, const char* full_method,
                                  const google::protobuf::Message& request,
                                  std::function<absl::Status(RequestContext&)> operation);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace specom::rpc

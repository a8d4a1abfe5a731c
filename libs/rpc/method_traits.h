// How a method is called: read from its proto option specom.common.v1.method_policy, and from a
// table for the services that gRPC itself answers.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/policy.h"
#include "specom/common/v1/method.pb.h"

namespace specom::rpc {

struct MethodTraits {
  // "specom.finance.v1.FinanceService/ApproveRun"
  std::string full_method;
  AccessRule access;
  common::v1::Audit audit = common::v1::AUDIT_UNSPECIFIED;
  common::v1::Idempotency idempotency = common::v1::IDEMPOTENCY_UNSPECIFIED;
  common::v1::Execution execution = common::v1::EXECUTION_UNSPECIFIED;
  common::v1::Scope scope = common::v1::SCOPE_UNSPECIFIED;
  // The longest a call may take.
  absl::Duration longest;
  // Answered by gRPC itself (health, reflection), to everybody, outside the pipeline.
  bool answered_by_grpc = false;

  // "finance.specom": who answers for the reasons of this method's errors.
  std::string Domain() const;
};

// full_method: with or without a leading slash. NOT_FOUND/UNKNOWN_METHOD when no such method is
// linked in; FAILED_PRECONDITION/NO_METHOD_TRAITS, naming what is missing, when its contract does
// not say all that must be known. Both mean: deny.
absl::StatusOr<MethodTraits> TraitsOf(std::string_view full_method);

// What the method's contract leaves open, in words; empty: nothing.
std::vector<std::string> MissingTraits(const google::protobuf::MethodDescriptor& method);

// "specom.finance.v1.FinanceService/ApproveRun"
std::string FullMethodName(const google::protobuf::MethodDescriptor& method);

// The method that takes this request, looked for in the request's own file; null when there is none.
const google::protobuf::MethodDescriptor* MethodOfRequest(const google::protobuf::Descriptor& request);

}  // namespace specom::rpc

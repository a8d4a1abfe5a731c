// Errors on the wire: google.rpc.Status with typed details, small enough for gRPC's metadata limit
// (8 KiB, base64 included), and back again.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace specom::rpc {

// Details and message together never exceed this many bytes on the wire.
inline constexpr int kMaxErrorBytes = 4096;
inline constexpr int kMaxViolations = 20;

// Exactly one ErrorInfo with domain (e.g. "finance.specom"); a status without a reason gets the name of
// its code. BadRequest holds at most kMaxViolations; "further_violations" of the ErrorInfo counts the
// rest. Also RetryInfo, ResourceInfo and, when request_id is not empty, RequestInfo.
google::rpc::Status ToRpcStatus(const absl::Status& status, std::string_view domain,
                                std::string_view request_id = {});
// Reason, metadata, violations, retry time and resource come back; "reason" is "" when there was no
// ErrorInfo.
absl::Status FromRpcStatus(const google::rpc::Status& status);

grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view domain,
                          std::string_view request_id = {});
absl::Status FromGrpcStatus(const grpc::Status& status);

// INTERNAL, UNKNOWN and DATA_LOSS tell the caller nothing but a reference that the log explains.
bool IsOurFault(absl::StatusCode code);
// INTERNAL/INTERNAL_ERROR with the reference and nothing else.
absl::Status MaskedError(std::string_view reference);

// "NOT_FOUND"
std::string CodeName(absl::StatusCode code);

}  // namespace specom::rpc

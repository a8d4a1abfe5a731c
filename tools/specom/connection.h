// How a command reaches a platform: over which connection, and as whom.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "libs/rpc/tls.h"

namespace specom::cli {

// A folder with authority.pem and, where servers ask for a certificate, client.pem and client.key.
// FAILED_PRECONDITION with what is wrong with the files and the remedy.
absl::StatusOr<rpc::Certificates> ReadCredentials(const std::string& folder);

// The file's only line. FAILED_PRECONDITION when there is none.
absl::StatusOr<Secret> ReadToken(const std::string& file);

// A connection that came about. certificates: null for plain text. UNAVAILABLE with what stands against
// it and the remedy; a platform that is about to start is waited for, 5 seconds.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& endpoint,
                                                       const rpc::Certificates* certificates);

}  // namespace specom::cli

// Calls to specom's services: with a deadline, an identity, a trace and a request id, again when that
// is safe, and with errors as typed as the server made them.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <typeindex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/principal.h"
#include "libs/base/secret.h"

namespace specom::rpc {

using MetadataEntries = std::vector<std::pair<std::string, std::string>>;

// The metadata by which DevelopmentAuthenticator knows the caller.
MetadataEntries DevelopmentIdentity(const Principal& principal);
// The metadata by which TokenAuthenticator knows the caller. Not for plain text beyond this machine.
MetadataEntries BearerIdentity(const Secret& token);

// endpoint: "host:port" or "unix:/path". credentials: null for plain text on this machine.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& endpoint,
                                           std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

struct ClientOptions {
  // Goes with every call: who calls.
  MetadataEntries identity = {};
  // Of one call with all its attempts; zero: what the method's deadline class allows.
  absl::Duration timeout = absl::ZeroDuration();
  // 1 or more; 1: never again.
  int max_attempts = 5;
  // Doubles from attempt to attempt, with jitter.
  absl::Duration first_backoff = absl::Milliseconds(100);
  absl::Duration longest_backoff = absl::Seconds(2);
};

struct CallOptions {
  // Zero: as the client's.
  absl::Duration timeout = absl::ZeroDuration();
  // The caller's trace, to be continued; empty: a new one.
  std::string traceparent = {};
  // Empty: a new UUID.
  std::string request_id = {};
};

// For any number of threads.
class Client {
 public:
  explicit Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options = {});

  // client.Call(&v1::FinanceService::Stub::GetRun, request). UNAVAILABLE is tried again, with backoff
  // and within the deadline, when the method only reads or the request has a request_id; nothing else
  // is. The status holds reason, metadata, violations and retry time as the server sent them; a write
  // whose deadline passed without an answer is DEADLINE_EXCEEDED/OUTCOME_UNKNOWN.
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request, const CallOptions& options = {}) {
    Stub& stub = StubOf<Stub>();
    Response response;
    absl::Status status = Attempts(request, options, [&](grpc::ClientContext* context) {
      response.Clear();
      return (stub.*method)(context, request, &response);
    });
    if (!status.ok()) return status;
    return response;
  }

 private:
  template <class Stub>
  Stub& StubOf() {
    std::lock_guard lock(mutex_);
    std::shared_ptr<void>& stub = stubs_[std::type_index(typeid(Stub))];
    if (stub == nullptr) stub = std::make_shared<Stub>(channel_);
    return *static_cast<Stub*>(stub.get());
  }

  absl::Status Attempts(const google::protobuf::Message& request, const CallOptions& options,
                        const std::function<grpc::Status(grpc::ClientContext*)>& attempt);

  const std::shared_ptr<grpc::Channel> channel_;
  const ClientOptions options_;
  std::mutex mutex_;
  std::unordered_map<std::type_index, std::shared_ptr<void>> stubs_;
};

}  // namespace specom::rpc

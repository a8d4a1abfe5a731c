#include "libs/rpc/client.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "absl/time/clock.h"
#include "libs/auth/authenticator.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/observe/trace.h"
#include "libs/rpc/error_model.h"
#include "libs/rpc/keepalive.h"
#include "libs/rpc/method_traits.h"
#include "libs/rpc/request_digest.h"
#include "libs/rpc/server.h"
#include "libs/rpc/tls.h"

namespace specom::rpc {
namespace {

// For a request whose method is not in the linked contract.
constexpr absl::Duration kStandardTimeout = absl::Seconds(15);

// What the contract says of the method that takes this request; nothing certain: not read-only.
MethodTraits TraitsOfRequest(const google::protobuf::Message& request) {
  MethodTraits unknown;
  unknown.longest = kStandardTimeout;
  const auto* method = MethodOfRequest(*request.GetDescriptor());
  if (method == nullptr) return unknown;
  return TraitsOf(FullMethodName(*method)).value_or(unknown);
}

// Half of it and up to all of it, so that callers who failed together do not return together.
absl::Duration Jitter(absl::Duration backoff) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return backoff * std::uniform_real_distribution<double>(0.5, 1.0)(generator);
}

absl::Status Explained(absl::Status status, bool read_only) {
  // Without a reason it is gRPC that speaks, not the server.
  if (status.ok() || !ErrorReason(status).empty()) return status;
  if (absl::IsDeadlineExceeded(status) && !read_only) {
    return MakeError(
        status.code(), "OUTCOME_UNKNOWN",
        "No answer came in time; whether the change was made is unknown. Ask again with the same "
        "request_id, or look before you repeat it.");
  }
  return MakeError(status.code(), CodeName(status.code()), ExplainConnection(std::string(status.message())));
}

}  // namespace

MetadataEntries DevelopmentIdentity(const Principal& principal) {
  std::string roles;
  for (Role role : principal.roles) roles += (roles.empty() ? "" : ",") + std::string(ToString(role));
  MetadataEntries entries = {{kUserHeader, principal.user}, {kRolesHeader, roles}};
  if (!principal.organisation.empty()) entries.emplace_back(kOrganisationHeader, principal.organisation);
  return entries;
}

MetadataEntries BearerIdentity(const Secret& token) {
  return {{"authorization", "Bearer " + token.Reveal()}};
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& endpoint,
                                           std::shared_ptr<grpc::ChannelCredentials> credentials) {
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments = KeepaliveArguments();
  // What is said on this machine in plain text does not leave it by way of the environment's proxy.
  if (IsLoopbackAddress(endpoint)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(endpoint, credentials, arguments);
}

Client::Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options)
    : channel_(std::move(channel)), options_(std::move(options)) {}

absl::Status Client::Attempts(const google::protobuf::Message& request, const CallOptions& options,
                              const std::function<grpc::Status(grpc::ClientContext*)>& attempt) {
  MethodTraits traits = TraitsOfRequest(request);
  bool read_only = traits.idempotency == common::v1::IDEMPOTENCY_READ_ONLY;
  bool repeatable = read_only || !StringField(request, "request_id").empty();
  absl::Duration timeout = options.timeout > absl::ZeroDuration()    ? options.timeout
                           : options_.timeout > absl::ZeroDuration() ? options_.timeout
                                                                     : traits.longest;
  absl::Time deadline = absl::Now() + timeout;
  std::string request_id = options.request_id.empty() ? NewUuid() : options.request_id;
  observe::TraceContext trace = observe::ContinueTrace(options.traceparent);

  absl::Duration backoff = options_.first_backoff;
  for (int number = 1;; ++number) {
    grpc::ClientContext context;
    // By the clock that gRPC goes by: Abseil's learns some seconds later that the machine's was set.
    context.set_deadline(std::chrono::system_clock::now() +
                         absl::ToChronoMicroseconds(deadline - absl::Now()));
    for (const auto& [key, value] : options_.identity) context.AddMetadata(key, value);
    context.AddMetadata("x-request-id", request_id);
    context.AddMetadata("traceparent", observe::ChildOf(trace).Traceparent());

    absl::Status status = FromGrpcStatus(attempt(&context));
    if (!absl::IsUnavailable(status) || !repeatable || number >= options_.max_attempts) {
      return Explained(std::move(status), read_only);
    }
    absl::Duration asked = absl::Milliseconds(std::max(0, RetryAfterMilliseconds(status)));
    absl::Duration wait = std::max(Jitter(backoff), asked);
    if (absl::Now() + wait >= deadline) return Explained(std::move(status), read_only);
    absl::SleepFor(wait);
    backoff = std::min(backoff * 2, options_.longest_backoff);
  }
}

}  // namespace specom::rpc

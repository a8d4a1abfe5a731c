#include "libs/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_initializer.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/keepalive.h"

namespace specom::rpc {
namespace {

constexpr int kMaxCallsOfConnection = 1024;
constexpr int kLongestTlsConnectionMs = 60 * 60 * 1000;

// gRPC keeps these two settings for the whole process.
void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

// Learns the names of the services from the server that is being built: grpc::Service does not tell.
class ServiceNames final : public grpc::ServerBuilderOption {
 public:
  explicit ServiceNames(std::vector<std::string>& names) : names_(names) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<Plugin>(names_));
  }

 private:
  class Plugin final : public grpc::ServerBuilderPlugin {
   public:
    explicit Plugin(std::vector<std::string>& names) : names_(names) {}
    std::string name() override { return "specom_service_names"; }
    void InitServer(grpc::ServerInitializer*) override {}
    void Finish(grpc::ServerInitializer* initializer) override { names_ = *initializer->GetServiceList(); }
    void ChangeArguments(const std::string&, void*) override {}

   private:
    std::vector<std::string>& names_;
  };

  std::vector<std::string>& names_;
};

std::string HostOf(const std::string& listen) {
  return listen.substr(0, listen.rfind(':'));
}

// Beyond loopback there is TLS, and callers are not believed.
absl::Status CheckReach(const ServerOptions& options, const Authenticator& authenticator) {
  if (IsLoopbackAddress(options.listen)) return absl::OkStatus();
  std::string problem;
  if (authenticator.TrustsItsCallers()) {
    problem =
        "With development identity anybody who reaches the port may claim any role, so the server does not "
        "listen on " +
        options.listen + ". Listen on 127.0.0.1, or set identity to tokens.";
  } else if (options.credentials == nullptr) {
    problem =
        "In plain text anybody on the way can read and change every call, so the server does not listen on " +
        options.listen + ". Listen on 127.0.0.1, or set tls_certificate, tls_key and tls_authority.";
  }
  if (problem.empty()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_LOOPBACK", problem,
                   {{"listen", options.listen}});
}

void WarnOfDevelopmentIdentity(observe::Logger& logger, const std::string& address) {
  logger.Warning(
      "DEVELOPMENT IDENTITY: this server believes whatever its callers say of themselves. It listens on "
      "loopback only. Never put real work on it.",
      {{"address", address}});
}

}  // namespace

bool IsLoopbackAddress(const std::string& listen) {
  if (listen.starts_with("unix:")) return true;
  std::string host = HostOf(listen);
  // 127.example.com is a name, which leads anywhere.
  const bool is_number = host.find_first_not_of("0123456789.") == host.npos;
  return host == "localhost" || host == "[::1]" || (is_number && host.starts_with("127."));
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const Authenticator& authenticator,
                                                      const std::vector<grpc::Service*>& services,
                                                      observe::Logger& logger) {
  RETURN_IF_ERROR(CheckReach(options, authenticator));
  EnableHealthAndReflection();
  std::unique_ptr<Server> started(new Server());
  started->credentials_ = options.credentials ? options.credentials : grpc::InsecureServerCredentials();
  grpc::ServerBuilder builder;
  AddKeepalive(builder);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  // More calls of one connection than this wait at the caller.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxCallsOfConnection);
  // Two servers on one port would share its calls silently.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A certificate is looked at when a connection is made: one that has ended or was withdrawn since then
  // holds for no longer than this.
  if (options.credentials)
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kLongestTlsConnectionMs);
  builder.SetOption(std::make_unique<ServiceNames>(started->service_names_));
  builder.AddListeningPort(options.listen, started->credentials_, &started->port_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  started->server_ = builder.BuildAndStart();
  bool is_unix = options.listen.starts_with("unix:");
  if (started->server_ == nullptr || (!is_unix && started->port_ == 0)) {
    return MakeError(
        absl::StatusCode::kUnavailable, "PORT_TAKEN",
        "The server cannot listen on " + options.listen +
            ": the port is taken or the address is not this machine's. Choose another with --listen.",
        {{"listen", options.listen}});
  }
  if (is_unix) started->port_ = 0;
  started->address_ =
      is_unix ? options.listen : HostOf(options.listen) + ":" + std::to_string(started->port_);
  for (const std::string& name : started->service_names_) started->SetServing(name, false);
  started->SetServing("", false);
  if (authenticator.TrustsItsCallers()) WarnOfDevelopmentIdentity(logger, started->address_);
  return started;
}

Server::~Server() {
  Stop(absl::ZeroDuration());
}

void Server::SetServing(const std::string& service, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(service, serving);
}

void Server::AnnounceStop() {
  server_->GetHealthCheckService()->Shutdown();
}

void Server::Stop(absl::Duration grace) {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  server_->Wait();
  server_.reset();
}

}  // namespace specom::rpc

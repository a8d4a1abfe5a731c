// The gRPC server of a process: its services, health and reflection on one port.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/authenticator.h"
#include "libs/observe/logger.h"

namespace specom::rpc {

struct ServerOptions {
  // "host:port" or "unix:/path"; port 0 takes any free one.
  std::string listen = "127.0.0.1:0";
  // Null: plain text, on loopback only.
  std::shared_ptr<grpc::ServerCredentials> credentials = nullptr;
};

// True for addresses that other machines cannot reach.
bool IsLoopbackAddress(const std::string& listen);

class Server {
 public:
  // FAILED_PRECONDITION/NOT_LOOPBACK when the address is open to other machines and the server would speak
  // plain text there or believe its callers; UNAVAILABLE/PORT_TAKEN when the port cannot be had. Every
  // service is "not serving" until SetServing. The services outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const Authenticator& authenticator,
                                                       const std::vector<grpc::Service*>& services,
                                                       observe::Logger& logger);
  // Stop()s without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // 0 for a unix socket.
  int port() const { return port_; }
  // What a client on this machine connects to.
  const std::string& address() const { return address_; }
  // The full names of the services, health and reflection among them.
  const std::vector<std::string>& service_names() const { return service_names_; }

  // service: a full name, or "" for the server as a whole.
  void SetServing(const std::string& service, bool serving);
  // Says of every service that it does not serve, for good.
  void AnnounceStop();
  // Takes no more calls, lets those in hand finish for up to `grace`, then cancels them and waits for
  // their handlers. Idempotent.
  void Stop(absl::Duration grace);

 private:
  Server() = default;

  // Asked at each new connection, so they go last.
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> service_names_;
  std::string address_;
  int port_ = 0;
};

}  // namespace specom::rpc

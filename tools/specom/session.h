// A command's way to the platform: a running one at an endpoint, or one of its own that lives as
// long as the command.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/rpc/client.h"
#include "tools/specom/output.h"

namespace CLI {
class App;
}

namespace specom::cli {

// Options that every client command has.
struct ClientOptions {
  // "host:port"; empty: a platform of the command's own.
  std::string endpoint;
  std::string format = "table";
  // Who asks, in development mode.
  std::string user = "analyst";
  std::string roles = "national";
  std::string organisation;

  Format OutputFormat() const;
};

// Adds --endpoint, --format, --user, --roles and --organisation to a command.
void AddClientOptions(CLI::App& command, ClientOptions& options);

class EmbeddedPlatform;

class Session {
 public:
  // UNAVAILABLE when the endpoint does not answer, with what to check.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const ClientOptions& options);
  ~Session();

  const ClientOptions& options() const { return options_; }
  rpc::Client& client() { return *client_; }
  // The same platform as somebody else.
  std::unique_ptr<rpc::Client> ClientAs(const std::string& user) const;

 private:
  explicit Session(ClientOptions options);

  ClientOptions options_;
  std::unique_ptr<EmbeddedPlatform> platform_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<rpc::Client> client_;
};

// Prints the error as a person wants it (what happened, which fields, what to do next) and returns
// the exit code: 2 for bad input, 1 for the rest.
int Fail(const absl::Status& status);

}  // namespace specom::cli

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
  // One of these three was given.
  bool names_who_asks = false;
  // Folder of the certificates of this client and of the authority it trusts; empty: plain text.
  std::string credentials;
  // File with the token of who asks; empty: none.
  std::string token_file;

  Format OutputFormat() const;
};

// Adds --endpoint, --credentials, --token-file and --format to a command.
void AddConnectionOptions(CLI::App& command, ClientOptions& options);
// Adds these, and who asks: --user, --roles and --organisation.
void AddClientOptions(CLI::App& command, ClientOptions& options);

class EmbeddedPlatform;

class Session {
 public:
  // UNAVAILABLE when the endpoint does not answer, with what to check; INVALID_ARGUMENT for options that do
  // not go together.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const ClientOptions& options);
  ~Session();

  const ClientOptions& options() const { return options_; }
  rpc::Client& client() { return *client_; }
  // The same platform as somebody else: the user of that name in development, and where tokens say who
  // asks, whose token is in that file.
  absl::StatusOr<std::unique_ptr<rpc::Client>> ClientAs(const std::string& who) const;

 private:
  explicit Session(ClientOptions options);
  bool secure() const { return !options_.credentials.empty() || !options_.token_file.empty(); }

  // Secure: whose token is in the file, nobody without one. Development: the user of that name.
  absl::StatusOr<rpc::MetadataEntries> IdentityOf(const std::string& user,
                                                  const std::string& token_file) const;

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

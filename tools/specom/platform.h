// The whole platform in one process: what specom dev serves, and what a client command without an
// endpoint runs on.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/secret.h"
#include "libs/rpc/service_host.h"
#include "libs/store/store.h"

namespace specom::cli {

// The services, in the order in which they start.
const std::vector<std::string>& ServiceNames();

// Where the services keep their data.
struct DataOptions {
  // Folder of the SQLite files; unused with a database.
  std::string data_dir;
  // "postgresql://…": every service has a schema of its own name in it.
  Secret database_url;
  // "redis://…"; empty: events stay in the process.
  Secret redis_url;

  store::DatabaseConfig Database(const std::string& service) const;
};

struct PlatformOptions {
  DataOptions data;
  // gRPC address on this machine; port 0 takes any free one.
  std::string listen = "127.0.0.1:0";
  // Address of /healthz, /readyz and /metrics; empty: none.
  std::string admin_listen;
  observe::LogLevel log_level = observe::LogLevel::kError;
  // As HostConfig's.
  std::string identity = "development";
  rpc::TlsSettings tls = {};
  TokenSettings tokens = {};
  rpc::AuditSettings audit = {};
};

class Platform {
 public:
  // Opens the stores and makes the services; nothing is served yet. UNAVAILABLE when a store or the
  // bus cannot be reached.
  static absl::StatusOr<std::unique_ptr<Platform>> Create(const PlatformOptions& options);
  ~Platform();

  // Brings every schema up to date; how many migrations ran.
  absl::StatusOr<int> Migrate();
  // For each service: OK, or what its schema lacks and the command to run.
  std::vector<std::pair<std::string, absl::Status>> CheckSchemas();
  absl::Status Start();
  // What a client on this machine connects to.
  std::string address() const;
  void Stop();

 private:
  Platform() = default;

  SystemClock clock_;
  std::vector<std::unique_ptr<store::Store>> stores_;
  std::unique_ptr<rpc::ServiceHost> host_;
  // Owned by the host.
  std::vector<rpc::Module*> modules_;
};

// A folder below the system's temporary one, removed with the object.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make();
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace specom::cli

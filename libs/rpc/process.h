// The process of one service: settings, store, bus and server around its module, so that a service's
// main says no more than what the service is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/rpc/module.h"
#include "libs/rpc/service_host.h"
#include "libs/rpc/settings.h"
#include "libs/store/store.h"

namespace specom::rpc {

// What the standard settings say.
struct ProcessConfig {
  HostConfig host;
  store::DatabaseConfig database;

  // All problems at once; empty: sound.
  std::vector<std::string> Verify() const;
};

// What a module may be made of; outlives it.
struct ServiceContext {
  // The standard settings and the service's own.
  const Settings& settings;
  const ProcessConfig& config;
  Host& host;
  store::Store& store;
};

struct ServiceProgram {
  // "finance": the program is specom-finance, its schema finance.
  std::string name;
  // One line for --help.
  std::string description = {};
  // What this service can be told beside the standard settings, e.g. role.
  std::vector<Setting> settings = {};
  std::function<absl::StatusOr<std::unique_ptr<Module>>(const ServiceContext&)> make;
};

// listen, admin_listen, identity, database_url, schema, database_connections, redis_url, cache_bytes,
// cache_namespace, cache_timeout_ms, log_level, log_file, executor_threads, executor_queue, executor_wait_ms,
// audit_checkpoints, audit_signing_key, audit_checkpoint_interval_seconds, stop_grace_seconds, and those of
// security_settings.h.
std::vector<Setting> StandardSettings(const std::string& service);
// Reads them; Verify() tells of problems.
ProcessConfig ReadConfig(const std::string& program, const Settings& settings);

// Runs the program until SIGINT or SIGTERM: `specom-finance [--flags]` serves, `specom-finance migrate`
// brings the schema up to date and ends, `--print-config` prints the settings and ends. While the schema is
// behind, only the admin port answers, and it says which command to run; serving begins once that was
// done. Returns the exit code: 0, 2 for a configuration that is not sound, 1 for everything else.
int RunServiceProcess(int argc, char** argv, const ServiceProgram& program);

}  // namespace specom::rpc

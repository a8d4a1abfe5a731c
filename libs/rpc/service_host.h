// What surrounds the modules of a process: logger, metrics, bus, cache, executor, pipeline, ports, and the
// order in which all of it starts and stops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/token_verifier.h"
#include "libs/base/secret.h"
#include "libs/observe/logger.h"
#include "libs/rpc/audit_checkpoints.h"
#include "libs/rpc/module.h"
#include "libs/rpc/tls.h"

namespace specom::rpc {

struct HostConfig {
  // Stands in every log line, e.g. "specom-finance".
  std::string program = {};
  // gRPC: "host:port"; port 0 takes any free one.
  std::string listen = "127.0.0.1:0";
  // /healthz, /readyz and /metrics; empty: none.
  std::string admin_listen = {};
  // "deny": nobody is served; "development": callers on this machine are believed; "tokens": callers are
  // who their certificate and their token say.
  std::string identity = "deny";
  // Of this process, for its server and for its calls to others; not enabled: plain text.
  TlsSettings tls = {};
  TokenSettings tokens = {};
  // Empty: the bus within the process.
  Secret redis_url = {};
  // What the near cache may hold, and the beginning of the cache's keys in Redis.
  std::int64_t cache_bytes = std::int64_t{64} << 20;
  std::string cache_namespace = "specom";
  // For one command of the cache to Redis.
  absl::Duration cache_timeout = absl::Milliseconds(50);
  observe::LogLevel log_level = observe::LogLevel::kInfo;
  // Empty: standard error.
  std::string log_file = {};
  // Threads for operations that may block, and how many calls may wait for one.
  int executor_threads = 8;
  int executor_queue = 256;
  // How long such a call may expect to wait while there is more work than can be done; zero: twice what a
  // call takes at present.
  absl::Duration executor_wait = absl::ZeroDuration();
  // Where the audit chains of the modules are signed off, outside their databases.
  AuditSettings audit = {};
  // How long calls in hand may go on when the process stops.
  absl::Duration stop_grace = absl::Seconds(10);

  // All problems at once, each with its remedy; empty: sound. Beyond loopback there must be TLS and tokens.
  std::vector<std::string> Verify() const;
};

// The reason of Start's FAILED_PRECONDITION while a module's schema is not the one it needs.
inline constexpr char kSchemaBehindReason[] = "SCHEMA_BEHIND";

class ServiceHost {
 public:
  // Opens no port yet. INVALID_ARGUMENT/CONFIGURATION with every problem of the config;
  // FAILED_PRECONDITION/CERTIFICATES when the certificates are not sound; UNAVAILABLE/NO_KEYS when the
  // token issuer's keys cannot be read.
  static absl::StatusOr<std::unique_ptr<ServiceHost>> Create(const HostConfig& config);
  // Stop()s.
  ~ServiceHost();
  ServiceHost(const ServiceHost&) = delete;
  ServiceHost& operator=(const ServiceHost&) = delete;

  // Lives as long as this object.
  Host& host();
  observe::Logger& logger();

  // Before Start; started in this order and stopped in the reverse one.
  void Add(std::unique_ptr<Module> module);

  // Brings every module's schema up to date; how many migrations ran.
  absl::StatusOr<int> Migrate();

  // The admin port first, so that it can say why the rest is not ready; then every module's schema is
  // checked (FAILED_PRECONDITION/SCHEMA_BEHIND), every module is started, and the gRPC port is opened.
  // After an error it may be called again; what had started has stopped, but for the admin port.
  absl::Status Start();

  // Everything that stands against serving; OK: nothing does.
  absl::Status Ready();

  // 0 before Start.
  int port() const;
  int admin_port() const;
  // What a client on this machine connects to; "" before Start.
  std::string address() const;

  // The steps of Stop, in their order.
  static std::vector<std::string> StopSteps();
  // announce: health and readiness say no, waiting calls return. drain: no new calls; those in hand
  // have stop_grace, then they are cancelled. executor: queued work ends. modules: in reverse order. audit:
  // denials that wait are written, the last checkpoint is made.
  // Each step is logged with its time. Idempotent.
  void Stop();

 private:
  struct State;
  explicit ServiceHost(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace specom::rpc

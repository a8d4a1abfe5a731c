#include "libs/rpc/process.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/status.h"
#include "libs/rpc/security_settings.h"
#include "libs/rpc/stop_signal.h"

namespace specom::rpc {
namespace {

constexpr int kFailure = 1;
constexpr int kBadConfiguration = 2;
// How often a process whose schema is behind looks again.
constexpr absl::Duration kSchemaInterval = absl::Seconds(1);

int Fail(const std::string& program, const std::string& problem, int code) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), problem.c_str());
  return code;
}

std::string Describe(const absl::Status& status) {
  std::string text(status.message());
  for (const FieldViolation& violation : FieldViolationsOf(status)) {
    text += "\n  " + violation.field + ": " + violation.description;
  }
  return text;
}

// What was asked on the command line.
struct CommandLine {
  std::string config_file;
  bool migrate = false;
  bool print_config = false;
  std::map<std::string, std::string> flags;
};

// The exit code when the program is to end here.
std::optional<int> Parse(int argc, char** argv, const ServiceProgram& program, const Settings& settings,
                         CommandLine& line) {
  CLI::App app(program.description, "specom-" + program.name);
  // Flags may stand behind the subcommand as well.
  app.fallthrough();
  app.footer(
      "Every setting may also stand in the file of --config (name = value) or in the environment "
      "(SPECOM_NAME); a flag is stronger than the environment, the environment than the file.");
  app.add_option("--config", line.config_file, "File of settings; also SPECOM_CONFIG");
  app.add_flag("--print-config", line.print_config, "Print the settings, without secrets, and end");
  app.add_subcommand("migrate", "Bring the schema up to date and end")->callback([&] {
    line.migrate = true;
  });
  app.require_subcommand(0, 1);
  std::map<std::string, std::string> values;
  std::map<std::string, CLI::Option*> options;
  for (const Setting& setting : settings.known()) {
    std::string help = setting.help + (setting.standard.empty() ? "" : " [" + setting.standard + "]");
    options[setting.name] = app.add_option(Settings::FlagName(setting.name), values[setting.name], help);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadConfiguration;
  }
  for (const auto& [name, option] : options) {
    if (option->count() > 0) line.flags[name] = values[name];
  }
  return std::nullopt;
}

absl::Status Collect(const CommandLine& line, Settings& settings) {
  std::string file = line.config_file;
  if (const char* named = std::getenv("SPECOM_CONFIG"); file.empty() && named != nullptr) file = named;
  if (!file.empty()) RETURN_IF_ERROR(settings.ReadFile(file));
  settings.ReadEnvironment([](const char* name) { return std::getenv(name); });
  for (const auto& [name, value] : line.flags) settings.SetFlag(name, value);
  return absl::OkStatus();
}

// OK when it serves; ABORTED when a signal came first.
absl::Status StartWhenSchemaIsThere(ServiceHost& host, StopSignal& signal) {
  std::string told;
  while (true) {
    absl::Status status = host.Start();
    if (!absl::IsFailedPrecondition(status) || ErrorReason(status) != kSchemaBehindReason) return status;
    if (told != status.message()) {
      told = std::string(status.message());
      host.logger().Error("schema is behind", {{"error", told}});
    }
    if (signal.WaitFor(kSchemaInterval)) return absl::AbortedError("stopped before it served");
  }
}

// Ends the process when stopping takes longer than it may, for a supervisor to start it again.
class StopWatchdog {
 public:
  StopWatchdog(std::string program, absl::Duration limit)
      : thread_([this, program = std::move(program), limit] {
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, absl::ToChronoMilliseconds(limit), [this] { return stopped_; })) return;
          std::fprintf(
              stderr,
              "%s: stopping took too long; the last \"stop step\" in the log is the one before it hung\n",
              program.c_str());
          std::_Exit(kFailure);
        }) {}
  ~StopWatchdog() {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    done_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool stopped_ = false;
  std::thread thread_;
};

int Migrate(ServiceHost& host, const std::string& program) {
  absl::StatusOr<int> ran = host.Migrate();
  if (!ran.ok()) return Fail(program, Describe(ran.status()), kFailure);
  std::printf("%s: the schema is up to date (%d migrations ran)\n", program.c_str(), *ran);
  return 0;
}

int Serve(ServiceHost& host, const ProcessConfig& config, StopSignal& signal) {
  const std::string& program = config.host.program;
  absl::Status started = StartWhenSchemaIsThere(host, signal);
  if (absl::IsAborted(started)) return 0;
  if (!started.ok()) return Fail(program, Describe(started), kFailure);
  std::printf("%s serves on %s\n", program.c_str(), host.address().c_str());
  std::fflush(stdout);
  signal.Wait();
  // What comes after draining is quick.
  StopWatchdog watchdog(program, config.host.stop_grace + absl::Seconds(20));
  host.Stop();
  return 0;
}

}  // namespace

std::vector<Setting> StandardSettings(const std::string& service) {
  auto number = [](int least, int most) {
    return [=](const std::string& value) { return NotANumber(value, least, most); };
  };
  std::vector<Setting> standard = {
      {.name = "listen",
       .standard = "127.0.0.1:0",
       .help = "gRPC address, host:port; port 0 takes any free one",
       .problem = [](const std::string& v) { return v.starts_with("unix:") ? "" : NotAnAddress(v); }},
      {.name = "admin_listen",
       .standard = "",
       .help = "Address of /healthz, /readyz and /metrics; empty: none",
       .problem = [](const std::string& v) { return v.empty() ? "" : NotAnAddress(v); }},
      {.name = "identity",
       .standard = "deny",
       .help = "deny: serve nobody; development: believe callers on this machine; tokens: believe "
               "certificates and tokens",
       .problem =
           [](const std::string& v) {
             return NotOneOf(v, {"deny", "development", "tokens"});
           }},
      {.name = "database_url",
       .standard = "sqlite:specom-" + service + ".db",
       .help = "sqlite:/path/to/file.db or postgresql://user@host:port/database",
       .secret = true},
      {.name = "schema", .standard = service, .help = "PostgreSQL schema of this service"},
      {.name = "database_connections",
       .standard = "8",
       .help = "Connections to the database",
       .problem = number(1, 1000)},
      {.name = "redis_url",
       .standard = "",
       .help = "redis://host:port of the event bus and the cache; empty: both are within the process",
       .secret = true},
      {.name = "cache_bytes",
       .standard = "67108864",
       .help = "What the near cache may hold; 0: nothing",
       .problem = number(0, std::numeric_limits<int>::max())},
      {.name = "cache_namespace",
       .standard = "specom",
       .help = "Begins the cache's keys in Redis; platforms that share one have their own",
       .problem = [](const std::string& v) { return v.empty() ? "must not be empty, e.g. specom" : ""; }},
      {.name = "cache_timeout_ms",
       .standard = "50",
       .help = "How long the cache waits for Redis before it goes on without it",
       .problem = number(1, 60'000)},
      {.name = "log_level",
       .standard = "info",
       .help = "debug, info, warning or error",
       .problem =
           [](const std::string& v) {
             return NotOneOf(v, {"debug", "info", "warning", "error"});
           }},
      {.name = "log_file", .standard = "", .help = "Appended to; empty: standard error"},
      {.name = "executor_threads",
       .standard = "8",
       .help = "Threads for operations that may block",
       .problem = number(1, 1024)},
      {.name = "executor_queue",
       .standard = "256",
       .help = "Calls that may wait for such a thread before further ones are refused",
       .problem = number(0, 1'000'000)},
      {.name = "executor_wait_ms",
       .standard = "0",
       .help = "How long such a call may expect to wait under overload; 0: twice what a call takes",
       .problem = number(0, 60'000)},
      {.name = "audit_checkpoints",
       .standard = "",
       .help = "File, outside the database, that signed checkpoints of the audit record are added to; empty: "
               "none"},
      {.name = "audit_signing_key", .standard = "", .help = "PEM file of the Ed25519 key that signs them"},
      {.name = "audit_checkpoint_interval_seconds",
       .standard = "600",
       .help = "How often a checkpoint is made; one is made at a clean stop as well",
       .problem = number(1, 86'400)},
      {.name = "stop_grace_seconds",
       .standard = "10",
       .help = "How long calls in hand may go on when the process stops",
       .problem = number(0, 3600)},
  };
  for (Setting& setting : SecuritySettings()) standard.push_back(std::move(setting));
  return standard;
}

ProcessConfig ReadConfig(const std::string& program, const Settings& settings) {
  ProcessConfig config;
  config.host.program = program;
  config.host.listen = settings.Get("listen");
  config.host.admin_listen = settings.Get("admin_listen");
  config.host.identity = settings.Get("identity");
  config.host.tls = ReadTlsSettings(settings);
  config.host.tokens = ReadTokenSettings(settings);
  config.host.redis_url = Secret(settings.Get("redis_url"));
  config.host.cache_bytes = settings.Number("cache_bytes");
  config.host.cache_namespace = settings.Get("cache_namespace");
  config.host.cache_timeout = absl::Milliseconds(settings.Number("cache_timeout_ms"));
  config.host.log_level =
      observe::ParseLogLevel(settings.Get("log_level")).value_or(observe::LogLevel::kInfo);
  config.host.log_file = settings.Get("log_file");
  config.host.executor_threads = settings.Number("executor_threads");
  config.host.executor_queue = settings.Number("executor_queue");
  config.host.executor_wait = absl::Milliseconds(settings.Number("executor_wait_ms"));
  config.host.audit.checkpoints = settings.Get("audit_checkpoints");
  config.host.audit.signing_key = settings.Get("audit_signing_key");
  config.host.audit.interval = absl::Seconds(settings.Number("audit_checkpoint_interval_seconds"));
  config.host.stop_grace = absl::Seconds(settings.Number("stop_grace_seconds"));
  config.database.url = Secret(settings.Get("database_url"));
  config.database.schema = settings.Get("schema");
  config.database.connections = settings.Number("database_connections");
  return config;
}

std::vector<std::string> ProcessConfig::Verify() const {
  std::vector<std::string> problems = host.Verify();
  for (std::string& problem : database.Verify()) problems.push_back(std::move(problem));
  return problems;
}

int RunServiceProcess(int argc, char** argv, const ServiceProgram& program) {
#ifdef NDEBUG
  // Some distributions' Abseil watches the order of locks also in release builds, gRPC's among them.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  const std::string name = "specom-" + program.name;
  StopSignal signal;
  std::vector<Setting> known = StandardSettings(program.name);
  known.insert(known.end(), program.settings.begin(), program.settings.end());
  Settings settings(std::move(known));
  CommandLine line;
  if (std::optional<int> code = Parse(argc, argv, program, settings, line)) return *code;

  absl::Status collected = Collect(line, settings);
  if (!collected.ok()) return Fail(name, Describe(collected), kBadConfiguration);
  std::vector<std::string> problems = settings.Verify();
  std::optional<ProcessConfig> config;
  // The numbers can be read only where they are numbers.
  if (problems.empty()) {
    config = ReadConfig(name, settings);
    problems = config->Verify();
  }
  if (!problems.empty()) return Fail(name, absl::StrJoin(problems, "\n" + name + ": "), kBadConfiguration);
  if (line.print_config) {
    std::fputs(settings.Print().c_str(), stdout);
    return 0;
  }

  SystemClock clock;
  auto store = store::OpenStore(config->database, clock);
  if (!store.ok()) return Fail(name, Describe(store.status()), kFailure);
  // Who only migrates calls nobody and is called by nobody.
  if (line.migrate) {
    config->host.identity = "deny";
    config->host.tls = {};
  }
  auto host = ServiceHost::Create(config->host);
  if (!host.ok()) return Fail(name, Describe(host.status()), kFailure);
  auto module = program.make({settings, *config, (*host)->host(), **store});
  if (!module.ok()) return Fail(name, Describe(module.status()), kFailure);
  (*host)->Add(*std::move(module));
  return line.migrate ? Migrate(**host, name) : Serve(**host, *config, signal);
}

}  // namespace specom::rpc

#include "libs/rpc/service_host.h"

#include <functional>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/auth/authenticator.h"
#include "libs/auth/token_authenticator.h"
#include "libs/base/status.h"
#include "libs/base/steady_clock.h"
#include "libs/base/waker.h"
#include "libs/observe/admin_server.h"
#include "libs/rpc/access_service.h"
#include "libs/rpc/audit_service.h"
#include "libs/rpc/denial_audit.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/pipeline_dependencies.h"
#include "libs/rpc/server.h"
#include "libs/rpc/settings.h"

namespace specom::rpc {
namespace {

// How often the health service learns what the modules say of themselves.
constexpr absl::Duration kHealthInterval = absl::Seconds(1);

// In plain text, on loopback, there are no certificates to ask for.
PeerRules RulesFor(const TlsSettings& tls) {
  return {.allowed_workloads = {tls.allowed_peers.begin(), tls.allowed_peers.end()},
          .certificate_required = tls.enabled() && tls.requires_client_certificate()};
}

absl::StatusOr<std::unique_ptr<events::Bus>> MakeBus(const HostConfig& config, observe::Logger& logger) {
  if (config.redis_url.empty()) return events::NewInProcessBus(&logger);
  return events::NewRedisBus(config.redis_url, &logger);
}

absl::StatusOr<std::unique_ptr<cache::Cache>> OpenCache(const HostConfig& config, observe::Logger& logger,
                                                        observe::Metrics& metrics) {
  cache::CacheOptions options;
  options.redis_url = config.redis_url;
  options.name_space = config.cache_namespace;
  options.near_bytes = static_cast<std::size_t>(config.cache_bytes);
  options.command_timeout = config.cache_timeout;
  options.logger = &logger;
  options.metrics = &metrics;
  return cache::Cache::Open(std::move(options));
}

}  // namespace

std::vector<std::string> HostConfig::Verify() const {
  std::vector<std::string> problems;
  auto add = [&](const std::string& name, const std::string& problem) {
    if (!problem.empty()) problems.push_back(name + ": " + problem);
  };
  std::string no_address = listen.starts_with("unix:") ? "" : NotAnAddress(listen);
  add("listen", no_address);
  if (!admin_listen.empty()) add("admin_listen", NotAnAddress(admin_listen));
  add("identity", NotOneOf(identity, {"deny", "development", "tokens"}));
  for (std::string& problem : tls.Verify()) problems.push_back(std::move(problem));
  if (identity == "tokens") {
    for (const std::string& problem : tokens.Verify()) problems.push_back("token_" + problem);
    if (tls.enabled() && tls.requires_client_certificate() && tls.allowed_peers.empty())
      add("tls_allowed_peers",
          "is empty, so nobody could call; list the SPIFFE ids of the processes that may, or set "
          "tls_client_certificate to optional for callers with a token only");
  }
  if (no_address.empty() && !IsLoopbackAddress(listen)) {
    const std::string remedy =
        " to listen on " + listen + ", where other machines are; or listen on 127.0.0.1";
    if (!tls.enabled())
      add("tls_certificate", "must be set, with tls_key, tls_authority and tls_allowed_peers," + remedy);
    if (identity != "tokens") add("identity", "must be tokens, with the token_ settings," + remedy);
  }
  add("executor_threads", NotANumber(std::to_string(executor_threads), 1, 1024));
  add("executor_queue", NotANumber(std::to_string(executor_queue), 0, 1'000'000));
  if (executor_wait < absl::ZeroDuration()) add("executor_wait_ms", "must not be negative");
  for (std::string& problem : audit.Verify()) problems.push_back(std::move(problem));
  if (stop_grace < absl::ZeroDuration()) add("stop_grace", "must not be negative");
  if (cache_bytes < 0) add("cache_bytes", "must not be negative");
  if (cache_namespace.empty()) add("cache_namespace", "must not be empty, e.g. specom");
  if (cache_timeout < absl::Milliseconds(1)) add("cache_timeout_ms", "must be 1 or more");
  return problems;
}

struct ServiceHost::State {
  State(HostConfig host_config, std::unique_ptr<observe::Logger> opened)
      : config(std::move(host_config)),
        logger(std::move(opened)),
        executor({.threads = config.executor_threads,
                  .queue_limit = config.executor_queue,
                  .wait_target = config.executor_wait},
                 steady_clock, &metrics) {}

  absl::Status KnowCallers();
  absl::Status StartModules();
  // The audit record of a module, from here on.
  void AddChain(const std::string& service, store::Store& store);
  void StopModules();
  std::optional<absl::Status> Reach(const RequestContext& context, const Principal& caller,
                                    const std::string& resource);
  void PublishHealth();
  void WatchHealth();
  void RunStopStep(const std::string& name, const std::function<void()>& step);

  const HostConfig config;
  const SystemClock clock;
  const SteadyClock steady_clock;
  const std::unique_ptr<observe::Logger> logger;
  observe::Metrics metrics;
  // Null: plain text.
  std::shared_ptr<const CertificateWatch> certificates;
  // Null: no tokens are taken.
  std::unique_ptr<TokenVerifier> verifier;
  std::unique_ptr<const Authenticator> authenticator;
  std::unique_ptr<Outbound> outbound;
  Executor executor;
  std::unique_ptr<DenialAudit> denials;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<AccessService> access;
  std::unique_ptr<AuditService> audit;
  // Null: none are made.
  std::unique_ptr<AuditCheckpoints> checkpoints;
  std::unique_ptr<events::Bus> bus;
  std::unique_ptr<cache::Cache> cache;
  std::unique_ptr<Host> host;
  std::vector<std::unique_ptr<Module>> modules;
  std::size_t started_modules = 0;
  std::unique_ptr<Server> server;
  std::unique_ptr<observe::AdminServer> admin;
  std::unique_ptr<Waker> end_of_watch;
  std::thread watch;

  // Why Start has not succeeded; asked by the admin port while it runs.
  absl::Mutex mutex;
  absl::Status start_status ABSL_GUARDED_BY(mutex) = absl::UnavailableError("starting");
  bool stopped = false;
};

// Who this process is, how it knows others, and how it calls them.
absl::Status ServiceHost::State::KnowCallers() {
  if (config.tls.enabled()) {
    ASSIGN_OR_RETURN(certificates, CertificateWatch::Start(config.tls.files, clock, *logger, metrics));
  }
  MetadataEntries identity;
  if (config.identity == "tokens") {
    ASSIGN_OR_RETURN(verifier, NewTokenVerifier(config.tokens, clock, logger.get(), &metrics));
    authenticator = std::make_unique<TokenAuthenticator>(*verifier, RulesFor(config.tls));
  } else if (config.identity == "development") {
    authenticator = std::make_unique<DevelopmentAuthenticator>();
    identity = DevelopmentIdentity({config.program, {Role::kService}, ""});
  } else {
    authenticator = std::make_unique<DenyAllAuthenticator>();
  }
  outbound = NewOutbound(std::move(identity), certificates);
  denials = std::make_unique<DenialAudit>(clock, *logger, metrics);
  pipeline = std::make_unique<Pipeline>(
      Pipeline::Dependencies{*authenticator, executor, clock, *logger, metrics, denials.get()});
  audit = std::make_unique<AuditService>(*pipeline);
  access = std::make_unique<AccessService>(
      *pipeline, [this](const RequestContext& context, const Principal& caller, const std::string& resource) {
        return Reach(context, caller, resource);
      });
  return absl::OkStatus();
}

absl::Status ServiceHost::State::StartModules() {
  for (const auto& module : modules) {
    absl::Status schema = module->CheckSchema();
    if (absl::IsFailedPrecondition(schema)) {
      return MakeError(schema.code(), kSchemaBehindReason, std::string(schema.message()),
                       ErrorMetadataOf(schema));
    }
    RETURN_IF_ERROR(schema);
  }
  for (const auto& module : modules) {
    if (module->store() != nullptr) AddChain(module->name(), *module->store());
  }
  for (const auto& module : modules) {
    RETURN_IF_ERROR(module->Start());
    ++started_modules;
  }
  std::vector<grpc::Service*> services;
  for (const auto& module : modules) {
    for (grpc::Service* service : module->services()) services.push_back(service);
  }
  services.push_back(access.get());
  services.push_back(audit.get());
  ServerOptions options = {.listen = config.listen};
  if (certificates != nullptr)
    options.credentials = MakeServerCredentials(certificates, config.tls.requires_client_certificate());
  ASSIGN_OR_RETURN(server, Server::Start(options, *authenticator, services, *logger));
  access->SetServed({server->service_names().begin(), server->service_names().end()});
  if (checkpoints != nullptr) checkpoints->Start();
  return absl::OkStatus();
}

void ServiceHost::State::AddChain(const std::string& service, store::Store& store) {
  denials->AddChain(service, store);
  audit->AddChain(service, store);
  if (checkpoints != nullptr) checkpoints->AddChain(service, store);
}

// The module that owns the resource answers.
std::optional<absl::Status> ServiceHost::State::Reach(const RequestContext& context, const Principal& caller,
                                                      const std::string& resource) {
  for (const auto& module : modules) {
    std::optional<absl::Status> reach = module->Reach(context, caller, resource);
    if (reach) return reach;
  }
  return std::nullopt;
}

void ServiceHost::State::StopModules() {
  for (; started_modules > 0; --started_modules) modules[started_modules - 1]->Stop();
}

void ServiceHost::State::PublishHealth() {
  bool all = true;
  for (const auto& module : modules) {
    bool ready = module->Ready().ok();
    all = all && ready;
    for (const std::string& service : server->service_names()) {
      if (service.starts_with("specom." + module->name() + ".")) server->SetServing(service, ready);
    }
  }
  for (const std::string& service : server->service_names()) {
    if (!service.starts_with("specom.") || service.starts_with("specom.common.")) {
      server->SetServing(service, all);
    }
  }
  server->SetServing("", all);
}

void ServiceHost::State::WatchHealth() {
  end_of_watch = std::make_unique<Waker>();
  PublishHealth();
  auto lost = metrics.GetCounter("specom_log_lines_lost_total",
                                 "Log lines that could not be written or found too many before them.");
  watch = std::thread([this, lost, counted = std::int64_t{0}]() mutable {
    while (!end_of_watch->WaitOrStop(kHealthInterval)) {
      PublishHealth();
      const std::int64_t now_lost = logger->LostLines();
      lost.Increment(static_cast<double>(now_lost - std::exchange(counted, now_lost)));
    }
  });
}

void ServiceHost::State::RunStopStep(const std::string& name, const std::function<void()>& step) {
  absl::Time began = clock.Now();
  step();
  logger->Info("stop step", {{"step", name}, {"took_ms", absl::ToDoubleMilliseconds(clock.Now() - began)}});
}

absl::StatusOr<std::unique_ptr<ServiceHost>> ServiceHost::Create(const HostConfig& config) {
  std::vector<std::string> problems = config.Verify();
  if (!problems.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION", absl::StrJoin(problems, "\n"));
  }
  std::unique_ptr<observe::Logger> logger;
  ASSIGN_OR_RETURN(
      logger,
      observe::Logger::Open({.level = config.log_level, .file = config.log_file, .service = config.program}));
  auto state = std::make_unique<State>(config, std::move(logger));
  RETURN_IF_ERROR(state->KnowCallers());
  if (config.audit.enabled()) {
    ASSIGN_OR_RETURN(state->checkpoints,
                     AuditCheckpoints::Open(config.audit, state->clock, *state->logger, state->metrics));
  }
  ASSIGN_OR_RETURN(state->bus, MakeBus(config, *state->logger));
  ASSIGN_OR_RETURN(state->cache, OpenCache(config, *state->logger, state->metrics));
  state->host = std::make_unique<Host>(Host{state->clock, *state->bus, *state->pipeline, state->metrics,
                                            *state->logger, *state->outbound, *state->cache});
  return std::unique_ptr<ServiceHost>(new ServiceHost(std::move(state)));
}

ServiceHost::ServiceHost(std::unique_ptr<State> state) : state_(std::move(state)) {}
ServiceHost::~ServiceHost() {
  Stop();
}

Host& ServiceHost::host() {
  return *state_->host;
}
observe::Logger& ServiceHost::logger() {
  return *state_->logger;
}
void ServiceHost::Add(std::unique_ptr<Module> module) {
  state_->modules.push_back(std::move(module));
}

absl::StatusOr<int> ServiceHost::Migrate() {
  int total = 0;
  for (const auto& module : state_->modules) {
    int ran = 0;
    ASSIGN_OR_RETURN(ran, module->Migrate());
    total += ran;
  }
  return total;
}

absl::Status ServiceHost::Start() {
  if (!state_->config.admin_listen.empty() && state_->admin == nullptr) {
    ASSIGN_OR_RETURN(state_->admin,
                     observe::AdminServer::Start(
                         state_->config.admin_listen, [this] { return Ready(); }, state_->metrics));
    state_->logger->Info("admin endpoint", {{"port", state_->admin->port()}});
  }
  absl::Status status = state_->StartModules();
  if (!status.ok()) state_->StopModules();
  {
    absl::MutexLock lock(&state_->mutex);
    state_->start_status = status;
  }
  if (!status.ok()) return status;
  state_->WatchHealth();
  state_->logger->Info("serving", {{"address", state_->server->address()}});
  return absl::OkStatus();
}

absl::Status ServiceHost::Ready() {
  {
    absl::MutexLock lock(&state_->mutex);
    if (!state_->start_status.ok()) return state_->start_status;
  }
  std::string reasons;
  for (const auto& module : state_->modules) {
    absl::Status ready = module->Ready();
    if (!ready.ok())
      reasons += (reasons.empty() ? "" : "\n") + module->name() + ": " + std::string(ready.message());
  }
  return reasons.empty() ? absl::OkStatus() : absl::UnavailableError(reasons);
}

int ServiceHost::port() const {
  return state_->server == nullptr ? 0 : state_->server->port();
}
int ServiceHost::admin_port() const {
  return state_->admin == nullptr ? 0 : state_->admin->port();
}
std::string ServiceHost::address() const {
  return state_->server == nullptr ? "" : state_->server->address();
}

std::vector<std::string> ServiceHost::StopSteps() {
  return {"announce", "drain", "executor", "modules", "audit", "admin"};
}

void ServiceHost::Stop() {
  if (std::exchange(state_->stopped, true)) return;
  {
    absl::MutexLock lock(&state_->mutex);
    state_->start_status = absl::UnavailableError("stopping");
  }
  const std::pair<std::string, std::function<void()>> steps[] = {
      {"announce",
       [this] {
         if (state_->watch.joinable()) {
           state_->end_of_watch->Stop();
           state_->watch.join();
         }
         if (state_->server != nullptr) state_->server->AnnounceStop();
         for (std::size_t i = 0; i < state_->started_modules; ++i) state_->modules[i]->EndWaits();
       }},
      {"drain",
       [this] {
         if (state_->server != nullptr) state_->server->Stop(state_->config.stop_grace);
       }},
      {"executor", [this] { state_->executor.Stop(); }},
      {"modules", [this] { state_->StopModules(); }},
      {"audit",
       [this] {
         state_->denials->Stop();
         if (state_->checkpoints != nullptr) state_->checkpoints->Stop();
       }},
      {"admin", [this] { state_->admin.reset(); }},
  };
  for (const auto& [name, step] : steps) state_->RunStopStep(name, step);
  state_->logger->Flush();
}

}  // namespace specom::rpc

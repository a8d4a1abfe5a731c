// Wiring, by hand and by constructor.
#include "services/finance/service.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/events/relay.h"
#include "services/finance/adapters/finance_grpc.h"
#include "services/finance/adapters/job_worker.h"
#include "services/finance/adapters/outbox_run_events.h"
#include "services/finance/adapters/portfolio_footprints.h"
#include "services/finance/adapters/published_answers.h"
#include "services/finance/adapters/resource_names.h"
#include "services/finance/adapters/run_operations.h"
#include "services/finance/adapters/shipped_inputs.h"
#include "services/finance/adapters/sql_input_set_repository.h"
#include "services/finance/adapters/sql_organisation_regions.h"
#include "services/finance/adapters/sql_run_repository.h"
#include "services/finance/app/operations.h"
#include "services/finance/app/reach.h"
#include "services/finance/app/reference_regions.h"
#include "services/finance/migrations/finance_migrations.h"

namespace specom::finance {
namespace {

constexpr char kSource[] = "specom/finance";
constexpr absl::Duration kImportTime = absl::Seconds(60);

bool Serves(ProcessRole role) {
  return role != ProcessRole::kWorker;
}
bool Works(ProcessRole role) {
  return role != ProcessRole::kApi;
}

// Unique among processes: "host-4711".
std::string ProcessName() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return absl::StrCat("worker-", getpid());
  return absl::StrCat(host.data(), "-", getpid());
}

class FinanceModule final : public rpc::Module {
 public:
  FinanceModule(const FinanceConfig& config, store::Store& store, rpc::Host& host,
                std::unique_ptr<ReferenceLibrary> library)
      : config_(config),
        store_(store),
        host_(host),
        library_(std::move(library)),
        events_(host.clock),
        footprints_(config.portfolio_endpoint, host.outbound, host.cache, host.clock),
        reference_inputs_(store, *library_, inputs_, host.clock),
        reference_regions_(store, *library_, regions_),
        relay_(store, host.bus,
               {.source = kSource,
                .topics = {std::string(kFinanceTopic), std::string(kJobsTopic)},
                .logger = &host.logger,
                .metrics = &host.metrics}),
        operations_{
            .get_policy = GetPolicy(*library_),
            .list_policies = ListPolicies(*library_),
            .check_inputs = CheckInputFiles(reader_),
            .import_inputs = ImportInputs(store, reader_, inputs_, host.clock),
            .get_input_set = GetInputSet(store, inputs_),
            .list_input_sets = ListInputSets(store, inputs_),
            .list_baseline_lines = ListBaselineLines(store, inputs_),
            .create_run = CreateRun(store, runs_, inputs_, reference_inputs_, events_, host.clock,
                                    [this] { relay_.Wake(); }),
            .get_run = GetRun(store, runs_),
            .list_runs = ListRuns(store, runs_),
            .batch_get_runs = BatchGetRuns(store, runs_),
            .wait_run = WaitRun(store, runs_, host.clock, signals_),
            .list_allocations = ListAllocations(store, runs_, inputs_, footprints_),
            .explain_allocation = ExplainAllocation(store, runs_, inputs_),
            .compare_runs = CompareRuns(store, runs_, inputs_),
            .project_allocations = ProjectAllocations(store, runs_, inputs_),
            .approve_run = ApproveRun(store, runs_, events_, host.clock),
            .publish_run = PublishRun(store, runs_, events_, host.clock),
        },
        reach_(store, runs_, inputs_),
        compute_(store, runs_, inputs_, *library_, events_, host.clock, signals_),
        workers_(host.bus, compute_, host.clock, host.logger, host.metrics,
                 {.name = config.worker_name.empty() ? ProcessName() : config.worker_name,
                  .workers = config.workers,
                  .claim_after = config.claim_after}),
        run_operations_(operations_),
        operations_grpc_(host.pipeline, run_operations_, host.clock),
        published_(host.cache, operations_.get_run, host.clock),
        finance_grpc_(host.pipeline, operations_, published_) {}

  std::string name() const override { return "finance"; }
  store::Store* store() override { return &store_; }

  std::optional<absl::Status> Reach(const RequestContext& context, const Principal& caller,
                                    const std::string& resource) override {
    auto ask = [&](const auto& id) { return id.ok() ? reach_.Execute(context, caller, *id) : id.status(); };
    if (resource.starts_with("runs/")) return ask(ParseRunName("resource", resource));
    if (resource.starts_with("operations/")) return ask(ParseOperationName("resource", resource));
    if (resource.starts_with("inputSets/")) return ask(ParseInputSetName("resource", resource));
    return std::nullopt;
  }

  absl::StatusOr<int> Migrate() override { return store_.Migrate(finance_migrations()); }

  absl::Status CheckSchema() override {
    ASSIGN_OR_RETURN(store::SchemaState state, store_.CheckSchema(finance_migrations()));
    if (state.UpToDate()) return absl::OkStatus();
    return MakeError(absl::StatusCode::kFailedPrecondition, rpc::kSchemaBehindReason,
                     absl::StrCat("finance's schema is at version ", state.current, " and must be at ",
                                  state.required, "; run: specom-finance migrate"),
                     {{"service", "finance"},
                      {"current", absl::StrCat(state.current)},
                      {"required", absl::StrCat(state.required)}});
  }

  std::vector<grpc::Service*> services() override {
    if (!Serves(config_.role)) return {};
    return {&finance_grpc_, &operations_grpc_};
  }

  absl::Status Start() override {
    RequestContext context;
    context.principal.user = kSource;
    context.principal.roles = {Role::kService};
    context.method = "specom.finance/Start";
    context.received_at = host_.clock.Now();
    context.deadline = context.received_at + kImportTime;
    RETURN_IF_ERROR(reference_regions_.Execute(context));
    RETURN_IF_ERROR(reference_inputs_.ImportAll(context).status());
    relay_.Start();
    return Works(config_.role) ? workers_.Start() : absl::OkStatus();
  }

  absl::Status Ready() override { return store_.Ping(); }

  void EndWaits() override { operations_grpc_.EndWaits(); }

  void Stop() override {
    workers_.Stop();
    relay_.Stop();
  }

 private:
  const FinanceConfig config_;
  store::Store& store_;
  rpc::Host& host_;
  const std::unique_ptr<ReferenceLibrary> library_;
  FileInputReader reader_;
  SqlInputSetRepository inputs_;
  SqlRunRepository runs_;
  OutboxRunEvents events_;
  PortfolioFootprints footprints_;
  RunSignals signals_;
  SqlOrganisationRegions regions_;
  ReferenceInputs reference_inputs_;
  ReferenceRegions reference_regions_;
  events::OutboxRelay relay_;
  Operations operations_;
  finance::Reach reach_;
  ComputeRun compute_;
  JobWorkers workers_;
  RunOperations run_operations_;
  rpc::OperationsService operations_grpc_;
  PublishedAnswers published_;
  FinanceGrpc finance_grpc_;
};

}  // namespace

std::vector<std::string> FinanceConfig::Verify() const {
  std::vector<std::string> problems;
  if (workers < 1 || workers > 64) problems.push_back(absl::StrCat("workers is ", workers, "; set 1 to 64"));
  if (claim_after < absl::Milliseconds(10) || claim_after > absl::Hours(1)) {
    problems.push_back(absl::StrCat("claim_after is ", absl::FormatDuration(claim_after),
                                    "; set more than a run takes and at most an hour, e.g. 30 seconds"));
  }
  return problems;
}

absl::StatusOr<std::unique_ptr<rpc::Module>> NewFinanceModule(const FinanceConfig& config,
                                                              store::Store& store, rpc::Host& host) {
  if (std::vector<std::string> problems = config.Verify(); !problems.empty()) {
    const std::string all = absl::StrJoin(problems, "; ");
    return MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION", all, {{"problems", all}});
  }
  ASSIGN_OR_RETURN(std::unique_ptr<ReferenceLibrary> library, NewReferenceLibrary());
  return std::make_unique<FinanceModule>(config, store, host, std::move(library));
}

rpc::ServiceProgram FinanceProgram() {
  rpc::ServiceProgram program;
  program.name = "finance";
  program.description = "specom-finance: what each integrated care board is allocated, and why";
  program.settings = {
      {.name = "role",
       .standard = "both",
       .help = "api: answers calls; worker: computes runs; both",
       .problem =
           [](const std::string& value) {
             return rpc::NotOneOf(value, {"api", "worker", "both"});
           }},
      {.name = "workers",
       .standard = "1",
       .help = "How many runs this process computes at the same time",
       .problem = [](const std::string& value) { return rpc::NotANumber(value, 1, 64); }},
      {.name = "claim_after_seconds",
       .standard = "30",
       .help =
           "After how long another worker takes over a run that was not finished; longer than a run takes",
       .problem = [](const std::string& value) { return rpc::NotANumber(value, 1, 3600); }},
      {.name = "worker_name",
       .standard = "",
       .help = "Unique among the processes that work; empty: host name and process id",
       .problem = nullptr},
      {.name = "portfolio_endpoint",
       .standard = "",
       .help =
           "host:port of specom-portfolio, for figures on the ICBs of another date; empty: none are given",
       .problem = [](const std::string& v) { return v.empty() ? "" : rpc::NotAnAddress(v); }},
  };
  program.make = [](const rpc::ServiceContext& context) {
    const rpc::Settings& settings = context.settings;
    FinanceConfig config;
    const std::string& role = settings.Get("role");
    config.role = role == "api"      ? ProcessRole::kApi
                  : role == "worker" ? ProcessRole::kWorker
                                     : ProcessRole::kBoth;
    config.workers = settings.Number("workers");
    config.claim_after = absl::Seconds(settings.Number("claim_after_seconds"));
    config.worker_name = settings.Get("worker_name");
    config.portfolio_endpoint = [endpoint = settings.Get("portfolio_endpoint")] { return endpoint; };
    return NewFinanceModule(config, context.store, context.host);
  };
  return program;
}

}  // namespace specom::finance

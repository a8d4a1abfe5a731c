// Wiring, by hand and by constructor.
#include "services/portfolio/service.h"

#include <string>

#include "libs/base/status.h"
#include "libs/events/relay.h"
#include "libs/rpc/service_host.h"
#include "services/portfolio/adapters/outbox_registry_events.h"
#include "services/portfolio/adapters/portfolio_grpc.h"
#include "services/portfolio/adapters/registry_watch.h"
#include "services/portfolio/adapters/sql_record_log.h"
#include "services/portfolio/app/load_reference_pack.h"
#include "services/portfolio/app/operations.h"
#include "services/portfolio/domain/text.h"
#include "services/portfolio/migrations/portfolio_migrations.h"
#include "services/portfolio/reference/portfolio_reference.h"

namespace specom::portfolio {
namespace {

constexpr char kSource[] = "specom/portfolio";
constexpr absl::Duration kLoadTime = absl::Seconds(60);

class PortfolioModule final : public rpc::Module {
 public:
  PortfolioModule(store::Store& store, rpc::Host& host)
      : store_(store),
        host_(host),
        events_(host.clock),
        live_(store, log_, events_, host.clock),
        load_reference_pack_(store, log_, live_, portfolio_reference()),
        relay_(store, host.bus,
               {.source = kSource,
                .topics = {std::string(kPortfolioTopic)},
                .logger = &host.logger,
                .metrics = &host.metrics}),
        watch_(live_, host.cache, host.clock, host.logger, host.metrics),
        answers_(host.cache, live_, host.clock),
        operations_{
            .organisations = RecordOperations<Organisation>(live_),
            .programmes = RecordOperations<Programme>(live_),
            .clinical_reference_groups = RecordOperations<ClinicalReferenceGroup>(live_),
            .services = RecordOperations<Service>(live_),
            .service_lines = RecordOperations<ServiceLine>(live_),
            .specifications = RecordOperations<Specification>(live_),
            .provider_eligibilities = RecordOperations<ProviderEligibility>(live_),
            .service_assessments = RecordOperations<ServiceAssessment>(live_),
            .decisions = RecordOperations<Decision>(live_),
            .resolve_delegation = ResolveDelegation(live_),
            .list_delegations = ListDelegations(live_),
            .list_service_statuses = ListServiceStatuses(live_),
            .restate_footprint = RestateFootprint(live_),
            .record_decision = RecordDecision(store, live_, [this] { Recorded(); }),
            .correct_decision = CorrectDecision(store, live_, [this] { Recorded(); }),
            .import_records = ImportRecords(store, live_, [this] { Recorded(); }),
        },
        grpc_(host.pipeline, operations_, answers_) {}

  std::string name() const override { return "portfolio"; }
  store::Store* store() override { return &store_; }

  absl::StatusOr<int> Migrate() override { return store_.Migrate(portfolio_migrations()); }

  absl::Status CheckSchema() override {
    ASSIGN_OR_RETURN(store::SchemaState state, store_.CheckSchema(portfolio_migrations()));
    if (state.UpToDate()) return absl::OkStatus();
    std::string current = std::to_string(state.current);
    std::string required = std::to_string(state.required);
    return MakeError(absl::StatusCode::kFailedPrecondition, rpc::kSchemaBehindReason,
                     Concat({"portfolio's schema is at version ", current, " and must be at ", required,
                             "; run: specom-portfolio migrate"}),
                     {{"service", "portfolio"}, {"current", current}, {"required", required}});
  }

  std::vector<grpc::Service*> services() override { return {&grpc_}; }

  absl::Status Start() override {
    RequestContext context;
    context.principal = {.user = kSource, .roles = {Role::kService}, .organisation = ""};
    context.method = "specom.portfolio/Start";
    context.received_at = host_.clock.Now();
    context.deadline = context.received_at + kLoadTime;
    RETURN_IF_ERROR(load_reference_pack_.Execute(context).status());
    RETURN_IF_ERROR(watch_.RunOnce());
    relay_.Start();
    watch_.Start();
    return absl::OkStatus();
  }

  absl::Status Ready() override { return store_.Ping(); }

  void Stop() override {
    watch_.Stop();
    relay_.Stop();
  }

 private:
  // A change was committed: before its writer is answered, everybody is told.
  void Recorded() {
    relay_.Wake();
    watch_.Tell();
  }

  store::Store& store_;
  rpc::Host& host_;
  SqlRecordLog log_;
  OutboxRegistryEvents events_;
  LiveRegistry live_;
  LoadReferencePack load_reference_pack_;
  events::OutboxRelay relay_;
  RegistryWatch watch_;
  AnswerCache answers_;
  Operations operations_;
  PortfolioGrpc grpc_;
};

}  // namespace

std::unique_ptr<rpc::Module> NewPortfolioModule(store::Store& store, rpc::Host& host) {
  return std::make_unique<PortfolioModule>(store, host);
}

rpc::ServiceProgram PortfolioProgram() {
  rpc::ServiceProgram program;
  program.name = "portfolio";
  program.description = "specom-portfolio: which services are specialised, and who commissions them for whom";
  program.make = [](const rpc::ServiceContext& context) -> absl::StatusOr<std::unique_ptr<rpc::Module>> {
    return NewPortfolioModule(context.store, context.host);
  };
  return program;
}

}  // namespace specom::portfolio

// Wiring, by hand and by constructor.
#include "services/reporting/service.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/reporting/adapters/event_consumer.h"
#include "services/reporting/adapters/reporting_grpc.h"
#include "services/reporting/adapters/sql_read_model.h"
#include "services/reporting/app/apply_event.h"
#include "services/reporting/app/get_regional_report.h"
#include "services/reporting/app/list_regional_reports.h"
#include "services/reporting/migrations/reporting_migrations.h"

namespace specom::reporting {
namespace {

std::string HostName() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return "reporting";
  return host.data();
}

class ReportingModule final : public rpc::Module {
 public:
  ReportingModule(const ReportingConfig& config, store::Store& store, rpc::Host& host)
      : store_(store),
        apply_(store, read_model_),
        get_(store, read_model_),
        list_(store, read_model_),
        consumer_(host.bus, apply_, host.clock,
                  config.consumer_name.empty() ? HostName() : config.consumer_name),
        grpc_(host.pipeline, get_, list_) {}

  std::string name() const override { return "reporting"; }
  store::Store* store() override { return &store_; }

  absl::StatusOr<int> Migrate() override { return store_.Migrate(reporting_migrations()); }

  absl::Status CheckSchema() override {
    ASSIGN_OR_RETURN(const store::SchemaState state, store_.CheckSchema(reporting_migrations()));
    if (state.UpToDate()) return absl::OkStatus();
    return MakeError(absl::StatusCode::kFailedPrecondition, rpc::kSchemaBehindReason,
                     absl::StrCat("reporting's schema is at version ", state.current, " and must be at ",
                                  state.required, "; run: specom-reporting migrate"),
                     {{"service", "reporting"},
                      {"current", absl::StrCat(state.current)},
                      {"required", absl::StrCat(state.required)}});
  }

  std::vector<grpc::Service*> services() override { return {&grpc_}; }

  absl::Status Start() override {
    const absl::Status status = consumer_.Start();
    if (!status.ok()) consumer_.Stop();
    return status;
  }

  absl::Status Ready() override { return store_.Ping(); }

  void Stop() override { consumer_.Stop(); }

 private:
  store::Store& store_;
  SqlReadModel read_model_;
  ApplyEvent apply_;
  GetRegionalReport get_;
  ListRegionalReports list_;
  EventConsumer consumer_;
  ReportingGrpc grpc_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::Module>> NewReportingModule(const ReportingConfig& config,
                                                                store::Store& store, rpc::Host& host) {
  return std::make_unique<ReportingModule>(config, store, host);
}

rpc::ServiceProgram ReportingProgram() {
  rpc::ServiceProgram program;
  program.name = "reporting";
  program.description = "specom-reporting: regional reports, built from the events of the other services";
  program.settings = {
      {.name = "consumer_name",
       .standard = "",
       .help = "Unique among the processes that share the database; empty: the host's name",
       .problem = nullptr},
  };
  program.make = [](const rpc::ServiceContext& context) {
    return NewReportingModule({.consumer_name = context.settings.Get("consumer_name")}, context.store,
                              context.host);
  };
  return program;
}

}  // namespace specom::reporting

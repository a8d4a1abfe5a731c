#include "tests/crash/simulation/finance_world.h"

#include "libs/base/check.h"
#include "libs/base/digest.h"
#include "services/finance/adapters/sql_organisation_regions.h"
#include "services/finance/app/reference_regions.h"
#include "services/finance/migrations/finance_migrations.h"

namespace specom::crash {
namespace {

std::filesystem::path NewFolder() {
  auto path =
      std::filesystem::temp_directory_path() / ("specom_simulation_" + Sha256Hex(NewUuid()).substr(0, 12));
  std::filesystem::create_directories(path);
  return path;
}

// A read within a read of another worker needs a connection of its own.
constexpr int kConnections = 4;

std::unique_ptr<store::Store> Open(const std::filesystem::path& file, const Clock& clock) {
  auto store = store::OpenStore(
      {.url = Secret("sqlite:" + file.string()), .schema = {}, .connections = kConnections}, clock);
  SPECOM_CHECK(store.ok());
  return *std::move(store);
}

// What ships is read once.
const finance::ReferenceLibrary& Library() {
  static const std::unique_ptr<finance::ReferenceLibrary> library = finance::NewReferenceLibrary().value();
  return *library;
}

}  // namespace

absl::Status PlannedFault::Visit(store::FaultPoint point) {
  if (point == store::FaultPoint::kAfterCommit) ++commits_;
  if (!fault_ || fault_->first != point || ++visits_ != fault_->second) return absl::OkStatus();
  struck_ = true;
  return absl::UnavailableError("a planned fault");
}

MigratedDatabase::MigratedDatabase() : folder_(NewFolder()), file_(folder_ / "finance.db") {
  SystemClock clock;
  auto store = Open(file_, clock);
  SPECOM_CHECK(store->Migrate(finance::finance_migrations()).ok());
  finance::SqlOrganisationRegions regions;
  SPECOM_CHECK(finance::ReferenceRegions(*store, Library(), regions).Execute(RequestContext()).ok());
}
MigratedDatabase::~MigratedDatabase() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

FinanceWorld::FinanceWorld(const MigratedDatabase& empty)
    : folder([&empty] {
        std::filesystem::path made = NewFolder();
        std::filesystem::copy_file(empty.file(), made / "finance.db");
        return made;
      }()),
      sound_store(Open(folder / "finance.db", clock)),
      store(store::Faulty(Open(folder / "finance.db", clock),
                          [this](store::FaultPoint point) { return fault.Visit(point); })),
      reference(*store, Library(), inputs, clock),
      relay(*store, bus,
            {.source = "specom/finance",
             .topics = {std::string(finance::kFinanceTopic), std::string(finance::kJobsTopic)}}),
      import_inputs(*store, reader, inputs, clock),
      create_run(*store, runs, inputs, reference, events, clock, [] {}),
      approve_run(*store, runs, events, clock),
      publish_run(*store, runs, events, clock),
      get_run(*store, runs),
      logger(observe::Logger::ToFunction(observe::LogLevel::kError, [](std::string_view) {})),
      compute(*store, runs, inputs, Library(), events, clock, signals),
      workers(bus, compute, clock, *logger, metrics, {.name = "worker", .workers = 2}) {
  SPECOM_CHECK(workers.Start().ok());
  subscriptions.push_back(bus.Subscribe(finance::kFinanceTopic, kFiguresGroup, {.consumer = "figures-1"},
                                        [this](const events::Event& event) { return figures.Handle(event); })
                              .value());
}

FinanceWorld::~FinanceWorld() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

absl::Status FinanceWorld::ComputeElsewhere(const finance::RunId& run, const std::string& worker,
                                            bool to_the_end) {
  finance::InterceptedInputs stored;
  if (!to_the_end) stored.before_load = [] { return absl::UnavailableError("the other worker is slow"); };
  finance::ComputeRun other(*sound_store, runs, stored, Library(), events, clock, signals);
  RequestContext context;
  context.principal.user = worker;
  const absl::Status computed = other.Execute(context, run, worker);
  return to_the_end ? computed : absl::OkStatus();
}

}  // namespace specom::crash

// Finance's operations and workers on a real SQLite store, a clock that stands still and a bus without
// threads; the store fails where a step says.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/events/relay.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/store/faulty.h"
#include "libs/testing/fake_clock.h"
#include "services/finance/adapters/job_worker.h"
#include "services/finance/adapters/outbox_run_events.h"
#include "services/finance/adapters/shipped_inputs.h"
#include "services/finance/adapters/sql_run_repository.h"
#include "services/finance/app/approve_run.h"
#include "services/finance/app/create_run.h"
#include "services/finance/app/import_inputs.h"
#include "services/finance/app/publish_run.h"
#include "services/finance/app/runs.h"
#include "services/finance/testing/intercepted_inputs.h"
#include "tests/crash/simulation/figures_reader.h"
#include "tests/crash/simulation/simulated_bus.h"

namespace specom::crash {

// Fails at one visit of one point, and tells what was committed all the same.
class PlannedFault {
 public:
  // nothing: no fault.
  void Plan(std::optional<std::pair<store::FaultPoint, int>> fault) {
    fault_ = fault;
    visits_ = commits_ = 0;
    struck_ = false;
  }
  absl::Status Visit(store::FaultPoint point);

  // Whether it happened.
  bool struck() const { return struck_; }
  // How many writes were committed since Plan.
  int commits() const { return commits_; }

 private:
  std::optional<std::pair<store::FaultPoint, int>> fault_;
  int visits_ = 0;
  int commits_ = 0;
  bool struck_ = false;
};

// A folder with an empty migrated database, to be copied.
class MigratedDatabase {
 public:
  MigratedDatabase();
  ~MigratedDatabase();
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path folder_, file_;
};

struct FinanceWorld {
  explicit FinanceWorld(const MigratedDatabase& empty);
  ~FinanceWorld();

  // The worker's job by another worker, past every fault; to its outcome, or no further than taking it up.
  absl::Status ComputeElsewhere(const finance::RunId& run, const std::string& worker, bool to_the_end);

  const std::filesystem::path folder;
  specom::testing::FakeClock clock;
  PlannedFault fault;
  // The same database without and with faults.
  const std::unique_ptr<store::Store> sound_store;
  const std::unique_ptr<store::Store> store;
  SimulatedBus bus;
  finance::FileInputReader reader;
  finance::InterceptedInputs inputs;
  finance::SqlRunRepository runs;
  finance::OutboxRunEvents events{clock};
  finance::RunSignals signals;
  finance::ReferenceInputs reference;
  events::OutboxRelay relay;
  finance::ImportInputs import_inputs;
  finance::CreateRun create_run;
  finance::ApproveRun approve_run;
  finance::PublishRun publish_run;
  finance::GetRun get_run;
  observe::Metrics metrics;
  const std::unique_ptr<observe::Logger> logger;
  finance::ComputeRun compute;
  finance::JobWorkers workers;
  FiguresReader figures;
  std::vector<std::unique_ptr<events::Subscription>> subscriptions;
};

inline constexpr char kFiguresGroup[] = "figures";

}  // namespace specom::crash

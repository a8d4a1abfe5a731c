// Proves the work queue: jobs that go through outbox and bus to any number of workers, a job that its
// worker holds too long, and a job that is malformed.
#include "services/finance/adapters/job_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "libs/base/digest.h"
#include "libs/events/relay.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/adapters/outbox_run_events.h"
#include "services/finance/adapters/shipped_inputs.h"
#include "services/finance/adapters/sql_run_repository.h"
#include "services/finance/app/create_run.h"
#include "services/finance/app/import_inputs.h"
#include "services/finance/migrations/finance_migrations.h"
#include "services/finance/testing/example_inputs.h"
#include "services/finance/testing/intercepted_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;

constexpr absl::Duration kPatience = absl::Seconds(30);

class JobWorkerTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  void SetUp() override {
    store_ = database_.Open(clock_, 8);
    ASSERT_NE(store_, nullptr);
    ASSERT_THAT(store_->Migrate(finance_migrations()), IsOk());
    auto library = NewReferenceLibrary();
    ASSERT_THAT(library, IsOk());
    library_ = *std::move(library);
    context_.principal = {"author@example.nhs.uk", {Role::kNational}, ""};
    context_.method = "specom.finance.v1.FinanceService/CreateRun";
  }

  RunId Create(int variant) {
    FileInputReader reader;
    ImportInputs import(*store_, reader, inputs_, clock_);
    absl::StatusOr<InputSetRecord> record = import.Execute(context_, {ExampleFiles(variant)});
    EXPECT_THAT(record, IsOk());
    ReferenceInputs reference(*store_, *library_, inputs_, clock_);
    CreateRun create(*store_, runs_, inputs_, reference, events_, clock_, [] {});
    absl::StatusOr<finance::Run> run = create.Execute(context_, {.input_set = record->id});
    EXPECT_THAT(run, IsOk());
    return run->id;
  }

  // Brings the committed jobs to the bus.
  void Relay() {
    events::OutboxRelay relay(
        *store_, *bus_,
        {.source = "specom/finance", .topics = {std::string(kFinanceTopic), std::string(kJobsTopic)}});
    EXPECT_THAT(relay.RunOnce(), IsOk());
  }

  finance::Run Now(const RunId& id) {
    std::optional<finance::Run> found;
    EXPECT_THAT(store_->Read(context_,
                             [&](store::UnitOfWork& work) -> absl::Status {
                               ASSIGN_OR_RETURN(found, runs_.Find(work, id));
                               return absl::OkStatus();
                             }),
                IsOk());
    return found.value_or(finance::Run());
  }

  // The run once it is finished.
  finance::Run Finished(const RunId& id) {
    const absl::Time end = absl::Now() + kPatience;
    while (absl::Now() < end) {
      const std::int64_t seen = signals_.Changes();
      finance::Run run = Now(id);
      if (IsFinished(run.state)) return run;
      signals_.WaitForChange(seen, absl::Milliseconds(20));
    }
    ADD_FAILURE() << "not finished: " << ResourceName(id);
    return {};
  }

  SystemClock clock_;
  store::TestDatabase database_{GetParam()};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<events::Bus> bus_ = events::NewInProcessBus();
  std::unique_ptr<ReferenceLibrary> library_;
  InterceptedInputs inputs_;
  SqlRunRepository runs_;
  OutboxRunEvents events_{clock_};
  RunSignals signals_;
  RequestContext context_;
  observe::Metrics metrics_;
  std::unique_ptr<observe::Logger> logger_ =
      observe::Logger::ToFunction(observe::LogLevel::kInfo, [](std::string_view) {});
};

INSTANTIATE_TEST_SUITE_P(Engines, JobWorkerTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

TEST_P(JobWorkerTest, SeveralWorkersComputeEveryRunOnce) {
  ComputeRun compute(*store_, runs_, inputs_, *library_, events_, clock_, signals_);
  JobWorkers workers(*bus_, compute, clock_, *logger_, metrics_, {.name = "worker", .workers = 3});
  ASSERT_THAT(workers.Start(), IsOk());
  std::vector<RunId> ids;
  for (int variant = 0; variant < 6; ++variant) ids.push_back(Create(variant));
  Relay();
  for (const RunId& id : ids) {
    const finance::Run run = Finished(id);
    EXPECT_EQ(run.state, RunState::kComputed);
    EXPECT_EQ(run.attempts, 1);
  }
  workers.Stop();
}

TEST_P(JobWorkerTest, ARunThatItsWorkerHoldsTooLongIsTakenOverAndDoneOnce) {
  absl::Notification held, go_on;
  InterceptedInputs holding;
  holding.before_load = [&] {
    held.Notify();
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  ComputeRun slow(*store_, runs_, holding, *library_, events_, clock_, signals_);
  ComputeRun quick(*store_, runs_, inputs_, *library_, events_, clock_, signals_);
  constexpr absl::Duration kClaimAfter = absl::Milliseconds(100);
  JobWorkers first(*bus_, slow, clock_, *logger_, metrics_, {.name = "slow", .claim_after = kClaimAfter});
  JobWorkers second(*bus_, quick, clock_, *logger_, metrics_, {.name = "quick", .claim_after = kClaimAfter});
  ASSERT_THAT(first.Start(), IsOk());
  const RunId id = Create(0);
  Relay();
  held.WaitForNotification();
  EXPECT_EQ(Now(id).worker, "slow-1");
  ASSERT_THAT(second.Start(), IsOk());
  const finance::Run computed = Finished(id);
  EXPECT_EQ(computed.state, RunState::kComputed);
  EXPECT_EQ(computed.worker, "quick-1");
  EXPECT_EQ(computed.fence, 2);
  go_on.Notify();
  first.Stop();
  second.Stop();
  EXPECT_EQ(Now(id).version, computed.version);
}

TEST_P(JobWorkerTest, AMalformedJobDoesNotHoldUpTheOthers) {
  ASSERT_THAT(store_->Write(context_,
                            [&](store::UnitOfWork& work) {
                              return work.Publish({.topic = std::string(kJobsTopic),
                                                   .id = NewUuid(),
                                                   .type = "specom.events.v1.RunRequested",
                                                   .subject = "runs/x",
                                                   .data = "\xff no message",
                                                   .traceparent = "",
                                                   .time = clock_.Now()});
                            }),
              IsOk());
  const RunId id = Create(0);
  ComputeRun compute(*store_, runs_, inputs_, *library_, events_, clock_, signals_);
  JobWorkers workers(*bus_, compute, clock_, *logger_, metrics_, {.name = "worker"});
  ASSERT_THAT(workers.Start(), IsOk());
  Relay();
  EXPECT_EQ(Finished(id).state, RunState::kComputed);
  workers.Stop();
  const std::string text = metrics_.Text();
  EXPECT_THAT(text, ::testing::HasSubstr("specom_finance_jobs_total{outcome=\"malformed\"} 1"));
  EXPECT_THAT(text, ::testing::HasSubstr("specom_finance_jobs_total{outcome=\"done\"} 1"));
}

}  // namespace
}  // namespace specom::finance

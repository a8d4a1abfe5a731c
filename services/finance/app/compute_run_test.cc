// Proves, on both engines, that a run is computed once: redelivery, workers that lose their run,
// inputs at fault, stores that are away, and workers that die of a run.
#include "services/finance/app/compute_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"
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
using ::specom::testing::StatusIs;
using ::testing::HasSubstr;

class ComputeRunTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  void SetUp() override {
    store_ = database_.Open(clock_);
    ASSERT_NE(store_, nullptr);
    ASSERT_THAT(store_->Migrate(finance_migrations()), IsOk());
    auto library = NewReferenceLibrary();
    ASSERT_THAT(library, IsOk());
    library_ = *std::move(library);
    context_.principal = {"author@example.nhs.uk", {Role::kNational}, ""};
    context_.method = "specom.finance.v1.FinanceService/CreateRun";
  }

  // Its inputs must be stored.
  finance::Run CreateOn(const CreateRunCommand& command) {
    ReferenceInputs reference(*store_, *library_, inputs_, clock_);
    CreateRun create(*store_, runs_, inputs_, reference, events_, clock_, [] {});
    absl::StatusOr<finance::Run> run = create.Execute(context_, command);
    EXPECT_THAT(run, IsOk());
    return run.ok() ? *run : finance::Run();
  }

  finance::Run CreateOnExample() {
    FileInputReader reader;
    ImportInputs import(*store_, reader, inputs_, clock_);
    absl::StatusOr<InputSetRecord> record = import.Execute(context_, {ExampleFiles()});
    EXPECT_THAT(record, IsOk());
    return record.ok() ? CreateOn({.input_set = record->id}) : finance::Run();
  }

  ComputeRun Worker(InputSetRepository& inputs) {
    return ComputeRun(*store_, runs_, inputs, *library_, events_, clock_, signals_);
  }

  finance::Run Now(const RunId& id) {
    std::optional<finance::Run> found;
    EXPECT_THAT(store_->Read(context_,
                             [&](store::UnitOfWork& work) -> absl::Status {
                               ASSIGN_OR_RETURN(found, runs_.Find(work, id));
                               return absl::OkStatus();
                             }),
                IsOk());
    EXPECT_TRUE(found.has_value());
    return found.value_or(finance::Run());
  }

  int Completions(const RunId& id) {
    absl::StatusOr<std::vector<store::OutboxRecord>> records = store_->UnpublishedEvents(1000);
    EXPECT_THAT(records, IsOk());
    int count = 0;
    for (const store::OutboxRecord& record : *records) {
      if (record.event.subject == ResourceName(id) && record.event.type == "specom.events.v1.RunCompleted")
        ++count;
    }
    return count;
  }

  SystemClock clock_;
  store::TestDatabase database_{GetParam()};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ReferenceLibrary> library_;
  InterceptedInputs inputs_;
  SqlRunRepository runs_;
  OutboxRunEvents events_{clock_};
  RunSignals signals_;
  RequestContext context_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ComputeRunTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

TEST_P(ComputeRunTest, TheReferenceInputsGiveThePublishedAllocations) {
  const finance::Run run =
      CreateOn({.stream = "specialised", .year = FinancialYear::Parse("2025/26").value()});
  ComputeRun worker = Worker(inputs_);
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk());
  const finance::Run computed = Now(run.id);
  EXPECT_EQ(computed.state, RunState::kComputed);
  ASSERT_TRUE(computed.comparison.has_value());
  EXPECT_EQ(computed.comparison->icbs_equal, 42);
  EXPECT_EQ(computed.comparison->icbs_compared, 42);
  EXPECT_EQ(computed.allocation, Pence(20'724'410'000'00));
}

TEST_P(ComputeRunTest, ARunOfOnesOwnInputsIsNotComparedToPublishedFigures) {
  const finance::Run run = CreateOnExample();
  ComputeRun worker = Worker(inputs_);
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk());
  EXPECT_EQ(Now(run.id).comparison.has_value(), false);
}

TEST_P(ComputeRunTest, AJobThatIsDeliveredAgainChangesNothing) {
  const finance::Run run = CreateOnExample();
  ComputeRun worker = Worker(inputs_);
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk());
  const finance::Run computed = Now(run.id);
  EXPECT_EQ(computed.state, RunState::kComputed);
  EXPECT_EQ(computed.result_digest.size(), 64u);
  EXPECT_EQ(computed.fence, 1);
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-2"), IsOk());
  EXPECT_EQ(Now(run.id).version, computed.version);
  EXPECT_EQ(Completions(run.id), 1);
}

TEST_P(ComputeRunTest, AJobForARunThatDoesNotExistIsDone) {
  ComputeRun worker = Worker(inputs_);
  EXPECT_THAT(worker.Execute(context_, RunId("00000000000000000000"), "worker-1"), IsOk());
}

TEST_P(ComputeRunTest, AWorkerThatLostItsRunDiscardsQuietly) {
  const finance::Run run = CreateOnExample();
  absl::Notification loading, go_on;
  InterceptedInputs held;
  held.before_load = [&] {
    loading.Notify();
    go_on.WaitForNotification();
    return absl::OkStatus();
  };
  ComputeRun slow = Worker(held);
  absl::Status slow_outcome = absl::UnknownError("did not end");
  std::thread first([&] { slow_outcome = slow.Execute(context_, run.id, "slow"); });
  loading.WaitForNotification();
  EXPECT_EQ(Now(run.id).worker, "slow");

  ComputeRun quick = Worker(inputs_);
  EXPECT_THAT(quick.Execute(context_, run.id, "quick"), IsOk());
  const finance::Run computed = Now(run.id);
  EXPECT_EQ(computed.state, RunState::kComputed);
  EXPECT_EQ(computed.fence, 2);

  go_on.Notify();
  first.join();
  EXPECT_THAT(slow_outcome, IsOk());
  const finance::Run after = Now(run.id);
  EXPECT_EQ(after.version, computed.version);
  EXPECT_EQ(after.worker, "quick");
  EXPECT_EQ(Completions(run.id), 1);
}

TEST_P(ComputeRunTest, AWorkerThatLostItsRunToOneThatDiesLeavesTheJobToBeDeliveredAgain) {
  const finance::Run run = CreateOnExample();
  InterceptedInputs deadly;
  deadly.before_load = [] { return absl::UnavailableError("as if the worker had died here"); };
  ComputeRun dying = Worker(deadly);
  InterceptedInputs taken_over;
  taken_over.before_load = [&] {
    EXPECT_THAT(dying.Execute(context_, run.id, "dying"), StatusIs(absl::StatusCode::kUnavailable));
    return absl::OkStatus();
  };
  ComputeRun slow = Worker(taken_over);
  EXPECT_THAT(slow.Execute(context_, run.id, "slow"), StatusIs(absl::StatusCode::kAborted))
      << "OK would end the job, and nobody would compute the run";
  EXPECT_EQ(Now(run.id).state, RunState::kComputing);
  EXPECT_EQ(Now(run.id).worker, "dying");

  ComputeRun next = Worker(inputs_);
  EXPECT_THAT(next.Execute(context_, run.id, "next"), IsOk());
  EXPECT_EQ(Now(run.id).state, RunState::kComputed);
  EXPECT_EQ(Completions(run.id), 1);
}

TEST_P(ComputeRunTest, InputsThatWereDamagedFailTheRunAndACorrectedStoreLetsItBeAskedForAgain) {
  const finance::Run run = CreateOnExample();
  auto add_a_penny = [&](std::int64_t pence) {
    return store_->Write(context_, [&](store::UnitOfWork& work) {
      return work
          .Execute({.name = "test.damage",
                    .sql = "UPDATE baseline_line SET amount_pence = amount_pence + :p1 WHERE position = 0"},
                   {pence})
          .status();
    });
  };
  ASSERT_THAT(add_a_penny(1), IsOk());
  ComputeRun worker = Worker(inputs_);
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk());
  const finance::Run failed = Now(run.id);
  EXPECT_EQ(failed.state, RunState::kFailed);
  EXPECT_THAT(failed.failure, HasSubstr("no longer has the content"));
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk()) << "a failed run is finished";
  EXPECT_EQ(Now(run.id).version, failed.version);

  ASSERT_THAT(add_a_penny(-1), IsOk());
  EXPECT_EQ(CreateOnExample().state, RunState::kQueued);
  ASSERT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk());
  EXPECT_EQ(Now(run.id).state, RunState::kComputed);
}

TEST_P(ComputeRunTest, AStoreThatIsAwayLeavesTheJobToBeDeliveredAgain) {
  const finance::Run run = CreateOnExample();
  inputs_.before_load = [] { return absl::UnavailableError("the database is away"); };
  ComputeRun worker = Worker(inputs_);
  EXPECT_THAT(worker.Execute(context_, run.id, "worker-1"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Now(run.id).state, RunState::kComputing);
  inputs_.before_load = [] { return absl::OkStatus(); };
  EXPECT_THAT(worker.Execute(context_, run.id, "worker-1"), IsOk());
  EXPECT_EQ(Now(run.id).state, RunState::kComputed);
}

TEST_P(ComputeRunTest, ARunThatItsWorkersDieOfFailsAfterABoundedNumberOfAttempts) {
  const finance::Run run = CreateOnExample();
  InterceptedInputs deadly;
  deadly.before_load = [] { return absl::UnavailableError("as if the worker had died here"); };
  ComputeRun dying = Worker(deadly);
  for (int i = 0; i < kMaxRunAttempts; ++i) {
    ASSERT_THAT(dying.Execute(context_, run.id, "worker-1"), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(dying.Execute(context_, run.id, "worker-2"), IsOk());
  const finance::Run failed = Now(run.id);
  EXPECT_EQ(failed.state, RunState::kFailed);
  EXPECT_THAT(failed.failure, HasSubstr("5 times without an outcome"));
}

}  // namespace
}  // namespace specom::finance

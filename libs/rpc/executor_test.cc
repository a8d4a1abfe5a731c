// Proves that work is bounded: what cannot be done in time is refused at once, and nothing that was
// taken is lost.
#include "libs/rpc/executor.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "libs/base/status.h"
#include "libs/observe/metrics.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::HasSubstr;

const absl::Time kNever = absl::InfiniteFuture();

// An executor of one thread, held by a task until the test lets go.
class HeldExecutor : public ::testing::Test {
 protected:
  void Hold(int queue_limit) {
    executor_ = std::make_unique<Executor>(Executor::Options{.threads = 1, .queue_limit = queue_limit},
                                           clock_, &metrics_);
    absl::Notification held;
    ASSERT_THAT(executor_->Submit(kNever,
                                  [&](absl::Status) {
                                    held.Notify();
                                    release_.WaitForNotification();
                                  }),
                IsOk());
    held.WaitForNotification();
  }
  void TearDown() override {
    if (!release_.HasBeenNotified()) release_.Notify();
  }

  testing::FakeClock clock_;
  observe::Metrics metrics_;
  absl::Notification release_;
  std::unique_ptr<Executor> executor_;
};

TEST(Executor, RunsEveryTaskThatItTook) {
  testing::FakeClock clock;
  Executor executor({.threads = 4, .queue_limit = 1000}, clock);
  std::atomic<int> ran = 0;
  absl::BlockingCounter all(500);
  for (int i = 0; i < 500; ++i) {
    ASSERT_THAT(executor.Submit(kNever,
                                [&](absl::Status admitted) {
                                  if (admitted.ok()) ++ran;
                                  all.DecrementCount();
                                }),
                IsOk());
  }
  all.Wait();
  EXPECT_EQ(ran, 500);
}

TEST_F(HeldExecutor, RefusesAtOnceWhenTheQueueIsFull) {
  Hold(2);
  auto nothing = [](absl::Status) {};
  EXPECT_THAT(executor_->Submit(kNever, nothing), IsOk());
  EXPECT_THAT(executor_->Submit(kNever, nothing), IsOk());
  bool called = false;
  absl::Status refused = executor_->Submit(kNever, [&](absl::Status) { called = true; });
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
  EXPECT_GE(RetryAfterMilliseconds(refused), 50);
  release_.Notify();
  executor_->Stop();
  EXPECT_FALSE(called);
}

TEST_F(HeldExecutor, RefusesWhatWouldWaitPastItsDeadline) {
  Hold(100);
  // The first guess of a task's time is a millisecond; ten of them wait.
  for (int i = 0; i < 10; ++i) ASSERT_THAT(executor_->Submit(kNever, [](absl::Status) {}), IsOk());
  EXPECT_THAT(executor_->Submit(clock_.Now() + absl::Milliseconds(1), [](absl::Status) { FAIL(); }),
              StatusIs(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
}

TEST_F(HeldExecutor, TellsWhatItRefusedAndWhatWaits) {
  Hold(1);
  ASSERT_THAT(executor_->Submit(kNever, [](absl::Status) {}), IsOk());
  ASSERT_FALSE(executor_->Submit(kNever, [](absl::Status) {}).ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("specom_admission_refused_total{reason=\"queue_full\"} 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("specom_admission_waiting 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("specom_admission_running 1"));
}

TEST_F(HeldExecutor, LearnsHowLongEachKindTakes) {
  const int slow = 0, quick = 0;
  {
    Executor executor({.threads = 1, .queue_limit = 1000}, clock_, &metrics_);
    absl::Notification ran;
    ASSERT_THAT(executor.Submit(
                    kNever, [&](absl::Status) { clock_.Advance(absl::Milliseconds(200)); }, &slow),
                IsOk());
    ASSERT_THAT(executor.Submit(
                    kNever, [&](absl::Status) { ran.Notify(); }, &quick),
                IsOk());
    ran.WaitForNotification();
    // One thread is held; behind it two slow tasks are too long a wait, and any number of quick ones not.
    absl::Notification held;
    ASSERT_THAT(executor.Submit(kNever,
                                [&](absl::Status) {
                                  held.Notify();
                                  release_.WaitForNotification();
                                }),
                IsOk());
    held.WaitForNotification();
    for (int i = 0; i < 100; ++i)
      ASSERT_THAT(executor.Submit(
                      kNever, [](absl::Status) {}, &quick),
                  IsOk());
    ASSERT_THAT(executor.Submit(
                    kNever, [](absl::Status) {}, &slow),
                IsOk());
    ASSERT_THAT(executor.Submit(
                    kNever, [](absl::Status) {}, &slow),
                IsOk());
    EXPECT_THAT(executor.Submit(
                    kNever, [](absl::Status) {}, &quick),
                StatusIs(absl::StatusCode::kResourceExhausted, "OVERLOADED"));
    release_.Notify();
  }
}

TEST_F(HeldExecutor, RefusesWhatIsTooLateAlready) {
  Hold(2);
  EXPECT_THAT(executor_->Submit(clock_.Now(), [](absl::Status) { FAIL(); }),
              StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
}

TEST_F(HeldExecutor, DropsQueuedWorkWhoseDeadlinePassed) {
  Hold(2);
  absl::Status told;
  ASSERT_THAT(executor_->Submit(clock_.Now() + absl::Seconds(1), [&](absl::Status status) { told = status; }),
              IsOk());
  clock_.Advance(absl::Seconds(2));
  release_.Notify();
  executor_->Stop();
  EXPECT_THAT(told, StatusIs(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"));
}

TEST_F(HeldExecutor, WorkThatIsTooLateMakesRoomForOther) {
  Hold(1);
  absl::Status told;
  bool ran = false;
  ASSERT_THAT(executor_->Submit(clock_.Now() + absl::Seconds(1), [&](absl::Status status) { told = status; }),
              IsOk());
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(executor_->Submit(kNever, [&](absl::Status status) { ran = status.ok(); }), IsOk());
  EXPECT_THAT(told, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(executor_->waiting(), 1);
  release_.Notify();
  executor_->Stop();
  EXPECT_TRUE(ran);
}

TEST_F(HeldExecutor, StopFinishesWhatWaitsAndTakesNoMore) {
  Hold(8);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 8; ++i) ASSERT_THAT(executor_->Submit(kNever, [&](absl::Status) { ++ran; }), IsOk());
  release_.Notify();
  executor_->Stop();
  EXPECT_EQ(ran, 8);
  EXPECT_THAT(executor_->Submit(kNever, [](absl::Status) {}),
              StatusIs(absl::StatusCode::kUnavailable, "STOPPING"));
}

TEST(Executor, EveryTaskIsAnsweredOnceUnderPressure) {
  testing::FakeClock clock;
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  {
    Executor executor({.threads = 2, .queue_limit = 3}, clock);
    std::vector<std::thread> callers;
    for (int c = 0; c < 4; ++c) {
      callers.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          if (!executor.Submit(kNever, [&](absl::Status) { ++answered; }).ok()) ++refused;
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  EXPECT_EQ(answered + refused, 4000);
}

}  // namespace
}  // namespace specom::rpc

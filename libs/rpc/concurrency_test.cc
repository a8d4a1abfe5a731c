// Proves that tasks which starve each other of processors become fewer, those which wait for something
// else do not, and that the kernel's count of such waits is read.
#include "libs/rpc/concurrency.h"

#include <gmock/gmock.h>

#include "absl/time/clock.h"

namespace specom::rpc {
namespace {

class ConcurrencyTest : public ::testing::Test {
 protected:
  // Tasks of 10 ms end one after the other; the share of their time that they waited for a processor.
  void Run(int tasks, double share) {
    for (int i = 0; i < tasks; ++i) {
      now_ += absl::Milliseconds(10);
      concurrency_.Ran(now_, absl::Milliseconds(10), absl::Milliseconds(10) * share);
    }
  }

  absl::Time now_ = absl::FromUnixSeconds(1'750'000'000);
  Concurrency concurrency_{2, 8};
};

TEST_F(ConcurrencyTest, BeginsWithAll) {
  EXPECT_EQ(concurrency_.limit(), 8);
}

TEST_F(ConcurrencyTest, RunsFewerWhileTheyStarveEachOtherDownToTheLeast) {
  Run(20, 0.9);
  EXPECT_LT(concurrency_.limit(), 8);
  EXPECT_GT(concurrency_.limit(), 2);
  Run(1000, 0.9);
  EXPECT_EQ(concurrency_.limit(), 2);
}

TEST_F(ConcurrencyTest, TasksThatWaitForSomethingElseMayBeMany) {
  Run(1000, 0.1);
  EXPECT_EQ(concurrency_.limit(), 8);
}

TEST_F(ConcurrencyTest, RestsWhereItIsNeitherCrowdedNorRoomy) {
  Run(4 * Concurrency::kTasks, 0.9);
  const int limit = concurrency_.limit();
  Run(1000, 0.4);
  EXPECT_EQ(concurrency_.limit(), limit);
}

TEST_F(ConcurrencyTest, RunsMoreAgainWhenThereIsRoom) {
  Run(1000, 0.9);
  Run(1000, 0.1);
  EXPECT_EQ(concurrency_.limit(), 8);
}

TEST(ProcessorWaitTest, NeverGoesBackAndNeverExceedsTheTimeThatPassed) {
  const absl::Time began = absl::Now();
  const ProcessorWait wait;
  const absl::Duration before = wait.SoFar();
  absl::Duration last = before;
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = wait.SoFar();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_LE(last - before, absl::Now() - began);
}

}  // namespace
}  // namespace specom::rpc

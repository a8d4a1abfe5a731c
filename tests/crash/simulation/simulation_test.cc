// Proves, for hundreds of lives drawn from seeds, that finance is what its README says whatever users ask
// for and whatever fails: states, who may, one run in force, repeats, events in order, money, audit.
#include "tests/crash/simulation/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"

namespace specom::crash {
namespace {

constexpr int kSteps = 150;
constexpr int kSeedsInATest = 150;

std::map<std::string, int> SimulateAndExpectNothing(std::uint64_t seed) {
  SimulationResult result = Simulate(seed, kSteps);
  EXPECT_TRUE(result.findings.empty())
      << absl::StrJoin(result.findings, "\n") << "\nafter the steps\n  "
      << absl::StrJoin(result.trace, "\n  ") << "\nagain: SPECOM_SIMULATION_SEED=" << seed
      << " build/tests/specom_simulation_test --gtest_filter='*/0'";
  return std::move(result.met);
}

class AllocationLifeCycle : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Seeds, AllocationLifeCycle, ::testing::Range(0, 4));

TEST_P(AllocationLifeCycle, IsWhatTheModelSaysAfterEveryStep) {
  std::uint64_t wanted = 0;
  if (const char* seed = std::getenv("SPECOM_SIMULATION_SEED"); seed != nullptr) {
    ASSERT_TRUE(absl::SimpleAtoi(seed, &wanted)) << "SPECOM_SIMULATION_SEED=" << seed;
    SimulateAndExpectNothing(wanted);
    return;
  }
  std::map<std::string, int> met;
  for (int i = 0; i < kSeedsInATest && !HasFailure(); ++i) {
    const auto seed = static_cast<std::uint64_t>(GetParam() * kSeedsInATest + i + 1);
    for (const auto& [what, times] : SimulateAndExpectNothing(seed)) met[what] += times;
  }
  // What was never met was not tried.
  for (const char* what : {"specom.finance.v1.FinanceService/ImportInputs",
                           "specom.finance.v1.FinanceService/CreateRun",
                           "specom.finance.v1.FinanceService/ApproveRun",
                           "specom.finance.v1.FinanceService/PublishRun",
                           "PERMISSION_DENIED/NOT_VISIBLE",
                           "NOT_FOUND/RUN_NOT_FOUND",
                           "NOT_FOUND/INPUT_SET_NOT_FOUND",
                           "ABORTED/STALE_ETAG",
                           "FAILED_PRECONDITION/RUN_STATE",
                           "FAILED_PRECONDITION/APPROVER_IS_AUTHOR",
                           "INVALID_ARGUMENT/IDEMPOTENCY_KEY_MISMATCH",
                           "asked again",
                           "validated only",
                           "too late",
                           "fault before commit",
                           "fault after commit",
                           "relay failed",
                           "bus lost",
                           "event repeated",
                           "worker died",
                           "worker overtaken",
                           "worker lost its claim",
                           "worker's store failed",
                           "computed",
                           "failed",
                           "ends approved",
                           "ends published",
                           "ends superseded"}) {
    EXPECT_GT(met[what], 0) << what;
  }
}

}  // namespace
}  // namespace specom::crash

// Proves that whatever a process was doing when it was killed, at each of the named points, no accepted
// write is lost, every request has one effect, and every event takes effect once and in order.
#include "tests/crash/rounds/rounds.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"

namespace specom::crash {
namespace {

// SPECOM_CRASH_SEED plays that round alone.
void PlayAndExpectNothing(Setting setting, int rounds) {
  const char* wanted = std::getenv("SPECOM_CRASH_SEED");
  std::uint64_t seed = 1;
  ASSERT_TRUE(wanted == nullptr || absl::SimpleAtoi(wanted, &seed)) << "SPECOM_CRASH_SEED=" << wanted;
  const RoundsResult result = PlayRounds(setting, seed, wanted != nullptr ? 1 : rounds);
  EXPECT_TRUE(result.findings.empty()) << absl::StrJoin(result.findings, "\n");
  if (wanted != nullptr) return;
  EXPECT_EQ(result.rounds, rounds);
  EXPECT_GE(result.recoveries, rounds);
  // A point where nobody dies proves nothing.
  for (CrashPoint point : kCrashPoints) {
    EXPECT_GE(result.deaths.contains(point) ? result.deaths.at(point) : 0, rounds / 18)
        << "deaths at " << ToString(point);
  }
}

TEST(CrashRounds, OnSqliteNothingIsLostAndNothingTakesEffectTwice) {
  PlayAndExpectNothing(Setting::kEmbedded, 216);
}

TEST(CrashRounds, OnPostgresqlAndRedisNothingIsLostAndNothingTakesEffectTwice) {
  PlayAndExpectNothing(Setting::kProduction, 108);
}

}  // namespace
}  // namespace specom::crash

#include "tests/crash/rounds/plan.h"

#include <random>

#include "absl/strings/str_cat.h"

namespace specom::crash {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // From low to high, both included.
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool OneIn(int times) { return Between(1, times) == 1; }

 private:
  std::mt19937_64 random_;
};

// The last visit that most lives come to, by the number of requests. A movement is one transaction of
// three statements, an audit record and two events in the ledger, and two transactions of two statements in
// the statements.
int LastVisit(CrashPoint point, int requests) {
  switch (point) {
    case CrashPoint::kBeforeBegin:
    case CrashPoint::kBeforeCommit:
    case CrashPoint::kAfterCommit:
    case CrashPoint::kAfterOutbox:
    case CrashPoint::kAfterHandle:
    case CrashPoint::kBeforeAck:
      return requests;
    case CrashPoint::kAfterState:
      return 4 * requests;
    case CrashPoint::kAfterPublish:
    case CrashPoint::kBeforeMark:
      return 2;
  }
  return 1;
}

}  // namespace

Plan DrawPlan(std::uint64_t seed) {
  Dice dice(seed);
  Plan plan;
  plan.seed = seed;
  plan.handlers = static_cast<int>(dice.Between(1, 3));
  const int requests = static_cast<int>(dice.Between(4, 8));
  for (int i = 0; i < requests; ++i) {
    // The last fund is for closing movements.
    constexpr std::size_t kFundsInUse = kFunds.size() - 1;
    const auto from = static_cast<std::size_t>(dice.Between(0, kFundsInUse - 1));
    const auto to = (from + static_cast<std::size_t>(dice.Between(1, kFundsInUse - 1))) % kFundsInUse;
    // Up to all that a fund has at first, so that some are refused.
    plan.requests.push_back({std::string(kFunds[from]), std::string(kFunds[to]),
                             Pence(dice.Between(1, kOpeningBalance.value()))});
  }
  const int deaths = dice.OneIn(2) ? 1 : dice.OneIn(2) ? 2 : 3;
  for (int i = 0; i < deaths; ++i) {
    const auto point = i == 0 ? seed % kCrashPoints.size()
                              : static_cast<std::size_t>(dice.Between(0, kCrashPoints.size() - 1));
    // A life that comes after another has less to do.
    const int last = LastVisit(kCrashPoints[point], i == 0 ? requests : 2);
    plan.deaths.push_back({.point = kCrashPoints[point],
                           .visit = static_cast<int>(dice.Between(1, last)),
                           .bus_is_lost = dice.OneIn(4)});
  }
  return plan;
}

std::string ToString(const PlannedDeath& death) {
  return absl::StrCat(std::string(specom::ToString(death.point)), ":", death.visit);
}

std::string RequestId(std::size_t request) {
  return absl::StrCat("request-", request);
}

}  // namespace specom::crash

// Proves that a service whose machine's clock is set forwards or back by a day, while it runs, goes
// on: calls, page tokens, events, the take-over of abandoned runs and the audit chain.
#include <csignal>

#include "tests/chaos/machine.h"
#include "tests/chaos/scenario.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;
using ::testing::Each;
using ::testing::Field;
using ::testing::SizeIs;

constexpr std::int64_t kDay = 24 * 60 * 60;
const auto kAllServed = Each(Field(&Outcomes::value_type::second, "OK"));

class ClockFault : public Scenario {
 protected:
  // A clock that outlives the platform.
  static MovedClock& NewClock() {
    static std::unique_ptr<MovedClock> clock;
    clock = std::make_unique<MovedClock>();
    current_ = clock.get();
    return *clock;
  }

  ClockFault() : Scenario({.workers = 2, .environment = NewClock().Environment()}) {}

  MovedClock& clock() { return *current_; }

  // Who was being served at the moment may have run out of time; who asks afterwards is served.
  void ExpectServed() {
    EXPECT_THAT(callers().CallEach(), kAllServed);
    EXPECT_THAT(callers().CallEach(), kAllServed);
    EXPECT_TRUE(Eventually([this] {
      return platform().postgresql().Sql("SELECT count(*) FROM portfolio.outbox WHERE published = 0") == "0";
    })) << "events do not travel";
  }

 private:
  static inline MovedClock* current_ = nullptr;
};

TEST_F(ClockFault, ForwardsAndBackByADay) {
  std::string token;
  std::vector<std::string> first = callers().PageOfAllocations(token), rest;
  clock().MoveBy(kDay);
  ExpectServed();
  std::string later = token;
  rest = callers().PageOfAllocations(later);
  EXPECT_THAT(rest, SizeIs(first.size()));
  EXPECT_NE(rest, first);

  clock().MoveBy(-kDay);
  ExpectServed();
  std::string again = token;
  EXPECT_EQ(callers().PageOfAllocations(again), rest);

  clock().MoveBy(0);
  ExpectServed();
  ExpectRecovery();
}

// claim_after is counted by Redis, and asked for on the steady clock.
TEST_F(ClockFault, AnAbandonedRunIsTakenOverWhenTheClockWentBack) {
  PostgresqlServer& postgresql = platform().postgresql();
  platform().ToRedis("worker-2").Apply({.flow = Flow::kHold});
  auto lock = postgresql.SqlInBackground(
      "BEGIN; LOCK TABLE finance.baseline_line IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(300)");
  const auto waiting = [&](const std::string& granted) {
    return postgresql.Sql("SELECT count(*) FROM pg_locks WHERE " + granted +
                          " AND relation = 'finance.baseline_line'::regclass");
  };
  ASSERT_TRUE(Eventually([&] { return waiting("granted") == "1"; }));
  callers().StartAnotherRun();
  ASSERT_TRUE(Eventually([&] { return waiting("NOT granted") == "1"; }));
  platform().process("worker").Signal(SIGSTOP);
  clock().MoveBy(-kDay);
  platform().ToRedis("worker-2").Open();
  postgresql.Sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)' AND pid <> "
      "pg_backend_pid()");
  EXPECT_TRUE(Eventually([&] {
    return postgresql.Sql("SELECT state, worker FROM finance.run WHERE stream = 'core'") ==
           "computed|worker-2-1";
  }));
  platform().process("worker").Signal(SIGCONT);
  ExpectRecovery();
}

}  // namespace
}  // namespace specom::chaos

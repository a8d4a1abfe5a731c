// Proves what callers see when the way to PostgreSQL is cut, slow, half-open or in slices, or when
// PostgreSQL itself falls in mid-transaction; and that everything recovers by itself.
#include <future>

#include "tests/chaos/scenario.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;
using ::testing::Each;
using ::testing::Field;
using ::testing::IsSupersetOf;
using ::testing::Pair;

using PostgresqlFault = Scenario;

const auto kAllServed = Each(Field(&Outcomes::value_type::second, "OK"));

// The registry is read from memory: its reads go on.
TEST_F(PostgresqlFault, CutByReset) {
  ApplyToAll(platform().OfPostgresql(), {.flow = Flow::kReset});
  CallUntil(
      IsSupersetOf({Pair(kPortfolioRead, "OK"), Pair(kPortfolioWrite, "UNAVAILABLE/DATABASE_UNAVAILABLE"),
                    Pair(kFinanceRead, "UNAVAILABLE/DATABASE_UNAVAILABLE"),
                    Pair(kFinanceWrite, "UNAVAILABLE/DATABASE_UNAVAILABLE"),
                    Pair(kFootprintRead, "UNAVAILABLE/DATABASE_UNAVAILABLE"),
                    Pair(kReportRead, "UNAVAILABLE/DATABASE_UNAVAILABLE")}));
  EXPECT_TRUE(Eventually(
      [&] { return platform().Readiness("finance").find("cannot be reached") != std::string::npos; }));
  ApplyToAll(platform().OfPostgresql(), {});
  ExpectRecovery();
}

TEST_F(PostgresqlFault, CutInGoodOrder) {
  ApplyToAll(platform().OfPostgresql(), {.flow = Flow::kClose});
  CallUntil(
      IsSupersetOf({Pair(kPortfolioRead, "OK"), Pair(kPortfolioWrite, "UNAVAILABLE/DATABASE_UNAVAILABLE"),
                    Pair(kReportRead, "UNAVAILABLE/DATABASE_UNAVAILABLE")}));
  ApplyToAll(platform().OfPostgresql(), {});
  ExpectRecovery();
}

// Slower, and nothing else.
TEST_F(PostgresqlFault, Slow) {
  ApplyToAll(platform().OfPostgresql(), {.delay = absl::Milliseconds(5), .jitter = absl::Milliseconds(10)});
  EXPECT_THAT(callers().CallEach(absl::Seconds(15)), kAllServed);
  EXPECT_THAT(callers().CallEach(absl::Seconds(15)), kAllServed);
  ApplyToAll(platform().OfPostgresql(), {});
  ExpectRecovery();
}

// Nothing but time.
TEST_F(PostgresqlFault, InSlices) {
  ApplyToAll(platform().OfPostgresql(), {.sliced = true});
  EXPECT_THAT(callers().CallEach(absl::Seconds(15)), kAllServed);
  EXPECT_THAT(callers().CallEach(absl::Seconds(15)), kAllServed);
  ExpectRecovery();
}

// Whoever needs the database is told when his time is up; nobody waits longer, and nobody is stuck
// when it is back.
TEST_F(PostgresqlFault, HalfOpen) {
  ApplyToAll(platform().OfPostgresql(), {.flow = Flow::kSwallow});
  EXPECT_THAT(callers().CallEach(), IsSupersetOf({Pair(kPortfolioRead, "OK"),
                                                  Pair(kPortfolioWrite, "DEADLINE_EXCEEDED/OUTCOME_UNKNOWN"),
                                                  Pair(kFinanceRead, "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED"),
                                                  Pair(kFinanceWrite, "DEADLINE_EXCEEDED/OUTCOME_UNKNOWN"),
                                                  Pair(kFootprintRead, "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED"),
                                                  Pair(kReportRead, "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED")}));
  ApplyToAll(platform().OfPostgresql(), {});
  ExpectRecovery();
}

// A decision and a run's result are being written; neither was promised to anybody.
TEST_F(PostgresqlFault, ServerFallsInMidTransaction) {
  PostgresqlServer& postgresql = platform().postgresql();
  auto lock = postgresql.SqlInBackground(
      "BEGIN; LOCK TABLE portfolio.registry_record, finance.run_allocation IN EXCLUSIVE MODE; "
      "SELECT pg_sleep(300)");
  const auto locks = [&](const std::string& which) {
    return postgresql.Sql("SELECT count(*) FROM pg_locks WHERE " + which +
                          " AND mode LIKE '%ExclusiveLock' AND relation IN "
                          "('portfolio.registry_record'::regclass, 'finance.run_allocation'::regclass)");
  };
  ASSERT_TRUE(Eventually([&] { return locks("granted") == "2"; }));
  callers().StartAnotherRun();
  auto write =
      std::async(std::launch::async, [&] { return callers().Call(kPortfolioWrite, absl::Seconds(60)); });
  ASSERT_TRUE(Eventually([&] { return locks("NOT granted") == "2"; })) << locks("NOT granted");
  postgresql.StopImmediately();
  EXPECT_EQ(write.get(), "UNAVAILABLE/DATABASE_UNAVAILABLE");
  EXPECT_THAT(callers().CallEach(), IsSupersetOf({Pair(kPortfolioRead, "OK"),
                                                  Pair(kFinanceRead, "UNAVAILABLE/DATABASE_UNAVAILABLE"),
                                                  Pair(kFinanceWrite, "UNAVAILABLE/DATABASE_UNAVAILABLE")}));
  postgresql.Start();
  ExpectRecovery();
}

}  // namespace
}  // namespace specom::chaos

// Proves that a finance worker whose way to PostgreSQL fails in mid-run loses the run to another
// worker, and that what it brings too late is refused.
#include "tests/chaos/scenario.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;

class WorkerFault : public Scenario {
 protected:
  WorkerFault() : Scenario({.workers = 2}) {}

  // The first worker has taken the run up and waits for its inputs when its way to PostgreSQL comes
  // under these conditions; the second one finishes the run.
  void LoseTheRun(const Conditions& conditions) {
    PostgresqlServer& postgresql = platform().postgresql();
    platform().ToRedis("worker-2").Apply({.flow = Flow::kHold});
    auto lock = postgresql.SqlInBackground(
        "BEGIN; LOCK TABLE finance.baseline_line IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(300)");
    ASSERT_TRUE(Eventually([&] {
      return postgresql.Sql(
                 "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' "
                 "AND relation = 'finance.baseline_line'::regclass") == "1";
    }));
    callers().StartAnotherRun();
    ASSERT_TRUE(Eventually([&] {
      return postgresql.Sql(
                 "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = "
                 "'finance.baseline_line'::regclass") == "1";
    }));
    ASSERT_EQ(postgresql.Sql(kRun), "computing|worker-1|1");
    platform().ToPostgresql("worker").Apply(conditions);
    postgresql.Sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)' AND pid <> "
        "pg_backend_pid()");
    platform().ToRedis("worker-2").Open();
    EXPECT_TRUE(Eventually([&] { return postgresql.Sql(kRun) == "computed|worker-2-1|2"; }))
        << postgresql.Sql(kRun);
  }

  // The first worker comes to an end with the run, in these words, and has changed nothing.
  void ExpectTheFirstWorkerRefused(const std::string& words) {
    PostgresqlServer& postgresql = platform().postgresql();
    const std::string before = postgresql.Sql(kWhole);
    EXPECT_TRUE(Eventually(
        [&] { return platform().process("worker").Errors().find(words, seen_) != std::string::npos; }));
    EXPECT_EQ(postgresql.Sql(kWhole), before);
    EXPECT_EQ(postgresql.Sql(kRun), "computed|worker-2-1|2");
  }

  void SetUp() override { seen_ = platform().process("worker").Errors().size(); }

 private:
  static constexpr char kRun[] = "SELECT state, worker, attempts FROM finance.run WHERE stream = 'core'";
  static constexpr char kWhole[] =
      "SELECT md5(string_agg(r::text, ',')), (SELECT md5(string_agg(a::text, ',' ORDER BY level, position)) "
      "FROM finance.run_allocation a), (SELECT count(*) FROM finance.outbox) FROM finance.run r";

  // How much the first worker had logged before.
  std::size_t seen_ = 0;
};

// What was held arrives late: the worker computes, and its result is not taken.
TEST_F(WorkerFault, ItsAnswersComeLate) {
  LoseTheRun({.flow = Flow::kHold});
  platform().ToPostgresql("worker").Open();
  ExpectTheFirstWorkerRefused("job is done");
  ExpectRecovery();
}

// Nothing arrives any more: the worker gives up by its own deadline, and works again.
TEST_F(WorkerFault, ItsConnectionIsHalfOpen) {
  LoseTheRun({.flow = Flow::kSwallow});
  platform().ToPostgresql("worker").Open();
  ExpectTheFirstWorkerRefused("job is to be tried again");
  ExpectRecovery();
}

}  // namespace
}  // namespace specom::chaos

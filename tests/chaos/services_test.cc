// Proves what callers see when finance cannot reach portfolio, and that a write whose answer is lost
// on the way to its caller is made once.
#include <future>

#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "tests/chaos/scenario.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;
using ::testing::Each;
using ::testing::Field;
using ::testing::IsSupersetOf;
using ::testing::Pair;

using ServiceFault = Scenario;

// Only figures on the ICBs of another date need the registry; everything else goes on.
const auto kOnlyFootprintsRefused =
    IsSupersetOf({Pair(kFootprintRead, "UNAVAILABLE/PORTFOLIO_UNAVAILABLE"), Pair(kFinanceRead, "OK"),
                  Pair(kFinanceWrite, "OK"), Pair(kPortfolioRead, "OK"), Pair(kPortfolioWrite, "OK"),
                  Pair(kReportRead, "OK")});

TEST_F(ServiceFault, FinanceIsCutFromPortfolio) {
  platform().FinanceToPortfolio().Apply({.flow = Flow::kReset});
  EXPECT_THAT(callers().CallEach(), kOnlyFootprintsRefused);
  EXPECT_TRUE(platform().AllReady());
  platform().FinanceToPortfolio().Open();
  CallUntil(Each(Field(&Outcomes::value_type::second, "OK")));
  ExpectRecovery();
}

TEST_F(ServiceFault, FinanceToPortfolioIsHalfOpen) {
  platform().FinanceToPortfolio().Apply({.flow = Flow::kSwallow});
  // Portfolio is given half of the caller's time, so that some is left to say so.
  EXPECT_THAT(callers().CallEach(), kOnlyFootprintsRefused);
  platform().FinanceToPortfolio().Open();
  CallUntil(Each(Field(&Outcomes::value_type::second, "OK")));
  ExpectRecovery();
}

// The registry has made the decision, its answer is held on the way, and the connection ends.
TEST_F(ServiceFault, AClientIsCutDuringAWrite) {
  PostgresqlServer& postgresql = platform().postgresql();
  auto lock = postgresql.SqlInBackground(
      "BEGIN; LOCK TABLE portfolio.registry_record IN EXCLUSIVE MODE; SELECT pg_sleep(300)");
  const std::string waiting =
      "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'portfolio.registry_record'::regclass";
  ASSERT_TRUE(Eventually([&] {
    return postgresql.Sql(
               "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'ExclusiveLock' AND "
               "relation = 'portfolio.registry_record'::regclass") == "1";
  }));
  auto write =
      std::async(std::launch::async, [&] { return callers().Call(kPortfolioWrite, absl::Seconds(60)); });
  ASSERT_TRUE(Eventually([&] { return postgresql.Sql(waiting) == "1"; }));
  platform().ToService("portfolio").Apply({.flow = Flow::kHold});
  postgresql.Sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)' "
      "AND pid <> pg_backend_pid()");
  const std::string made =
      "SELECT count(*) FROM portfolio.registry_record WHERE id LIKE 'chaos-%' AND version >= 1";
  ASSERT_TRUE(Eventually([&] { return postgresql.Sql(made) == "2"; }));
  platform().ToService("portfolio").Apply({.flow = Flow::kReset});
  EXPECT_EQ(write.get(), "UNAVAILABLE/UNAVAILABLE");
  platform().ToService("portfolio").Open();
  // A careful client asks again by itself; the answer is that of the first attempt.
  ExpectRecovery();
}

}  // namespace
}  // namespace specom::chaos

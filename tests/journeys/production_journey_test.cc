// Proves that the services as separate processes on PostgreSQL and Redis say the same bytes as
// everything in one process on SQLite, and that a finance worker may be killed in mid-run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/journeys/process.h"
#include "tests/journeys/production.h"

namespace specom::journeys {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The command's output at an endpoint.
std::string Asked(const std::string& endpoint, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--endpoint", endpoint});
  Finished finished = RunProgram("specom", arguments);
  EXPECT_EQ(finished.code, 0) << arguments[0] << "\n" << finished.err;
  return finished.out;
}

// Asks until the report is there: it comes with an event.
std::string Report(const std::string& endpoint, const std::string& region) {
  std::string report;
  EXPECT_TRUE(Eventually([&] {
    Finished finished = RunProgram(
        "specom", {"report", "region", "--region", region, "--format", "csv", "--endpoint", endpoint});
    report = finished.out;
    // The delegation status comes with events of another service.
    return finished.code == 0 && report.find(",70,0\n") != report.npos;
  })) << "no report of "
      << region;
  return report;
}

TEST(ProductionJourney, OnPostgresqlAndRedisTheBytesAreThoseOfTheEmbeddedPlatform) {
  Production production(1);
  production.Migrate();
  auto portfolio = production.Start("portfolio");
  auto finance = production.Start("finance", {"--role", "api"});
  auto worker = production.Start("finance", {"--role", "worker"});
  auto reporting = production.Start("reporting");

  TemporaryFolder folder;
  Process dev("specom", {"dev", "--data-dir", folder.path(), "--grpc-port", "0", "--endpoint-file",
                         folder.Path("endpoint")});
  ASSERT_TRUE(Eventually([&] { return !ReadFile(folder.Path("endpoint")).empty(); })) << dev.Errors();
  std::string embedded = Lines(ReadFile(folder.Path("endpoint")))[0];

  for (const char* stream : {"specialised", "core"}) {
    for (const char* by : {"icb", "region", "england"}) {
      std::vector<std::string> allocate = {"allocate", "--stream", stream,         "--by",    by,
                                           "--format", "csv",      "--publish-as", "director"};
      std::string one = Asked(embedded, allocate);
      EXPECT_EQ(one, Asked(Production::Endpoint(*finance), allocate)) << stream << " by " << by;
      EXPECT_GT(one.size(), 200u);
    }
    std::vector<std::string> explain = {"explain", "--stream", stream, "--icb", "QHM", "--format", "json"};
    EXPECT_EQ(Asked(embedded, explain), Asked(Production::Endpoint(*finance), explain));
  }
  for (const char* date : {"2023-06-01", "2024-06-01", "2025-06-01", "2026-06-01"}) {
    std::vector<std::string> delegations = {"portfolio", "delegations", "--as-of", date, "--format", "csv"};
    EXPECT_EQ(Asked(embedded, delegations), Asked(Production::Endpoint(*portfolio), delegations)) << date;
  }
  for (const char* region : {"Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63"}) {
    EXPECT_EQ(Report(embedded, region), Report(Production::Endpoint(*reporting), region)) << region;
  }

  for (auto* process : {portfolio.get(), finance.get(), worker.get(), reporting.get(), &dev}) {
    process->Signal(SIGTERM);
    EXPECT_EQ(process->Wait().code, 0);
  }
}

TEST(ProductionJourney, AWorkerKilledInMidRunLeavesTheRunDoneOnce) {
  Production production(2);
  production.Migrate();
  auto finance = production.Start("finance", {"--role", "api"});
  auto first = production.Start("finance",
                                {"--role", "worker", "--claim-after-seconds", "1", "--worker-name", "first"});

  // The first worker takes the run up, computes it, and cannot store the result.
  auto lock = production.SqlInBackground(
      "BEGIN; LOCK TABLE finance.run_allocation IN EXCLUSIVE MODE; SELECT pg_sleep(300)", "journey-lock");
  ASSERT_TRUE(Eventually([&] {
    return production.Sql(
               "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND granted AND "
               "relation = 'finance.run_allocation'::regclass") == "1";
  }));
  Process client("specom", {"allocate", "--format", "csv", "--endpoint", Production::Endpoint(*finance)});
  ASSERT_TRUE(Eventually([&] {
    return production.Sql(
               "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
               "relation = 'finance.run_allocation'::regclass") == "1";
  })) << first->Errors();
  EXPECT_EQ(production.Sql("SELECT state, worker, attempts FROM finance.run"), "computing|first-1|1");
  first->Signal(SIGKILL);
  EXPECT_EQ(first->Wait().code, 128 + SIGKILL);
  production.Sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'journey-lock'");
  ASSERT_TRUE(Eventually([&] {
    return production.Sql(
               "SELECT count(*) FROM pg_locks WHERE relation = 'finance.run_allocation'::regclass") == "0";
  }));
  EXPECT_EQ(production.Sql("SELECT state, result_digest FROM finance.run"), "computing|");

  auto second = production.Start(
      "finance", {"--role", "worker", "--claim-after-seconds", "1", "--worker-name", "second"});
  Finished finished = client.Wait();
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("42 of 42"));
  EXPECT_EQ(production.Sql("SELECT state, worker, attempts FROM finance.run"), "computed|second-1|2");
  EXPECT_EQ(production.Sql("SELECT count(*) FROM finance.run_allocation"), "50");
  EXPECT_EQ(production.Sql("SELECT count(*) FROM finance.outbox WHERE type LIKE '%RunCompleted'"), "1");
  EXPECT_EQ(finished.out, RunProgram("specom", {"allocate", "--format", "csv"}).out);
}

TEST(ProductionJourney, AServiceWhoseSchemaIsBehindSaysWhichCommandToRun) {
  Production production(3);
  Process finance("specom-finance", {},
                  {{"SPECOM_DATABASE_URL", production.database_url()},
                   {"SPECOM_REDIS_URL", production.redis_url()},
                   {"SPECOM_IDENTITY", "development"}});
  ASSERT_TRUE(Eventually([&] { return finance.Errors().find("migrate") != std::string::npos; }))
      << finance.Errors();
  EXPECT_THAT(finance.Output(), Not(HasSubstr("serves on")));
  production.Migrate();
  EXPECT_TRUE(Eventually([&] { return finance.Output().find("serves on") != std::string::npos; }))
      << finance.Errors();
}

TEST(ProductionJourney, WithoutAnIdentityNobodyIsServed) {
  Production production(4);
  production.Migrate();
  auto portfolio = std::make_unique<Process>(
      "specom-portfolio", std::vector<std::string>{},
      std::map<std::string, std::string>{{"SPECOM_DATABASE_URL", production.database_url()},
                                         {"SPECOM_REDIS_URL", production.redis_url()}});
  ASSERT_TRUE(Eventually([&] { return portfolio->Output().find("serves on") != std::string::npos; }))
      << portfolio->Errors();
  Finished finished =
      RunProgram("specom", {"portfolio", "services", "--endpoint", Production::Endpoint(*portfolio)});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("UNAUTHENTICATED"));
}

}  // namespace
}  // namespace specom::journeys

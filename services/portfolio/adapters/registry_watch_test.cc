// Proves that a process takes up what another has taught the registry when the cache tells of it, long
// before it would look by itself; and by looking, where nobody can tell.
#include "services/portfolio/adapters/registry_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "libs/base/digest.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/portfolio/adapters/answer_cache.h"
#include "services/portfolio/adapters/outbox_registry_events.h"
#include "services/portfolio/adapters/sql_record_log.h"
#include "services/portfolio/app/load_reference_pack.h"
#include "services/portfolio/migrations/portfolio_migrations.h"
#include "services/portfolio/reference/portfolio_reference.h"

namespace specom::portfolio {
namespace {

using testing::IsOk;
using testing::IsOkAndHolds;

bool Eventually(const std::function<bool()>& fact) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!fact()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// What one process holds on a database.
struct Process {
  Process(const store::TestDatabase& database, const cache::CacheOptions& options, absl::Duration interval)
      : store(database.Open(clock)),
        logger(observe::Logger::Open({.level = observe::LogLevel::kError}).value()),
        cache(cache::Cache::Open(options).value()),
        watch(live, *cache, clock, *logger, metrics, interval) {
    EXPECT_THAT(store->Migrate(portfolio_migrations()), IsOk());
  }

  // The registry's first change, as its committer tells it.
  void Change() {
    RequestContext context;
    context.principal = {.user = "tester", .roles = {Role::kNational}, .organisation = ""};
    context.method = "test";
    context.deadline = absl::Now() + absl::Seconds(60);
    EXPECT_THAT(LoadReferencePack(*store, log, live, portfolio_reference(), 1).Execute(context),
                IsOkAndHolds(true));
    watch.Tell();
  }

  SystemClock clock;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<observe::Logger> logger;
  observe::Metrics metrics;
  SqlRecordLog log;
  OutboxRegistryEvents events{clock};
  LiveRegistry live{*store, log, events, clock};
  std::unique_ptr<cache::Cache> cache;
  RegistryWatch watch;
};

TEST(RegistryWatchTest, AChangeIsTakenUpWhenTheCacheTellsOfIt) {
  const char* redis = std::getenv("SPECOM_TEST_REDIS");
  ASSERT_NE(redis, nullptr) << "SPECOM_TEST_REDIS is not set: run through ./tools/test";
  cache::CacheOptions options;
  options.redis_url = Secret(redis);
  options.name_space = "test." + NewUuid();
  options.command_timeout = absl::Seconds(5);
  const store::TestDatabase database(store::Engine::kSqlite);
  Process writer(database, options, absl::InfiniteDuration());
  Process reader(database, options, absl::InfiniteDuration());
  ASSERT_TRUE(Eventually([&] { return reader.cache->Believes(); }));
  reader.watch.Start();
  writer.Change();
  EXPECT_TRUE(Eventually([&] { return reader.live.Current()->change() == 1; }));
  reader.watch.Stop();
}

TEST(RegistryWatchTest, WithoutRedisItLooksByItself) {
  const store::TestDatabase database(store::Engine::kSqlite);
  Process writer(database, {}, absl::InfiniteDuration());
  Process reader(database, {}, absl::Milliseconds(5));
  reader.watch.Start();
  writer.Change();
  EXPECT_TRUE(Eventually([&] { return reader.live.Current()->change() == 1; }));
  reader.watch.Stop();
}

TEST(RegistryWatchTest, WhoSeesAChangeThatWasNotToldTellsIt) {
  const store::TestDatabase database(store::Engine::kSqlite);
  Process writer(database, {}, absl::InfiniteDuration());
  Process reader(database, {}, absl::InfiniteDuration());
  writer.Change();
  EXPECT_EQ(reader.cache->KnownVersion(kRegistrySpace), 0);
  EXPECT_THAT(reader.watch.RunOnce(), IsOk());
  EXPECT_EQ(reader.cache->KnownVersion(kRegistrySpace), 1);
}

}  // namespace
}  // namespace specom::portfolio

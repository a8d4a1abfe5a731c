// Proves that callers see nothing of Redis: reads and writes go on when it is cut off, half-open,
// slow, or comes back empty. Only what travels by events waits: runs stay queued, reports stay as
// they were.
#include "tests/chaos/scenario.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;
using ::testing::Each;
using ::testing::Field;

class RedisFault : public Scenario {
 protected:
  // Nothing of what was written before the fault waits.
  void SetUp() override {
    ASSERT_TRUE(Eventually([this] { return Waiting() == "0"; }));
  }
  // Rounds of calls in which nobody sees anything, and the events of their writes wait.
  void ExpectUnnoticed() {
    for (int round = 0; round < 2; ++round) {
      EXPECT_THAT(callers().CallEach(absl::Seconds(15)), Each(Field(&Outcomes::value_type::second, "OK")));
    }
    EXPECT_TRUE(platform().AllReady()) << platform().Describe();
  }
  std::string Waiting() {
    return platform().postgresql().Sql(
        "SELECT count(*) FROM portfolio.outbox WHERE published = 0 AND subject LIKE 'decisions/chaos-%'");
  }
};

TEST_F(RedisFault, Cut) {
  ApplyToAll(platform().OfRedis(), {.flow = Flow::kReset});
  ExpectUnnoticed();
  EXPECT_EQ(Waiting(), "2");
  ApplyToAll(platform().OfRedis(), {});
  ExpectRecovery();
}

TEST_F(RedisFault, HalfOpen) {
  ApplyToAll(platform().OfRedis(), {.flow = Flow::kSwallow});
  ExpectUnnoticed();
  EXPECT_EQ(Waiting(), "2");
  ApplyToAll(platform().OfRedis(), {});
  ExpectRecovery();
}

// One finance process carries the events of all; another does when that one cannot.
TEST_F(RedisFault, HalfOpenForOneProcess) {
  int run = 0;
  for (const char* cut : {"finance", "worker"}) {
    platform().ToRedis(cut).Apply({.flow = Flow::kSwallow});
    callers().StartRunOfImport(run++);
    EXPECT_TRUE(Eventually([&] {
      return platform().postgresql().Sql("SELECT count(*) FROM finance.outbox WHERE published = 0") == "0";
    })) << "nobody carries events while the way of "
        << cut << " is cut";
    platform().ToRedis(cut).Open();
  }
  ExpectRecovery();
}

TEST_F(RedisFault, Slow) {
  ApplyToAll(platform().OfRedis(), {.delay = absl::Milliseconds(20), .jitter = absl::Milliseconds(60)});
  ExpectUnnoticed();
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  ApplyToAll(platform().OfRedis(), {});
  ExpectRecovery();
}

TEST_F(RedisFault, InSlices) {
  ApplyToAll(platform().OfRedis(), {.sliced = true});
  ExpectUnnoticed();
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  ExpectRecovery();
}

// It is filled again from the outboxes, from their beginning.
TEST_F(RedisFault, RestartedEmpty) {
  platform().redis().Kill();
  ExpectUnnoticed();
  EXPECT_EQ(Waiting(), "2");
  platform().redis().Start();
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  ExpectRecovery();
  for (const std::string service : {"finance", "portfolio"}) {
    const std::string events = platform().postgresql().Sql("SELECT count(*) FROM " + service +
                                                           ".outbox WHERE topic = 'specom." + service + "'");
    EXPECT_TRUE(Eventually([&] { return platform().redis().Ask({"XLEN", "specom." + service}) == events; }));
  }
}

}  // namespace
}  // namespace specom::chaos

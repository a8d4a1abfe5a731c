// Proves that a failure at any point of a write leaves all of it or nothing, and that a repeat with
// the same request_id has one effect wherever the failure was.
#include "libs/store/faulty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/store/store_test_case.h"

namespace specom::store {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::IsOkAndHolds;
using ::specom::testing::StatusIs;
using ::testing::SizeIs;

class FaultyTest : public StoreTestCase {
 protected:
  FaultyTest() : StoreTestCase(Engine::kSqlite) {}

  absl::StatusOr<std::string> Make(Store& store, const std::string& name) {
    return WriteOnce<std::string>(
        store, Caller(name),
        [&](UnitOfWork& work) -> absl::StatusOr<std::pair<std::string, std::string>> {
          RETURN_IF_ERROR(InsertItem(work, name));
          RETURN_IF_ERROR(work.Publish(EventOf("items/" + name)));
          return std::pair("items/" + name, name);
        },
        [&](UnitOfWork&, const std::string&) -> absl::StatusOr<std::string> { return name; });
  }
};

TEST_F(FaultyTest, EveryPointLeavesAllOrNothing) {
  int made = 0;
  for (FaultPoint point : {FaultPoint::kBeforeBegin, FaultPoint::kAfterState, FaultPoint::kAfterOutbox,
                           FaultPoint::kBeforeCommit, FaultPoint::kAfterCommit}) {
    std::unique_ptr<Store> faulty = Faulty(database_.Open(clock_), FaultOnce(point));
    const std::string name(ToString(point));
    EXPECT_THAT(Make(*faulty, name), StatusIs(absl::StatusCode::kUnavailable, "INJECTED_FAULT")) << name;
    EXPECT_EQ(Count(), point == FaultPoint::kAfterCommit ? made + 1 : made) << name;
    EXPECT_THAT(Make(*faulty, name), IsOkAndHolds(name));
    EXPECT_THAT(Make(*faulty, name), IsOkAndHolds(name));
    EXPECT_EQ(Count(), ++made) << name;
    EXPECT_THAT(faulty->UnpublishedEvents(100), IsOkAndHolds(SizeIs(made))) << name;
  }
}

TEST_F(FaultyTest, AFaultThatIsIgnoredStillRollsBack) {
  std::unique_ptr<Store> faulty = Faulty(database_.Open(clock_), FaultOnce(FaultPoint::kAfterState));
  EXPECT_THAT(faulty->Write(Caller(),
                            [](UnitOfWork& work) {
                              static_cast<void>(InsertItem(work, "a"));
                              return absl::OkStatus();
                            }),
              StatusIs(absl::StatusCode::kUnavailable, "INJECTED_FAULT"));
  EXPECT_EQ(Count(), 0);
}

TEST_F(FaultyTest, TheSameSeedFailsAtTheSameCalls) {
  const auto history = [](std::uint64_t seed) {
    const FaultScript script = SeededFaults(seed, 0.3);
    std::string failures;
    for (int i = 0; i < 200; ++i) failures += script(FaultPoint::kBeforeBegin).ok() ? '.' : 'x';
    return failures;
  };
  EXPECT_EQ(history(7), history(7));
  EXPECT_NE(history(7), history(8));
  EXPECT_THAT(history(7), ::testing::HasSubstr("x"));
}

TEST_F(FaultyTest, RepeatsUnderManyFaultsHaveOneEffectEach) {
  std::unique_ptr<Store> faulty = Faulty(database_.Open(clock_), SeededFaults(42, 0.3));
  for (int i = 0; i < 50; ++i) {
    const std::string name = absl::StrCat("item ", i);
    while (true) {
      const absl::StatusOr<std::string> made = Make(*faulty, name);
      if (made.ok()) break;
      ASSERT_THAT(made, StatusIs(absl::StatusCode::kUnavailable, "INJECTED_FAULT"));
    }
  }
  EXPECT_EQ(Count(), 50);
  EXPECT_THAT(faulty->UnpublishedEvents(100), IsOkAndHolds(SizeIs(50)));
}

}  // namespace
}  // namespace specom::store

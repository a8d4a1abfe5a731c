// Proves the lifecycle of a run: every state with every action, and the order of the refusals.
#include "services/finance/domain/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "libs/testing/status_matchers.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);

finance::Run RunIn(RunState state) {
  finance::Run run;
  run.id = RunId("0123456789abcdef0123");
  run.stream = "specialised";
  run.year = FinancialYear::Parse("2025/26").value();
  run.state = state;
  run.version = 4;
  run.fence = 2;
  run.attempts = 2;
  run.created_by = "author@example.nhs.uk";
  return run;
}

absl::StatusOr<finance::Run> Act(const Run& run, RunAction action) {
  switch (action) {
    case RunAction::kRequeue:
      return Requeue(run);
    case RunAction::kClaim:
      return Claim(run, "worker-1");
    case RunAction::kComplete:
      return Complete(run, {"digest", Pence(5), std::nullopt}, kNow);
    case RunAction::kFail:
      return Fail(run, "the target of QOQ is zero", kNow);
    case RunAction::kApprove:
      return Approve(run, EtagOf(run), "approver@example.nhs.uk", kNow);
    case RunAction::kPublish:
      return Publish(run, EtagOf(run), "publisher@example.nhs.uk", kNow);
    case RunAction::kSupersede:
      return Supersede(run, RunId("ffff"));
  }
  return absl::InternalError("no such action");
}

TEST(RunLifecycle, EveryStateWithEveryAction) {
  using S = RunState;
  using A = RunAction;
  const std::map<std::pair<S, A>, S> allowed = {
      {{S::kFailed, A::kRequeue}, S::kQueued},      {{S::kQueued, A::kClaim}, S::kComputing},
      {{S::kComputing, A::kClaim}, S::kComputing},  {{S::kComputing, A::kComplete}, S::kComputed},
      {{S::kComputing, A::kFail}, S::kFailed},      {{S::kComputed, A::kApprove}, S::kApproved},
      {{S::kApproved, A::kPublish}, S::kPublished}, {{S::kPublished, A::kSupersede}, S::kSuperseded},
  };
  for (S state : kRunStates) {
    for (A action : kRunActions) {
      SCOPED_TRACE(std::string(ToString(state)) + " / " + std::string(ToString(action)));
      absl::StatusOr<finance::Run> after = Act(RunIn(state), action);
      auto expected = allowed.find({state, action});
      if (expected == allowed.end()) {
        EXPECT_THAT(after, StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_STATE"));
        EXPECT_EQ(ErrorMetadataOf(after.status())["state"], ToString(state));
        EXPECT_FALSE(ErrorMetadataOf(after.status())["remedy"].empty());
      } else {
        ASSERT_THAT(after, IsOk());
        EXPECT_EQ(after->state, expected->second);
        EXPECT_EQ(after->version, 5);
      }
    }
  }
}

TEST(RunLifecycle, AStaleEtagIsRefusedBeforeTheStateAndTheStateBeforeTheAuthor) {
  EXPECT_THAT(Approve(RunIn(RunState::kQueued), "v3", "author@example.nhs.uk", kNow),
              StatusIs(absl::StatusCode::kAborted, "STALE_ETAG"));
  EXPECT_THAT(Approve(RunIn(RunState::kQueued), "v4", "author@example.nhs.uk", kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_STATE"));
  EXPECT_THAT(Approve(RunIn(RunState::kComputed), "v4", "author@example.nhs.uk", kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition, "APPROVER_IS_AUTHOR"));
  EXPECT_THAT(Publish(RunIn(RunState::kComputed), "v3", "author@example.nhs.uk", kNow),
              StatusIs(absl::StatusCode::kAborted, "STALE_ETAG"));
}

TEST(RunLifecycle, AClaimRaisesTheFence) {
  finance::Run claimed = Claim(RunIn(RunState::kComputing), "worker-2").value();
  EXPECT_EQ(claimed.fence, 3);
  EXPECT_EQ(claimed.attempts, 3);
  EXPECT_EQ(claimed.worker, "worker-2");
}

TEST(RunLifecycle, RequeueingForgetsTheFailure) {
  finance::Run failed = Fail(RunIn(RunState::kComputing), "the target of QOQ is zero", kNow).value();
  EXPECT_EQ(failed.failure, "the target of QOQ is zero");
  finance::Run queued = Requeue(failed).value();
  EXPECT_EQ(queued.failure, "");
  EXPECT_EQ(queued.attempts, 0);
  EXPECT_EQ(queued.complete_time, std::nullopt);
  EXPECT_EQ(queued.fence, failed.fence) << "a worker of the earlier attempt stays fenced off";
}

TEST(RunId, NamesTheInputsAndTheMethod) {
  InputSetId inputs(std::string(64, 'a'));
  EXPECT_EQ(RunIdOf(inputs, "1").value().size(), 20u);
  EXPECT_EQ(RunIdOf(inputs, "1"), RunIdOf(inputs, "1"));
  EXPECT_NE(RunIdOf(inputs, "1"), RunIdOf(inputs, "2"));
  EXPECT_NE(RunIdOf(inputs, "1"), RunIdOf(InputSetId(std::string(64, 'b')), "1"));
}

TEST(RunStateWords, AreTheirOwnInverse) {
  for (RunState state : kRunStates) EXPECT_EQ(ParseRunState(ToString(state)), state);
  EXPECT_EQ(ParseRunState("draft"), std::nullopt);
}

}  // namespace
}  // namespace specom::finance

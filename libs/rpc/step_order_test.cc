// Proves that a pipeline's steps cannot be put in an order that would let a call through unchecked.
#include "libs/rpc/step_order.h"

#include <gmock/gmock.h>

#include <string>

#include "libs/rpc/pipeline.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;

TEST(StepOrder, AcceptsStepsBehindTheirPredecessors) {
  const StepPlace steps[] = {{"user", {}}, {"policy", {"user"}}, {"operation", {"user", "policy"}}};
  EXPECT_THAT(CheckOrder(steps), IsOk());
}

TEST(StepOrder, NamesEveryProblem) {
  const StepPlace steps[] = {{"operation", {"policy"}}, {"policy", {"user"}}, {"policy", {}}};
  absl::Status status = CheckOrder(steps);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, "STEP_ORDER"));
  EXPECT_EQ(status.message(),
            "operation must come after policy; policy must come after user; policy is there twice");
}

TEST(Pipeline, StepsAreThoseOfTheDesign) {
  EXPECT_THAT(Pipeline::Steps(),
              ::testing::ElementsAre("recover", "request_id_and_trace", "count_and_time", "peer", "user",
                                     "policy", "admission", "deadline", "field_validation", "idempotency",
                                     "operation", "error_mapping", "audit_of_denials", "access_log"));
}

}  // namespace
}  // namespace specom::rpc

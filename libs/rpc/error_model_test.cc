// Proves that errors survive the wire in both directions and always fit into it.
#include "libs/rpc/error_model.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "libs/base/status.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::StatusIs;

template <class Detail>
std::vector<Detail> DetailsOf(const google::rpc::Status& status) {
  std::vector<Detail> found;
  Detail detail;
  for (const auto& any : status.details()) {
    if (any.UnpackTo(&detail)) found.push_back(detail);
  }
  return found;
}

std::vector<FieldViolation> Violations(int count, std::size_t length) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < count; ++i) {
    violations.push_back({"files[" + std::to_string(i) + "].content", std::string(length, 'x')});
  }
  return violations;
}

TEST(ErrorModel, EverythingComesBack) {
  absl::Status error =
      WithResource(WithRetryAfter(MakeError(absl::StatusCode::kFailedPrecondition, "RUN_NOT_COMPUTED",
                                            "Run runs/7 is PENDING; wait until it is COMPUTED.",
                                            {{"run", "runs/7"}, {"state", "PENDING"}}),
                                  1500),
                   "specom.finance.v1.Run", "runs/7");
  google::rpc::Status packed = ToRpcStatus(error, "finance.specom", "request-1");
  ASSERT_EQ(DetailsOf<google::rpc::ErrorInfo>(packed).size(), 1u);
  EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(packed)[0].domain(), "finance.specom");
  EXPECT_EQ(DetailsOf<google::rpc::RequestInfo>(packed)[0].request_id(), "request-1");
  EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(error, "finance.specom", "request-1")), error);
}

TEST(ErrorModel, ViolationsComeBackInOrder) {
  absl::Status error =
      InvalidFields({{"name", "is required"}, {"as_of", "is no day"}, {"page_size", "negative"}});
  absl::Status back = FromGrpcStatus(ToGrpcStatus(error, "portfolio.specom"));
  EXPECT_THAT(back, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_EQ(FieldViolationsOf(back), FieldViolationsOf(error));
}

TEST(ErrorModel, ShowsTwentyViolationsAndCountsTheRest) {
  google::rpc::Status packed = ToRpcStatus(InvalidFields(Violations(160, 8)), "portfolio.specom");
  EXPECT_EQ(DetailsOf<google::rpc::BadRequest>(packed)[0].field_violations_size(), kMaxViolations);
  EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(packed)[0].metadata().at("further_violations"), "140");
}

TEST(ErrorModel, LongViolationsLeaveForTheLimitAndAreCounted) {
  google::rpc::Status packed = ToRpcStatus(InvalidFields(Violations(30, 5000)), "portfolio.specom");
  int shown = DetailsOf<google::rpc::BadRequest>(packed)[0].field_violations_size();
  EXPECT_LT(shown, kMaxViolations);
  EXPECT_GT(shown, 0);
  EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(packed)[0].metadata().at("further_violations"),
            std::to_string(30 - shown));
}

TEST(ErrorModel, AStatusWithoutAReasonGetsTheNameOfItsCode) {
  google::rpc::Status packed = ToRpcStatus(absl::NotFoundError("gone"), "finance.specom");
  ASSERT_EQ(DetailsOf<google::rpc::ErrorInfo>(packed).size(), 1u);
  EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(packed)[0].reason(), "NOT_FOUND");
}

TEST(ErrorModel, OkIsOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), "finance.specom").ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(ErrorModel, ReadsStatusesOfOtherServers) {
  absl::Status plain = FromGrpcStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"));
  EXPECT_THAT(plain, StatusIs(absl::StatusCode::kUnavailable, ""));
  EXPECT_EQ(plain.message(), "connection refused");
  EXPECT_THAT(FromGrpcStatus(grpc::Status(grpc::StatusCode::NOT_FOUND, "x", "not a google.rpc.Status \xff")),
              StatusIs(absl::StatusCode::kNotFound, ""));
}

TEST(ErrorModel, AMaskTellsTheReferenceOnly) {
  absl::Status masked = MaskedError("7b4f0c3e");
  EXPECT_THAT(masked, StatusIs(absl::StatusCode::kInternal, "INTERNAL_ERROR"));
  EXPECT_EQ(ErrorMetadataOf(masked), (ErrorMetadata{{"reference", "7b4f0c3e"}}));
  EXPECT_TRUE(IsOurFault(absl::StatusCode::kUnknown));
  EXPECT_FALSE(IsOurFault(absl::StatusCode::kUnavailable));
}

RC_GTEST_PROP(ErrorModelProperty, EveryErrorFitsAndIsUtf8, ()) {
  auto message = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  auto repeat = *rc::gen::inRange(1, 400);
  std::string longer;
  for (int i = 0; i < repeat; ++i) longer += message;
  auto metadata = *rc::gen::arbitrary<std::map<std::string, std::string>>();
  metadata["long"] = longer;
  auto count = *rc::gen::inRange(0, 40);
  absl::Status error =
      WithResource(WithFieldViolations(MakeError(absl::StatusCode::kAborted, "REASON", longer, metadata),
                                       Violations(count, longer.size())),
                   longer, longer);
  grpc::Status sent = ToGrpcStatus(error, "finance.specom", longer);
  RC_ASSERT(sent.error_details().size() + sent.error_message().size() <= kMaxErrorBytes);
  absl::Status back = FromGrpcStatus(sent);
  RC_ASSERT(ErrorReason(back) == "REASON");
  RC_ASSERT(back.code() == absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace specom::rpc

// Proves that a repeat of a request has the fingerprint of the first, and that nothing else has.
#include "libs/rpc/request_digest.h"

#include <gmock/gmock.h>

#include "google/rpc/error_details.pb.h"
#include "specom/finance/v1/finance_service.pb.h"

namespace specom::rpc {
namespace {

constexpr char kCreate[] = "specom.finance.v1.FinanceService/CreateRun";

TEST(RequestDigest, LeavesOutWhatItIsTold) {
  finance::v1::CreateRunRequest first;
  first.set_stream("core");
  finance::v1::CreateRunRequest repeat = first;
  first.set_request_id("a");
  repeat.set_request_id("b");
  EXPECT_EQ(RequestDigest(kCreate, first, {"request_id"}),
            RequestDigest(kCreate, repeat, {"request_id", "no_field"}));
  EXPECT_NE(RequestDigest(kCreate, first, {}), RequestDigest(kCreate, repeat, {}));
}

TEST(RequestDigest, DiffersForOtherContentAndOtherMethods) {
  finance::v1::CreateRunRequest core;
  core.set_stream("core");
  finance::v1::CreateRunRequest specialised;
  specialised.set_stream("specialised");
  EXPECT_NE(RequestDigest(kCreate, core, {}), RequestDigest(kCreate, specialised, {}));
  EXPECT_NE(RequestDigest(kCreate, core, {}), RequestDigest("other", core, {}));
}

TEST(RequestDigest, DoesNotDependOnTheOrderOfAMap) {
  google::rpc::ErrorInfo forward;
  google::rpc::ErrorInfo backward;
  for (int i = 0; i < 100; ++i) (*forward.mutable_metadata())[std::to_string(i)] = "x";
  for (int i = 99; i >= 0; --i) (*backward.mutable_metadata())[std::to_string(i)] = "x";
  EXPECT_EQ(RequestDigest("m", forward, {}), RequestDigest("m", backward, {}));
}

TEST(StringField, IsEmptyWhereThereIsNone) {
  finance::v1::CreateRunRequest request;
  request.set_request_id("a");
  EXPECT_EQ(StringField(request, "request_id"), "a");
  EXPECT_EQ(StringField(request, "validate_only"), "");
  EXPECT_EQ(StringField(request, "nothing"), "");
}

}  // namespace
}  // namespace specom::rpc

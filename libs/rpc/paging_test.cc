// Proves that a page token carries its position through any client, and continues only the list that it
// belongs to.
#include "libs/rpc/paging.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "libs/base/status.h"
#include "libs/testing/status_matchers.h"
#include "specom/finance/v1/finance_service.pb.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOkAndHolds;
using ::specom::testing::StatusIs;
using ::testing::Optional;

constexpr char kListRuns[] = "specom.finance.v1.FinanceService/ListRuns";

finance::v1::ListRunsRequest Core() {
  finance::v1::ListRunsRequest request;
  request.set_stream("core");
  request.set_page_size(10);
  return request;
}

RC_GTEST_PROP(PageTokenProperty, MakingAndReadingAreInverse,
              (const std::string& after, std::int64_t seconds)) {
  PagePosition position{after, absl::FromUnixSeconds(seconds % 100'000'000'000)};
  finance::v1::ListRunsRequest request = Core();
  request.set_page_token(MakePageToken(kListRuns, request, position));
  auto read = ReadPageToken(kListRuns, request);
  RC_ASSERT(read.ok() && *read == position);
  RC_ASSERT(request.page_token().find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos);
}

RC_GTEST_PROP(PageTokenProperty, NoOtherTextIsAToken, ()) {
  finance::v1::ListRunsRequest request = Core();
  std::string token = MakePageToken(kListRuns, request, {"runs/7", absl::FromUnixSeconds(1'750'000'000)});
  auto at = *rc::gen::inRange<std::size_t>(0, token.size());
  auto letter = *rc::gen::suchThat(rc::gen::character<char>(), [&](char c) { return c != token[at]; });
  token[at] = letter;
  request.set_page_token(token);
  RC_ASSERT(!ReadPageToken(kListRuns, request).ok());
}

TEST(PageToken, TheFirstPageHasNone) {
  EXPECT_THAT(ReadPageToken(kListRuns, Core()), IsOkAndHolds(std::nullopt));
}

TEST(PageToken, InfiniteSnapshotsAreKept) {
  for (absl::Time snapshot : {absl::InfiniteFuture(), absl::InfinitePast()}) {
    auto request = Core();
    request.set_page_token(MakePageToken(kListRuns, request, {"a", snapshot}));
    EXPECT_THAT(ReadPageToken(kListRuns, request), IsOkAndHolds(Optional(PagePosition{"a", snapshot})));
  }
}

TEST(PageToken, OnlyThePageSizeMayChange) {
  auto request = Core();
  request.set_page_token(MakePageToken(kListRuns, request, {"runs/7"}));
  request.set_page_size(99);
  EXPECT_TRUE(ReadPageToken(kListRuns, request).ok());
  EXPECT_THAT(ReadPageToken("specom.finance.v1.FinanceService/ListInputSets", request),
              StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
  request.set_stream("specialised");
  EXPECT_THAT(ReadPageToken(kListRuns, request),
              StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
}

TEST(PageToken, NonsenseIsRefused) {
  for (const char* text : {"x", "====", "AAAA", "runs/7", "\n", "AQ"}) {
    auto request = Core();
    request.set_page_token(text);
    EXPECT_THAT(ReadPageToken(kListRuns, request),
                StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_PAGE_TOKEN"))
        << text;
  }
}

TEST(PageSize, IsTheStandardOneUnlessAskedAndNeverTooLarge) {
  EXPECT_THAT(PageSize(0, 100, 1000), IsOkAndHolds(100));
  EXPECT_THAT(PageSize(7, 100, 1000), IsOkAndHolds(7));
  EXPECT_THAT(PageSize(5000, 100, 1000), IsOkAndHolds(1000));
  EXPECT_THAT(PageSize(-1, 100, 1000), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

}  // namespace
}  // namespace specom::rpc

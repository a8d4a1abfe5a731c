// Proves the law of pages: for every list and any page size, the pages one after the other are the
// list, and a token continues no other request.
#include <gmock/gmock.h>

#include "services/finance/testing/service_fixture.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using Code = absl::StatusCode;

class FinancePagingTest : public ::testing::TestWithParam<store::Engine> {};

INSTANTIATE_TEST_SUITE_P(Engines, FinancePagingTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql), EngineName);

template <class Request, class Response, class ItemsOf, class StubType>
void ExpectPagesAreTheList(rpc::Client& client,
                           grpc::Status (StubType::*method)(grpc::ClientContext*, const Request&, Response*),
                           Request request, ItemsOf items_of, std::size_t expected) {
  auto texts = [&](const Response& response) {
    std::vector<std::string> all;
    for (const auto& item : items_of(response)) all.push_back(item.SerializeAsString());
    return all;
  };
  request.set_page_size(1000);
  auto whole = client.Call(method, request);
  ASSERT_THAT(whole, IsOk());
  const std::vector<std::string> list = texts(*whole);
  ASSERT_EQ(list.size(), expected);
  EXPECT_EQ(whole->next_page_token(), "");
  for (int size : {1, 2, 3, static_cast<int>(expected) - 1, static_cast<int>(expected)}) {
    SCOPED_TRACE(size);
    std::vector<std::string> pages;
    request.set_page_size(size);
    request.clear_page_token();
    do {
      auto page = client.Call(method, request);
      ASSERT_THAT(page, IsOk());
      const std::vector<std::string> some = texts(*page);
      EXPECT_LE(some.size(), static_cast<std::size_t>(size));
      pages.insert(pages.end(), some.begin(), some.end());
      request.set_page_token(page->next_page_token());
      ASSERT_LE(pages.size(), list.size());
    } while (!request.page_token().empty());
    EXPECT_EQ(pages, list);
  }
  request.set_page_size(-1);
  EXPECT_THAT(client.Call(method, request), StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  request.set_page_size(1);
  request.set_page_token("no token");
  EXPECT_THAT(client.Call(method, request), StatusIs(Code::kInvalidArgument, "INVALID_PAGE_TOKEN"));
}

TEST_P(FinancePagingTest, PagesAreTheList) {
  Platform platform(GetParam());
  rpc::Client& author = platform.As(Author());
  constexpr int kRuns = 7;
  v1::Run run;
  for (int variant = 1; variant <= kRuns; ++variant) run = platform.Compute(platform.Import(variant));

  v1::ListRunsRequest runs;
  runs.set_stream("specialised");
  runs.set_state(v1::RUN_STATE_COMPUTED);
  ExpectPagesAreTheList(
      author, &Stub::ListRuns, runs, [](const v1::ListRunsResponse& r) { return r.runs(); }, kRuns);
  v1::ListInputSetsRequest input_sets;
  input_sets.set_financial_year("2026/27");
  ExpectPagesAreTheList(
      author, &Stub::ListInputSets, input_sets,
      [](const v1::ListInputSetsResponse& r) { return r.input_sets(); }, kRuns);
  v1::ListBaselineLinesRequest lines;
  lines.set_parent(run.input_set());
  ExpectPagesAreTheList(
      author, &Stub::ListBaselineLines, lines,
      [](const v1::ListBaselineLinesResponse& r) { return r.lines(); }, 12);
  lines.set_icb("QOQ");
  ExpectPagesAreTheList(
      author, &Stub::ListBaselineLines, lines,
      [](const v1::ListBaselineLinesResponse& r) { return r.lines(); }, 5);
  v1::ListPoliciesRequest policies;
  policies.set_stream("primary-medical");
  ExpectPagesAreTheList(
      author, &Stub::ListPolicies, policies, [](const v1::ListPoliciesResponse& r) { return r.policies(); },
      3);
  ExpectPagesAreTheList(
      author, &OperationsStub::ListOperations, google::longrunning::ListOperationsRequest(),
      [](const google::longrunning::ListOperationsResponse& r) { return r.operations(); }, kRuns);

  const v1::Run reference = platform.ComputeReference();
  v1::ListAllocationsRequest allocations;
  allocations.set_parent(reference.name());
  auto items = [](const v1::ListAllocationsResponse& r) { return r.allocations(); };
  ExpectPagesAreTheList(author, &Stub::ListAllocations, allocations, items, 42);
  allocations.set_level(v1::ALLOCATION_LEVEL_REGION);
  ExpectPagesAreTheList(author, &Stub::ListAllocations, allocations, items, 7);
}

TEST_P(FinancePagingTest, RunsAreListedLatestFirstAndNewOnesDoNotDisturbTheScan) {
  Platform platform(GetParam(), ProcessRole::kApi);
  rpc::Client& author = platform.As(Author());
  std::vector<std::string> created;
  for (int variant = 1; variant <= 4; ++variant)
    created.push_back(platform.Create(platform.Import(variant)).name());
  v1::ListRunsRequest request;
  request.set_page_size(2);
  auto first = author.Call(&Stub::ListRuns, request);
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(first->runs_size(), 2);
  EXPECT_EQ(first->runs(0).name(), created[3]);
  EXPECT_EQ(first->runs(1).name(), created[2]);
  platform.Create(platform.Import(5));
  request.set_page_token(first->next_page_token());
  auto second = author.Call(&Stub::ListRuns, request);
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second->runs_size(), 2);
  EXPECT_EQ(second->runs(0).name(), created[1]);
  EXPECT_EQ(second->runs(1).name(), created[0]);
  EXPECT_EQ(second->next_page_token(), "");
  request.set_stream("core");
  EXPECT_THAT(author.Call(&Stub::ListRuns, request), StatusIs(Code::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
}

}  // namespace
}  // namespace specom::finance

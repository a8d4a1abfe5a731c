// Proves what finance keeps: footprints until the registry changes, and what is told of published runs,
// the same bytes with a cache and without, and never to those who may not see the run.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>

#include "libs/cache/test_redis.h"
#include "services/finance/testing/service_fixture.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using Code = absl::StatusCode;

constexpr char kRegistry[] = "portfolio.registry";

bool Eventually(const std::function<bool()>& fact) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!fact()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// A registry that counts what it is asked, and whose last change renames every ICB.
class TestRegistry final : public rpc::Module, public portfolio::v1::PortfolioService::CallbackService {
 public:
  using Request = portfolio::v1::RestateFootprintRequest;
  using Response = portfolio::v1::RestateFootprintResponse;
  struct Facts {
    std::atomic<std::int64_t> change = 1;
    std::atomic<int> asked = 0;
  };

  TestRegistry(rpc::Host& host, Facts& facts) : pipeline_(host.pipeline), facts_(facts) {}

  std::string name() const override { return "portfolio"; }
  absl::StatusOr<int> Migrate() override { return 0; }
  absl::Status CheckSchema() override { return absl::OkStatus(); }
  std::vector<grpc::Service*> services() override { return {this}; }
  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Ready() override { return absl::OkStatus(); }
  void Stop() override {}

  grpc::ServerUnaryReactor* RestateFootprint(grpc::CallbackServerContext* context, const Request* request,
                                             Response* response) override {
    return pipeline_.Unary<Request, Response>(
        context, "specom.portfolio.v1.PortfolioService/RestateFootprint", *request, response,
        [this](RequestContext&, const Request& question) -> absl::StatusOr<Response> {
          ++facts_.asked;
          Response answer;
          answer.set_registry_change(facts_.change);
          for (const std::string& icb : question.icbs()) {
            portfolio::v1::FootprintPart& part = *answer.add_parts();
            part.set_from_icb(icb);
            part.set_to_icb(absl::StrCat(icb, "-", answer.registry_change()));
            part.set_share(1);
            part.set_to_name("Renamed");
          }
          return answer;
        });
  }

 private:
  rpc::Pipeline& pipeline_;
  Facts& facts_;
};

// How often the cache of the process answered so; 0 also when it was not asked.
int Answered(Platform& platform, const std::string& space, const std::string& outcome) {
  const std::string text = platform.host().host().metrics.Text();
  const std::string series =
      absl::StrCat("specom_cache_requests_total{outcome=\"", outcome, "\",space=\"", space, "\"} ");
  const std::size_t at = text.find(series);
  return at == text.npos ? 0 : std::atoi(text.c_str() + at + series.size());
}

std::string FirstCode(Platform& platform, const v1::ListAllocationsRequest& request) {
  auto list = platform.As(Author()).Call(&Stub::ListAllocations, request);
  EXPECT_THAT(list, IsOk());
  return list.ok() && list->allocations_size() > 0 ? list->allocations(0).code() : "";
}

TEST(FinanceCacheTest, AFootprintIsKeptUntilTheRegistryChanges) {
  // Of its own: what other tests have in their streams is none of this platform's.
  const cache::TestRedis redis;
  TestRegistry::Facts facts;
  rpc::HostConfig config;
  config.redis_url = redis.url();
  config.cache_timeout = absl::Seconds(5);
  config.program = "specom-portfolio";
  config.identity = "development";
  config.log_level = observe::LogLevel::kError;
  auto registry = rpc::ServiceHost::Create(config);
  ASSERT_THAT(registry, IsOk());
  (*registry)->Add(std::make_unique<TestRegistry>((*registry)->host(), facts));
  ASSERT_THAT((*registry)->Start(), IsOk());
  (*registry)->host().cache.Advance(kRegistry, 1);

  Platform platform(
      store::Engine::kSqlite, ProcessRole::kBoth, [&] { return (*registry)->address(); }, config);
  cache::Cache& cache = platform.host().host().cache;
  v1::ListAllocationsRequest request;
  request.set_parent(platform.Compute(platform.Import(0)).name());
  request.mutable_footprint_date()->set_year(2026);
  request.mutable_footprint_date()->set_month(4);
  request.mutable_footprint_date()->set_day(1);
  ASSERT_TRUE(Eventually([&] { return cache.Believes() && cache.KnownVersion(kRegistry) == 1; }));
  const std::string code = FirstCode(platform, request);
  EXPECT_TRUE(code.ends_with("-1")) << code;
  EXPECT_EQ(FirstCode(platform, request), code);
  request.set_level(v1::ALLOCATION_LEVEL_ENGLAND);
  EXPECT_EQ(FirstCode(platform, request), "England");
  EXPECT_EQ(facts.asked, 1);
  EXPECT_EQ(Answered(platform, kRegistry, "near"), 2);

  facts.change = 2;
  EXPECT_TRUE((*registry)->host().cache.Advance(kRegistry, 2));
  ASSERT_TRUE(Eventually([&] { return cache.KnownVersion(kRegistry) == 2; }));
  request.clear_level();
  EXPECT_TRUE(FirstCode(platform, request).ends_with("-2"));
  EXPECT_EQ(facts.asked, 2);
  (*registry)->Stop();
}

TEST(FinanceCacheTest, WithoutAWayToHearOfChangesTheRegistryIsAskedEachTime) {
  TestRegistry::Facts facts;
  rpc::HostConfig config;
  config.program = "specom-portfolio";
  config.identity = "development";
  config.log_level = observe::LogLevel::kError;
  auto registry = rpc::ServiceHost::Create(config);
  ASSERT_THAT(registry, IsOk());
  (*registry)->Add(std::make_unique<TestRegistry>((*registry)->host(), facts));
  ASSERT_THAT((*registry)->Start(), IsOk());
  Platform platform(store::Engine::kSqlite, ProcessRole::kBoth, [&] { return (*registry)->address(); });
  v1::ListAllocationsRequest request;
  request.set_parent(platform.Compute(platform.Import(0)).name());
  request.mutable_footprint_date()->set_year(2026);
  request.mutable_footprint_date()->set_month(4);
  request.mutable_footprint_date()->set_day(1);
  EXPECT_TRUE(FirstCode(platform, request).ends_with("-1"));
  facts.change = 2;
  EXPECT_TRUE(FirstCode(platform, request).ends_with("-2"));
  (*registry)->Stop();
}

// Everything that is told of the run, serialised.
std::vector<std::string> Told(rpc::Client& client, const v1::Run& run) {
  std::vector<std::string> told;
  v1::ListAllocationsRequest request;
  request.set_parent(run.name());
  request.set_page_size(2);
  std::string icb;
  do {
    auto page = client.Call(&Stub::ListAllocations, request);
    EXPECT_THAT(page, IsOk());
    if (!page.ok()) return told;
    icb = page->allocations(0).code();
    request.set_page_token(page->next_page_token());
    told.push_back(page->SerializeAsString());
  } while (!request.page_token().empty());
  v1::ExplainAllocationRequest explain;
  explain.set_run(run.name());
  explain.set_icb(icb);
  auto explanation = client.Call(&Stub::ExplainAllocation, explain);
  EXPECT_THAT(explanation, IsOk());
  if (explanation.ok()) told.push_back(explanation->SerializeAsString());
  return told;
}

TEST(FinanceCacheTest, APublishedRunIsToldInTheSameBytesFromTheCacheAndDraftsAreNotKept) {
  Platform platform(store::Engine::kSqlite);
  rpc::Client& author = platform.As(Author());
  const v1::Run computed = platform.Compute(platform.Import(0, IcbTeam("QOQ")), IcbTeam("QOQ"));
  const std::vector<std::string> draft = Told(author, computed);
  EXPECT_EQ(Answered(platform, "finance.published", "loaded"), 0);
  v1::ListAllocationsRequest request;
  request.set_parent(computed.name());
  EXPECT_THAT(platform.As(IcbTeam("QHM")).Call(&Stub::ListAllocations, request),
              StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));

  const v1::Run published = platform.Publish(platform.Approve(computed));
  const int answers = static_cast<int>(draft.size());
  EXPECT_GT(answers, 2);
  EXPECT_EQ(Told(author, published), draft);
  EXPECT_EQ(Answered(platform, "finance.published", "loaded"), answers);
  EXPECT_EQ(Told(platform.As(IcbTeam("QHM")), published), draft);
  EXPECT_EQ(Answered(platform, "finance.published", "near"), answers);

  // Superseded, its figures are what they were.
  const v1::Run next = platform.Publish(platform.Approve(platform.Compute(platform.Import(1))));
  EXPECT_NE(Told(author, next), draft);
  EXPECT_EQ(Told(author, platform.Get(published.name())), draft);
}

TEST(FinanceCacheTest, PermissionIsAskedBeforeTheCache) {
  Platform platform(store::Engine::kSqlite);
  const v1::Run computed = platform.Compute(platform.Import(0));
  const v1::Run published = platform.Publish(platform.Approve(computed));
  const std::vector<std::string> told = Told(platform.As(Author()), published);
  EXPECT_FALSE(told.empty());
  // Were it a draft again, who may not see drafts would get nothing, kept or not.
  platform.SetState(published.name(), RunState::kApproved);
  v1::ListAllocationsRequest request;
  request.set_parent(published.name());
  request.set_page_size(2);
  EXPECT_THAT(platform.As(IcbTeam("QHM")).Call(&Stub::ListAllocations, request),
              StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));
}

}  // namespace
}  // namespace specom::finance

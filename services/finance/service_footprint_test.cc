// Proves, with a registry beside finance, that a run's figures can be asked for on the ICBs of another
// date, page by page, and what is said when the registry refuses or is not there.
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "services/finance/testing/service_fixture.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

// A registry in which, from April 2026, two ICBs of London are one and Frimley is divided.
class TestRegistry final : public rpc::Module, public portfolio::v1::PortfolioService::CallbackService {
 public:
  using Request = portfolio::v1::RestateFootprintRequest;
  using Response = portfolio::v1::RestateFootprintResponse;

  explicit TestRegistry(rpc::Host& host) : pipeline_(host.pipeline) {}

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
        [](RequestContext& caller, const Request& question) { return Answer(caller, question); });
  }

 private:
  static absl::StatusOr<Response> Answer(const RequestContext& caller, const Request& request) {
    EXPECT_EQ(caller.principal.user, "specom-finance");
    EXPECT_THAT(caller.principal.roles, ElementsAre(Role::kService));
    if (request.as_of().year() < 2013) {
      return MakeError(Code::kFailedPrecondition, "ICB_NOT_YET_ESTABLISHED", "it begins later");
    }
    Response response;
    auto add = [&](const std::string& from, const char* to, double share, const char* name,
                   const char* region) {
      portfolio::v1::FootprintPart& part = *response.add_parts();
      part.set_from_icb(from);
      part.set_to_icb(to);
      part.set_share(share);
      part.set_to_name(name);
      part.set_to_region(region);
    };
    const bool merged =
        request.as_of().year() > 2026 || (request.as_of().year() == 2026 && request.as_of().month() >= 4);
    for (const std::string& icb : request.icbs()) {
      if (merged && (icb == "QMJ" || icb == "QRV")) {
        add(icb, "ICB-WEST-NORTH-LONDON", 1, "West and North London", "Y56");
      } else if (merged && icb == "QNQ") {
        add(icb, "ICB-THAMES-VALLEY", 0.75, "Thames Valley", "Y59");
        add(icb, "QRL", 0.25, "Hampshire", "Y59");
      } else {
        add(icb, icb.c_str(), 1, "As ever", "");
      }
    }
    return response;
  }

  rpc::Pipeline& pipeline_;
};

// It, as a process of its own would serve it.
class Portfolio {
 public:
  Portfolio() {
    rpc::HostConfig config;
    config.program = "specom-portfolio";
    config.identity = "development";
    config.log_level = observe::LogLevel::kError;
    auto host = rpc::ServiceHost::Create(config);
    EXPECT_TRUE(host.ok()) << host.status();
    if (!host.ok()) return;
    host_ = *std::move(host);
    host_->Add(std::make_unique<TestRegistry>(host_->host()));
    const absl::Status started = host_->Start();
    EXPECT_TRUE(started.ok()) << started;
  }

  std::string address() const { return host_->address(); }
  void Stop() { host_->Stop(); }

 private:
  std::unique_ptr<rpc::ServiceHost> host_;
};

class FinanceFootprintTest : public ::testing::TestWithParam<store::Engine> {};

INSTANTIATE_TEST_SUITE_P(Engines, FinanceFootprintTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql), EngineName);

void SetDate(v1::ListAllocationsRequest& request, int year, int month, int day) {
  request.mutable_footprint_date()->set_year(year);
  request.mutable_footprint_date()->set_month(month);
  request.mutable_footprint_date()->set_day(day);
}

using Rows = std::map<std::string, v1::Allocation>;

Rows List(rpc::Client& client, const v1::ListAllocationsRequest& request) {
  auto list = client.Call(&Stub::ListAllocations, request);
  EXPECT_THAT(list, IsOk());
  Rows rows;
  if (!list.ok()) return rows;
  for (const v1::Allocation& row : list->allocations()) rows[row.code()] = row;
  return rows;
}

std::int64_t TotalResource(const Rows& rows) {
  return std::accumulate(rows.begin(), rows.end(), std::int64_t{0}, [](std::int64_t sum, const auto& row) {
    return sum + row.second.resource_allocation_pence();
  });
}

TEST_P(FinanceFootprintTest, TheFiguresOf2025StandOnTheIcbsOfApril2026) {
  Portfolio portfolio;
  Platform platform(GetParam(), ProcessRole::kBoth, [&] { return portfolio.address(); });
  rpc::Client& author = platform.As(Author());
  v1::ListAllocationsRequest request;
  request.set_parent(platform.ComputeReference().name());
  const Rows before = List(author, request);
  SetDate(request, 2026, 3, 31);
  const Rows eve = List(author, request);
  ASSERT_EQ(eve.size(), 42u);
  for (const auto& [code, row] : before) {
    EXPECT_EQ(eve.at(code).SerializeAsString(), row.SerializeAsString()) << code;
  }

  SetDate(request, 2026, 4, 1);
  const Rows after = List(author, request);
  EXPECT_EQ(after.size(), 41u);
  EXPECT_EQ(TotalResource(after), TotalResource(before));
  EXPECT_FALSE(after.contains("QNQ"));
  const v1::Allocation& london = after.at("ICB-WEST-NORTH-LONDON");
  EXPECT_EQ(london.name(), "West and North London");
  EXPECT_EQ(london.region(), "London");
  EXPECT_EQ(london.allocation_pence(),
            before.at("QMJ").allocation_pence() + before.at("QRV").allocation_pence());
  // It receives a quarter of Frimley, and keeps its name.
  EXPECT_NEAR(static_cast<double>(after.at("QRL").baseline_pence()),
              static_cast<double>(before.at("QRL").baseline_pence()) +
                  0.25 * static_cast<double>(before.at("QNQ").baseline_pence()),
              5);
  EXPECT_EQ(after.at("QRL").name(), before.at("QRL").name());
  EXPECT_EQ(after.at("QOQ").SerializeAsString(), before.at("QOQ").SerializeAsString());

  request.set_level(v1::ALLOCATION_LEVEL_REGION);
  const Rows regions = List(author, request);
  EXPECT_EQ(regions.size(), 7u);
  EXPECT_EQ(TotalResource(regions), TotalResource(before));
  request.set_level(v1::ALLOCATION_LEVEL_ENGLAND);
  const Rows england = List(author, request);
  request.clear_footprint_date();
  EXPECT_EQ(england.at("England").SerializeAsString(),
            List(author, request).at("England").SerializeAsString());
}

TEST_P(FinanceFootprintTest, PagesAreTheListAndATokenIsOfItsDate) {
  Portfolio portfolio;
  Platform platform(GetParam(), ProcessRole::kBoth, [&] { return portfolio.address(); });
  rpc::Client& author = platform.As(Author());
  v1::ListAllocationsRequest request;
  request.set_parent(platform.ComputeReference().name());
  SetDate(request, 2026, 4, 1);
  request.set_page_size(20);
  std::vector<std::string> codes;
  std::vector<int> sizes;
  std::string first_token;
  do {
    auto page = author.Call(&Stub::ListAllocations, request);
    ASSERT_THAT(page, IsOk());
    sizes.push_back(page->allocations_size());
    for (const v1::Allocation& row : page->allocations()) codes.push_back(row.code());
    request.set_page_token(page->next_page_token());
    if (first_token.empty()) first_token = page->next_page_token();
  } while (!request.page_token().empty());
  EXPECT_THAT(sizes, ElementsAre(20, 20, 1));
  EXPECT_TRUE(std::is_sorted(codes.begin(), codes.end()));
  EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), 41u);

  request.set_page_token(first_token);
  SetDate(request, 2026, 4, 2);
  EXPECT_THAT(author.Call(&Stub::ListAllocations, request),
              StatusIs(Code::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
  request.clear_footprint_date();
  EXPECT_THAT(author.Call(&Stub::ListAllocations, request),
              StatusIs(Code::kInvalidArgument, "PAGE_TOKEN_MISMATCH"));
}

TEST_P(FinanceFootprintTest, TheRegistrysRefusalsAreFinances) {
  Portfolio portfolio;
  Platform platform(GetParam(), ProcessRole::kBoth, [&] { return portfolio.address(); });
  v1::ListAllocationsRequest request;
  request.set_parent(platform.Compute(platform.Import(0)).name());
  SetDate(request, 2012, 1, 1);
  EXPECT_THAT(platform.As(Author()).Call(&Stub::ListAllocations, request),
              StatusIs(Code::kFailedPrecondition, "ICB_NOT_YET_ESTABLISHED"));
  SetDate(request, 2026, 2, 30);
  EXPECT_THAT(platform.As(Author()).Call(&Stub::ListAllocations, request),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

TEST_P(FinanceFootprintTest, WhoMayNotSeeTheRunMayNotSeeItOnAnotherFootprint) {
  Portfolio portfolio;
  Platform platform(GetParam(), ProcessRole::kBoth, [&] { return portfolio.address(); });
  v1::ListAllocationsRequest request;
  request.set_parent(platform.Compute(platform.Import(0, IcbTeam("QOQ")), IcbTeam("QOQ")).name());
  SetDate(request, 2026, 4, 1);
  EXPECT_EQ(List(platform.As(IcbTeam("QOQ")), request).size(), 3u);
  EXPECT_THAT(platform.As(IcbTeam("QHM")).Call(&Stub::ListAllocations, request),
              StatusIs(Code::kPermissionDenied, "NOT_VISIBLE"));
}

TEST_P(FinanceFootprintTest, WithoutARegistryTheAnswerNamesTheSettingAndTheRemedy) {
  std::string endpoint;
  Platform platform(GetParam(), ProcessRole::kBoth, [&] { return endpoint; });
  rpc::ClientOptions once;
  once.identity = rpc::DevelopmentIdentity(Author());
  once.max_attempts = 1;
  rpc::Client client(rpc::OpenChannel(platform.host().address()), once);
  v1::ListAllocationsRequest request;
  request.set_parent(platform.Compute(platform.Import(0)).name());
  SetDate(request, 2026, 4, 1);
  auto unset = client.Call(&Stub::ListAllocations, request);
  EXPECT_THAT(unset, StatusIs(Code::kFailedPrecondition, "NO_PORTFOLIO_ENDPOINT"));
  EXPECT_THAT(std::string(unset.status().message()), HasSubstr("portfolio_endpoint"));

  // It becomes known later, goes away, and the answer says where it was looked for.
  Portfolio portfolio;
  endpoint = portfolio.address();
  EXPECT_EQ(List(client, request).size(), 3u);
  portfolio.Stop();
  auto away = client.Call(&Stub::ListAllocations, request);
  EXPECT_THAT(away, StatusIs(Code::kUnavailable, "PORTFOLIO_UNAVAILABLE"));
  EXPECT_THAT(std::string(away.status().message()), HasSubstr(endpoint));
  request.clear_footprint_date();
  EXPECT_EQ(List(client, request).size(), 3u);
}

}  // namespace
}  // namespace specom::finance

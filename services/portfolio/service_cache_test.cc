// Proves, with two processes of portfolio on one database and one Redis, that lists are the same bytes
// with a cache and without, are shared, and that a change made in one is in the lists of the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/cache/test_redis.h"
#include "libs/rpc/client.h"
#include "libs/rpc/service_host.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/portfolio/service.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::portfolio {
namespace {

using testing::IsOk;
using Stub = v1::PortfolioService::Stub;

class Process {
 public:
  Process(const store::TestDatabase& database, rpc::HostConfig config) : store_(database.Open(clock_)) {
    config.program = "specom-portfolio";
    config.identity = "development";
    config.log_level = observe::LogLevel::kError;
    auto host = rpc::ServiceHost::Create(config);
    EXPECT_THAT(host, IsOk());
    host_ = *std::move(host);
    host_->Add(NewPortfolioModule(*store_, host_->host()));
    EXPECT_THAT(host_->Migrate(), IsOk());
    EXPECT_THAT(host_->Start(), IsOk());
    const Principal national{.user = "tester@example.nhs.uk", .roles = {Role::kNational}, .organisation = ""};
    client_ =
        std::make_unique<rpc::Client>(rpc::OpenChannel(host_->address()),
                                      rpc::ClientOptions{.identity = rpc::DevelopmentIdentity(national)});
  }
  ~Process() { host_->Stop(); }

  rpc::Client& client() { return *client_; }
  cache::Cache& cache() { return host_->host().cache; }
  // How often the cache answered so.
  bool Answered(const std::string& outcome, int times) {
    const std::string series = "specom_cache_requests_total{outcome=\"" + outcome +
                               "\",space=\"portfolio.registry\"} " + std::to_string(times) + "\n";
    return host_->host().metrics.Text().find(series) != std::string::npos;
  }

 private:
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<rpc::ServiceHost> host_;
  std::unique_ptr<rpc::Client> client_;
};

class PortfolioCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    shared_.redis_url = redis_.url();
    shared_.cache_timeout = absl::Seconds(5);
    bare_.cache_bytes = 0;
  }

  // Every page of the request, serialised.
  template <class Request, class Response>
  static std::vector<std::string> Pages(Process& process,
                                        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                     Response*),
                                        Request request) {
    std::vector<std::string> pages;
    do {
      auto page = process.client().Call(method, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return pages;
      pages.push_back(page->SerializeAsString());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return pages;
  }

  // Of its own: what other tests have in their streams is none of these processes'.
  const cache::TestRedis redis_;
  rpc::HostConfig shared_, bare_;
  store::TestDatabase database_{store::Engine::kSqlite};
};

v1::ListDelegationsRequest Delegations(int year) {
  v1::ListDelegationsRequest request;
  request.set_service("PSS-105");
  request.set_page_size(100);
  request.mutable_as_of()->set_year(year);
  request.mutable_as_of()->set_month(8);
  request.mutable_as_of()->set_day(1);
  return request;
}

TEST_F(PortfolioCacheTest, ListsAreTheSameBytesFromNearFromRedisAndFromTheRegistry) {
  Process one(database_, shared_), other(database_, shared_), bare(database_, bare_);
  v1::ListServiceStatusesRequest statuses;
  statuses.set_page_size(60);
  const std::vector<std::string> delegations = Pages(bare, &Stub::ListDelegations, Delegations(2025));
  const std::vector<std::string> services = Pages(bare, &Stub::ListServiceStatuses, statuses);
  EXPECT_GT(delegations.size(), 1u);
  EXPECT_GT(services.size(), 1u);
  const int pages = static_cast<int>(delegations.size() + services.size());
  for (Process* process : {&one, &one, &other}) {
    EXPECT_EQ(Pages(*process, &Stub::ListDelegations, Delegations(2025)), delegations);
    EXPECT_EQ(Pages(*process, &Stub::ListServiceStatuses, statuses), services);
  }
  EXPECT_TRUE(one.Answered("loaded", pages));
  EXPECT_TRUE(one.Answered("near", pages));
  EXPECT_TRUE(other.Answered("redis", pages));
}

TEST_F(PortfolioCacheTest, AChangeMadeInOneProcessIsInTheListsOfTheOther) {
  Process writer(database_, shared_), reader(database_, shared_);
  const std::vector<std::string> before = Pages(reader, &Stub::ListDelegations, Delegations(2025));
  v1::RecordDecisionRequest request;
  v1::Decision& decision = *request.mutable_decision();
  decision.set_title("NHS England takes chemotherapy back from one ICB");
  decision.set_decided_by("Delegated Commissioning Group");
  decision.mutable_decided_on()->set_year(2025);
  decision.mutable_decided_on()->set_month(6);
  decision.mutable_decided_on()->set_day(2);
  decision.set_form(v1::DELEGATION_FORM_NHS_ENGLAND);
  decision.add_icbs("QOQ");
  decision.add_services("PSS-105");
  *decision.mutable_effective_from() = decision.decided_on();
  decision.set_source("https://www.england.nhs.uk/");
  const std::int64_t known = reader.cache().KnownVersion("portfolio.registry");
  ASSERT_THAT(writer.client().Call(&Stub::RecordDecision, request), IsOk());
  // Told before the reply; once it is heard, no list is older.
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (reader.cache().KnownVersion("portfolio.registry") == known && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  const std::vector<std::string> after = Pages(reader, &Stub::ListDelegations, Delegations(2025));
  EXPECT_NE(after, before);
  EXPECT_EQ(after, Pages(writer, &Stub::ListDelegations, Delegations(2025)));
  // What was so in other years has not changed.
  EXPECT_EQ(Pages(reader, &Stub::ListDelegations, Delegations(2023)),
            Pages(writer, &Stub::ListDelegations, Delegations(2023)));
}

TEST_F(PortfolioCacheTest, AFootprintTellsTheChangeItKnowsOf) {
  Process process(database_, bare_);
  v1::RestateFootprintRequest request;
  request.add_icbs("QNQ");
  const auto response = process.client().Call(&Stub::RestateFootprint, request);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->registry_change(), process.cache().KnownVersion("portfolio.registry"));
  EXPECT_GT(response->registry_change(), 0);
}

}  // namespace
}  // namespace specom::portfolio

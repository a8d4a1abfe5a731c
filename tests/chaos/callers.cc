#include "tests/chaos/callers.h"

#include <gtest/gtest.h>

#include <future>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/rpc/error_model.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"
#include "tests/journeys/process.h"

namespace specom::chaos {
namespace {

using Portfolio = portfolio::v1::PortfolioService;
using Finance = finance::v1::FinanceService;
using Reporting = reporting::v1::ReportingService;
using journeys::Eventually;

constexpr const char* kIcbs[Callers::kWrites] = {"QOQ", "QWO", "QKK", "QHM", "QF7", "QMM"};
constexpr const char* kRegions[] = {"Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63"};

common::v1::Date Day(int year, int month, int day) {
  common::v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

std::string OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat(std::string(rpc::CodeName(status.code())), "/", ErrorReason(status));
}

std::unique_ptr<rpc::Client> ClientOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& user,
                                      int attempts) {
  rpc::ClientOptions options;
  options.identity = rpc::DevelopmentIdentity({user, {Role::kNational}, ""});
  options.max_attempts = attempts;
  return std::make_unique<rpc::Client>(channel, std::move(options));
}

// NHS England takes chemotherapy back from one ICB.
portfolio::v1::RecordDecisionRequest DecisionFor(const std::string& icb) {
  portfolio::v1::RecordDecisionRequest request;
  portfolio::v1::Decision& decision = *request.mutable_decision();
  decision.set_decision_id("chaos-" + absl::AsciiStrToLower(icb));
  decision.set_title("NHS England takes chemotherapy back from one ICB");
  decision.set_decided_by("Delegated Commissioning Group");
  *decision.mutable_decided_on() = Day(2025, 6, 2);
  decision.set_form(portfolio::v1::DELEGATION_FORM_NHS_ENGLAND);
  decision.add_icbs(icb);
  decision.add_services("PSS-105");
  *decision.mutable_effective_from() = Day(2025, 7, 1);
  decision.set_source("https://www.england.nhs.uk/");
  request.set_request_id(NewUuid());
  return request;
}

// The example's inputs with one more line of their own.
finance::v1::ImportInputsRequest ImportOf(int number) {
  const std::string folder =
      journeys::RequiredEnvironment("SPECOM_SOURCE_DIR") + "/services/finance/reference/example/";
  finance::v1::ImportInputsRequest request;
  auto& files = *request.mutable_files();
  files.set_baseline_csv(
      journeys::ReadFile(folder + "baseline.csv") +
      absl::StrCat("QKK,mental_health,Local adjustment ", number, ",", number + 1, ".00\n"));
  files.set_need_csv(journeys::ReadFile(folder + "need.csv"));
  files.set_policy_json(journeys::ReadFile(folder + "policy.json"));
  request.set_request_id(NewUuid());
  return request;
}

}  // namespace

Callers::Callers(const Endpoints& endpoints) {
  MoveTo(endpoints);
  for (int i = 0; i < kWrites; ++i) {
    decisions_.push_back(DecisionFor(kIcbs[i]));
    imports_.push_back(ImportOf(i));
  }
  decision_writes_.resize(kWrites);
  import_writes_.resize(kWrites);
}

void Callers::MoveTo(const Endpoints& endpoints) {
  auto portfolio = rpc::OpenChannel(endpoints.portfolio);
  auto finance = rpc::OpenChannel(endpoints.finance);
  auto reporting = rpc::OpenChannel(endpoints.reporting);
  constexpr int kAttempts = 8;
  portfolio_once_ = ClientOf(portfolio, "analyst", 1);
  finance_once_ = ClientOf(finance, "analyst", 1);
  reporting_once_ = ClientOf(reporting, "analyst", 1);
  portfolio_ = ClientOf(portfolio, "analyst", kAttempts);
  finance_ = ClientOf(finance, "analyst", kAttempts);
  director_ = ClientOf(finance, "director", kAttempts);
  reporting_ = ClientOf(reporting, "analyst", kAttempts);
}

void Callers::Publish() {
  finance::v1::CreateRunRequest create;
  create.set_stream("specialised");
  create.set_financial_year("2025/26");
  create.set_request_id(NewUuid());
  auto operation = finance_->Call(&Finance::Stub::CreateRun, create);
  ASSERT_TRUE(operation.ok()) << operation.status();
  finance::v1::GetRunRequest get;
  get.set_name("runs/" + operation->name().substr(operation->name().rfind('/') + 1));
  absl::StatusOr<finance::v1::Run> run;
  ASSERT_TRUE(Eventually([&] {
    run = finance_->Call(&Finance::Stub::GetRun, get);
    return run.ok() && run->state() == finance::v1::RUN_STATE_COMPUTED;
  })) << run.status()
      << (run.ok() ? run->ShortDebugString() : "");
  finance::v1::ApproveRunRequest approve;
  approve.set_name(run->name());
  approve.set_etag(run->etag());
  approve.set_request_id(NewUuid());
  run = director_->Call(&Finance::Stub::ApproveRun, approve);
  ASSERT_TRUE(run.ok()) << run.status();
  finance::v1::PublishRunRequest publish;
  publish.set_name(run->name());
  publish.set_etag(run->etag());
  publish.set_request_id(NewUuid());
  run = director_->Call(&Finance::Stub::PublishRun, publish);
  ASSERT_TRUE(run.ok()) << run.status();
  published_run_ = run->name();
  EXPECT_TRUE(Eventually([&] { return !Reports().empty(); }));
}

std::string Callers::Send(rpc::Client& client, const portfolio::v1::RecordDecisionRequest& request,
                          Write& write, absl::Duration timeout) {
  auto made = client.Call(&Portfolio::Stub::RecordDecision, request, {.timeout = timeout});
  write.last_seen = OutcomeOf(made.status());
  if (made.ok()) {
    EXPECT_TRUE(write.accepted.empty() || write.accepted == made->name()) << "two decisions for one request";
    write.accepted = made->name();
  }
  return write.last_seen;
}

std::string Callers::Send(rpc::Client& client, const finance::v1::ImportInputsRequest& request, Write& write,
                          absl::Duration timeout) {
  auto made = client.Call(&Finance::Stub::ImportInputs, request, {.timeout = timeout});
  write.last_seen = OutcomeOf(made.status());
  if (made.ok()) {
    EXPECT_TRUE(write.accepted.empty() || write.accepted == made->name()) << "two input sets for one request";
    write.accepted = made->name();
  }
  return write.last_seen;
}

std::string Callers::Call(const std::string& kind, absl::Duration timeout) {
  const auto number = static_cast<std::size_t>(rounds_ % kWrites);
  const rpc::CallOptions options{.timeout = timeout};
  if (kind == kPortfolioWrite) {
    return Send(*portfolio_once_, decisions_[number], decision_writes_[number], timeout);
  }
  if (kind == kFinanceWrite) return Send(*finance_once_, imports_[number], import_writes_[number], timeout);
  if (kind == kPortfolioRead) {
    portfolio::v1::ResolveDelegationRequest request;
    request.set_icb("QT1");
    request.set_service_line("NCBPS01C");
    *request.mutable_as_of() = Day(2025, 6, 1);
    return OutcomeOf(portfolio_once_->Call(&Portfolio::Stub::ResolveDelegation, request, options).status());
  }
  if (kind == kReportRead) {
    reporting::v1::GetRegionalReportRequest request;
    request.set_region("Y60");
    request.set_financial_year("2025/26");
    return OutcomeOf(reporting_once_->Call(&Reporting::Stub::GetRegionalReport, request, options).status());
  }
  finance::v1::ListAllocationsRequest request;
  request.set_parent(published_run_);
  // Another date each time, so that no earlier answer serves.
  if (kind == kFootprintRead) *request.mutable_footprint_date() = Day(2026, 4, 1 + rounds_ % 30);
  return OutcomeOf(finance_once_->Call(&Finance::Stub::ListAllocations, request, options).status());
}

Outcomes Callers::CallEach(absl::Duration timeout) {
  std::map<std::string, std::future<std::string>> calls;
  for (const char* kind :
       {kPortfolioRead, kPortfolioWrite, kFinanceRead, kFinanceWrite, kFootprintRead, kReportRead}) {
    calls[kind] = std::async(std::launch::async, [this, kind, timeout] { return Call(kind, timeout); });
  }
  Outcomes outcomes;
  for (auto& [kind, call] : calls) outcomes[kind] = call.get();
  ++rounds_;
  return outcomes;
}

std::string Callers::FinishWrites() {
  constexpr absl::Duration kPatience = absl::Seconds(10);
  std::string refused;
  for (std::size_t i = 0; i < kWrites; ++i) {
    for (const std::string& seen : {Send(*portfolio_, decisions_[i], decision_writes_[i], kPatience),
                                    Send(*finance_, imports_[i], import_writes_[i], kPatience)}) {
      if (seen != "OK") return seen;
    }
  }
  return refused;
}

void Callers::StartRunOfImport(int number) {
  auto inputs = finance_->Call(&Finance::Stub::ImportInputs, imports_[static_cast<std::size_t>(number)]);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  finance::v1::CreateRunRequest create;
  create.set_input_set(inputs->name());
  create.set_request_id(NewUuid());
  auto operation = finance_->Call(&Finance::Stub::CreateRun, create);
  ASSERT_TRUE(operation.ok()) << operation.status();
}

void Callers::StartAnotherRun() {
  finance::v1::CreateRunRequest create;
  create.set_stream("core");
  create.set_financial_year("2025/26");
  create.set_request_id(NewUuid());
  auto operation = finance_->Call(&Finance::Stub::CreateRun, create);
  ASSERT_TRUE(operation.ok()) << operation.status();
  another_run_ = "runs/" + operation->name().substr(operation->name().rfind('/') + 1);
}

void Callers::ComputeAnotherRun() {
  StartAnotherRun();
  finance::v1::GetRunRequest get;
  get.set_name(another_run_);
  absl::StatusOr<finance::v1::Run> run;
  EXPECT_TRUE(Eventually([&] {
    run = finance_->Call(&Finance::Stub::GetRun, get);
    return run.ok() && run->state() == finance::v1::RUN_STATE_COMPUTED;
  })) << run.status()
      << (run.ok() ? run->ShortDebugString() : "");
}

std::string Callers::CountWrites() {
  portfolio::v1::ListDecisionsRequest list;
  list.set_page_size(1000);
  *list.mutable_as_of() = Day(2026, 3, 1);
  auto decisions = portfolio_->Call(&Portfolio::Stub::ListDecisions, list);
  finance::v1::ListInputSetsRequest list_sets;
  list_sets.set_page_size(1000);
  list_sets.set_financial_year("2026/27");
  auto sets = finance_->Call(&Finance::Stub::ListInputSets, list_sets);
  if (!decisions.ok() || !sets.ok())
    return absl::StrCat(decisions.status().ToString(), sets.status().ToString());
  int recorded = 0;
  for (const auto& decision : decisions->decisions())
    recorded += decision.decision_id().starts_with("chaos-");
  return absl::StrCat(recorded, " decisions, ", sets->input_sets_size(), " input sets");
}

std::vector<std::string> Callers::PageOfAllocations(std::string& token) {
  finance::v1::ListAllocationsRequest request;
  request.set_parent(published_run_);
  request.set_page_size(10);
  request.set_page_token(token);
  auto page = finance_->Call(&Finance::Stub::ListAllocations, request);
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<std::string> codes;
  if (!page.ok()) return codes;
  for (const auto& allocation : page->allocations()) codes.push_back(allocation.code());
  token = page->next_page_token();
  return codes;
}

std::string Callers::Reports() {
  std::string text;
  for (const char* region : kRegions) {
    reporting::v1::GetRegionalReportRequest request;
    request.set_region(region);
    request.set_financial_year("2025/26");
    *request.mutable_as_of() = Day(2026, 3, 1);
    auto report = reporting_->Call(&Reporting::Stub::GetRegionalReport, request);
    if (!report.ok()) return "";
    report->clear_publish_time();
    report->clear_last_event_id();
    text += report->DebugString();
  }
  return text;
}

}  // namespace specom::chaos

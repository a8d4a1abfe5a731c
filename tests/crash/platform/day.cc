#include "tests/crash/platform/day.h"

#include <google/protobuf/text_format.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/finance/testing/example_inputs.h"
#include "tests/crash/platform/stored_events.h"

namespace specom::crash {
namespace {

// Only reached when something is lost.
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kCallTimeout = absl::Seconds(5);
constexpr absl::Duration kPause = absl::Milliseconds(5);

const Principal kAuthor = {"author@example.nhs.uk", {Role::kNational}, ""};
const Principal kApprover = {"approver@example.nhs.uk", {Role::kNational}, ""};

using PortfolioStub = portfolio::v1::PortfolioService::Stub;
using FinanceStub = finance::v1::FinanceService::Stub;
using ReportingStub = reporting::v1::ReportingService::Stub;

// Request ids are UUIDs; those of a day are the same every day.
std::string RequestIdOf(int number) {
  return absl::StrFormat("00000000-0000-4000-8000-%012d", number);
}

bool MayPass(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded ||
         code == absl::StatusCode::kCancelled || code == absl::StatusCode::kUnknown;
}

common::v1::Date DayOf(int year, int month, int day) {
  common::v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

portfolio::v1::Decision TakeBack() {
  portfolio::v1::Decision decision;
  decision.set_decision_id("take-back-qoq");
  decision.set_title("NHS England takes chemotherapy back from one ICB");
  decision.set_decided_by("Delegated Commissioning Group");
  *decision.mutable_decided_on() = DayOf(2025, 6, 2);
  decision.set_form(portfolio::v1::DELEGATION_FORM_NHS_ENGLAND);
  decision.add_icbs("QOQ");
  decision.add_services("PSS-105");
  *decision.mutable_effective_from() = DayOf(2025, 7, 1);
  decision.set_source("https://www.england.nhs.uk/");
  return decision;
}

}  // namespace

template <class Stub, class Request, class Response>
Response Day::Ask(const std::string& service, const Principal& caller,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request) {
  const absl::Time end = absl::Now() + kPatience;
  absl::Status last;
  while (record_.findings.empty() && absl::Now() < end) {
    for (std::string& problem : processes_.Revive()) record_.findings.push_back(std::move(problem));
    rpc::Client client(
        rpc::OpenChannel(processes_.Endpoint(service)),
        {.identity = rpc::DevelopmentIdentity(caller), .timeout = kCallTimeout, .max_attempts = 1});
    absl::StatusOr<Response> response = client.Call(method, request);
    if (response.ok()) return *std::move(response);
    last = response.status();
    if (!MayPass(last.code())) break;
    absl::SleepFor(kPause);
  }
  if (record_.findings.empty()) {
    record_.findings.push_back(absl::StrCat(Request::descriptor()->name(), ": ", last.ToString()));
  }
  return Response();
}

Day::Record Day::Live() {
  portfolio::v1::RecordDecisionRequest record;
  *record.mutable_decision() = TakeBack();
  record.set_request_id(RequestIdOf(1));
  const portfolio::v1::Decision recorded = Ask("portfolio", kAuthor, &PortfolioStub::RecordDecision, record);

  finance::v1::CreateRunRequest published;
  published.set_stream("specialised");
  published.set_financial_year("2025/26");
  std::vector<finance::v1::Run> runs = {Allocate(published, 10)};

  portfolio::v1::CorrectDecisionRequest correct;
  *correct.mutable_decision() = TakeBack();
  *correct.mutable_decision()->mutable_effective_from() = DayOf(2025, 4, 1);
  correct.set_etag(recorded.etag());
  correct.set_reason("It was to hold from the first day of the year");
  correct.set_request_id(RequestIdOf(2));
  Ask("portfolio", kAuthor, &PortfolioStub::CorrectDecision, correct);

  // The second run supersedes the first.
  for (int variant : {0, 1}) {
    finance::v1::CreateRunRequest create;
    create.set_input_set(Import(variant));
    runs.push_back(Allocate(create, 30 + 10 * variant));
  }
  ComeToRest();
  if (record_.findings.empty()) Describe(runs);
  return std::move(record_);
}

std::string Day::Import(int variant) {
  const finance::InputFiles files = finance::ExampleFiles(variant);
  finance::v1::ImportInputsRequest request;
  request.mutable_files()->set_baseline_csv(files.baseline_csv);
  request.mutable_files()->set_need_csv(files.need_csv);
  request.mutable_files()->set_policy_json(files.policy_json);
  request.set_request_id(RequestIdOf(20 + variant));
  return Ask("finance", kAuthor, &FinanceStub::ImportInputs, request).name();
}

finance::v1::Run Day::Allocate(finance::v1::CreateRunRequest create, int first_request) {
  create.set_request_id(RequestIdOf(first_request));
  const google::longrunning::Operation operation = Ask("finance", kAuthor, &FinanceStub::CreateRun, create);
  finance::v1::RunProgress progress;
  operation.metadata().UnpackTo(&progress);
  finance::v1::GetRunRequest get;
  get.set_name(progress.run());
  finance::v1::Run run;
  const absl::Time end = absl::Now() + kPatience;
  while (record_.findings.empty() && run.result_digest().empty()) {
    run = Ask("finance", kAuthor, &FinanceStub::GetRun, get);
    if (absl::Now() > end)
      record_.findings.push_back(run.name() + " is not computed: " + run.ShortDebugString());
    if (run.result_digest().empty()) absl::SleepFor(kPause);
  }
  finance::v1::ApproveRunRequest approve;
  approve.set_name(run.name());
  approve.set_etag(run.etag());
  approve.set_request_id(RequestIdOf(first_request + 1));
  run = Ask("finance", kApprover, &FinanceStub::ApproveRun, approve);
  finance::v1::PublishRunRequest publish;
  publish.set_name(run.name());
  publish.set_etag(run.etag());
  publish.set_request_id(RequestIdOf(first_request + 2));
  return Ask("finance", kApprover, &FinanceStub::PublishRun, publish);
}

void Day::ComeToRest() {
  const absl::Time end = absl::Now() + kPatience;
  std::string waits = "nobody has looked";
  while (record_.findings.empty() && !waits.empty()) {
    for (std::string& problem : processes_.Revive()) record_.findings.push_back(std::move(problem));
    waits = WhatWaits(processes_);
    if (absl::Now() > end) record_.findings.push_back("it never comes to rest: " + waits);
    if (!waits.empty()) absl::SleepFor(kPause);
  }
}

void Day::Add(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  absl::StrAppend(&record_.results, message.GetDescriptor()->name(), "\n", text);
}

void Day::Describe(const std::vector<finance::v1::Run>& runs) {
  for (const finance::v1::Run& created : runs) {
    finance::v1::GetRunRequest get;
    get.set_name(created.name());
    finance::v1::Run run = Ask("finance", kAuthor, &FinanceStub::GetRun, get);
    run.clear_create_time();
    run.clear_complete_time();
    run.clear_approve_time();
    run.clear_publish_time();
    // It counts how often a worker took the run up.
    run.clear_etag();
    Add(run);
    for (const auto level : {finance::v1::ALLOCATION_LEVEL_ICB, finance::v1::ALLOCATION_LEVEL_ENGLAND}) {
      finance::v1::ListAllocationsRequest list;
      list.set_parent(created.name());
      list.set_level(level);
      Add(Ask("finance", kAuthor, &FinanceStub::ListAllocations, list));
    }
  }
  portfolio::v1::ListDelegationsRequest delegations;
  delegations.set_icb("QOQ");
  *delegations.mutable_as_of() = DayOf(2025, 5, 1);
  Add(Ask("portfolio", kAuthor, &PortfolioStub::ListDelegations, delegations));
  for (const char* region : {"Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63"}) {
    reporting::v1::GetRegionalReportRequest request;
    request.set_region(region);
    request.set_financial_year("2025/26");
    reporting::v1::RegionalReport report =
        Ask("reporting", kAuthor, &ReportingStub::GetRegionalReport, request);
    report.clear_publish_time();
    report.clear_last_event_id();
    Add(report);
  }
}

}  // namespace specom::crash

// Proves on both engines that events build the read model: once each, in any order, the same bytes
// when it is built again; and what is read from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_format.h"
#include "libs/base/status.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/reporting/adapters/event_consumer.h"
#include "services/reporting/adapters/sql_read_model.h"
#include "services/reporting/adapters/test_events.h"
#include "services/reporting/app/get_regional_report.h"
#include "services/reporting/app/list_regional_reports.h"
#include "services/reporting/migrations/reporting_migrations.h"

namespace specom::reporting {
namespace {

using specom::testing::IsOk;
using specom::testing::StatusIs;
using store::ColumnType;
using store::Engine;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ColumnType kI = ColumnType::kInteger;
constexpr ColumnType kR = ColumnType::kReal;
constexpr ColumnType kT = ColumnType::kText;

// Every column of every table, in a fixed order.
const store::Statement kTables[] = {
    {"test.runs",
     "SELECT run, stream, financial_year, publish_time_us, superseded, event_id, event_time_us, "
     "event_sequence "
     "FROM published_run ORDER BY run",
     {kT, kT, kT, kI, kI, kT, kI, kI}},
    {"test.superseded", "SELECT run FROM superseded_run ORDER BY run", {kT}},
    {"test.allocations",
     "SELECT run, region, code, name, region_name, baseline_pence, target_pence, opening_distance, "
     "base_growth, "
     "convergence, allocation_pence, closing_distance, taken_out_pence, added_pence, "
     "resource_allocation_pence "
     "FROM published_allocation ORDER BY run, region, code",
     {kT, kT, kT, kT, kT, kI, kI, kR, kR, kR, kI, kR, kI, kI, kI}},
    {"test.decisions",
     "SELECT name, form, decided_on, recorded_at_us, effective_from, effective_to, icbs, services, "
     "names_lines, "
     "event_id, event_time_us, event_sequence FROM decision ORDER BY name",
     {kT, kT, kT, kI, kT, kT, kT, kT, kI, kT, kI, kI}},
    {"test.corrected", "SELECT name FROM corrected_decision ORDER BY name", {kT}},
    {"test.icbs", "SELECT code, event_sequence FROM icb ORDER BY code", {kT, kI}},
    {"test.successions",
     "SELECT predecessor, successor, from_day FROM icb_succession ORDER BY predecessor, successor",
     {kT, kT, kT}},
};

// One reporting database with its operations.
class Reporting {
 public:
  explicit Reporting(Engine engine) : database_(engine), store_(database_.Open(clock_)) {
    EXPECT_THAT(store_->Migrate(reporting_migrations()), IsOk());
  }

  absl::Status Handle(const events::Event& event) { return consumer_.Handle(event); }

  absl::StatusOr<RegionalReport> Report(const std::string& region, const std::string& year,
                                        const std::optional<std::string>& as_of = std::nullopt) {
    RegionalReportQuery query;
    query.region = RegionCode(region);
    query.year = FinancialYear::Parse(year).value();
    query.stream = "specialised";
    if (as_of) query.as_of = Date::Parse(*as_of).value();
    return GetRegionalReport(*store_, read_model_).Execute(Caller(), query);
  }

  // Of a caller whose time is up.
  absl::Status TooLate() {
    RequestContext context = Caller();
    context.deadline = clock_.Now() - absl::Seconds(1);
    RegionalReportQuery query;
    query.stream = "specialised";
    const absl::Status got = GetRegionalReport(*store_, read_model_).Execute(context, query).status();
    const absl::Status listed = ListRegionalReports(*store_, read_model_).Execute(context, {}).status();
    EXPECT_EQ(got.code(), listed.code());
    return got;
  }

  std::vector<ReportSummary> List(const ListReportsQuery& query) {
    const auto reports = ListRegionalReports(*store_, read_model_).Execute(Caller(), query);
    EXPECT_THAT(reports, IsOk());
    return reports.value_or(std::vector<ReportSummary>());
  }

  // Everything that it holds, as text.
  std::string Dump() {
    std::string dump;
    EXPECT_THAT(store_->Read(Caller(),
                             [&](store::UnitOfWork& work) -> absl::Status {
                               for (const store::Statement& table : kTables) {
                                 absl::StrAppendFormat(&dump, "%s\n", std::string(table.name));
                                 ASSIGN_OR_RETURN(const std::vector<store::Row> rows, work.Query(table));
                                 for (const store::Row& row : rows) Append(dump, row, table.columns);
                               }
                               return absl::OkStatus();
                             }),
                IsOk());
    return dump;
  }

 private:
  static void Append(std::string& dump, const store::Row& row, const std::vector<ColumnType>& columns) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (row.IsNull(i)) {
        dump += "NULL|";
      } else if (columns[i] == kI) {
        absl::StrAppendFormat(&dump, "%d|", row.Integer(i));
      } else if (columns[i] == kR) {
        absl::StrAppendFormat(&dump, "%.17g|", row.Real(i));
      } else {
        absl::StrAppendFormat(&dump, "%s|", row.Text(i));
      }
    }
    dump += '\n';
  }

  RequestContext Caller() const {
    RequestContext context;
    context.deadline = clock_.Now() + absl::Seconds(60);
    return context;
  }

  SystemClock clock_;
  store::TestDatabase database_;
  std::unique_ptr<store::Store> store_;
  SqlReadModel read_model_;
  ApplyEvent apply_{*store_, read_model_};
  std::unique_ptr<events::Bus> bus_ = events::NewInProcessBus();
  EventConsumer consumer_{*bus_, apply_, clock_, "test"};
};

class ReadModelTest : public ::testing::TestWithParam<Engine> {
 protected:
  void Apply(const TestEvents& source) {
    for (const events::Event& event : source.all()) EXPECT_THAT(reporting_.Handle(event), IsOk());
  }

  FinanceEvents finance_;
  PortfolioEvents portfolio_;
  Reporting reporting_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, ReadModelTest, ::testing::Values(Engine::kSqlite, Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

using enum portfolio::v1::DelegationForm;

TEST_P(ReadModelTest, APublicationBecomesAReport) {
  finance_.Publish("1f3a", "2025/26", 1'750'000'000);
  portfolio_.Decide(PortfolioEvents::DecisionOf("d", DELEGATION_FORM_DELEGATED, "2025-04-01", {"QWU", "QGH"},
                                                {"PSS-7", "PSS-15"}));
  Apply(finance_);
  Apply(portfolio_);
  const auto report = reporting_.Report("Y60", "2025/26");
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->run.name, RunName("runs/1f3a"));
  EXPECT_EQ(report->run.publish_time, absl::FromUnixSeconds(1'750'000'000));
  EXPECT_EQ(report->as_of, Date::Parse("2025-04-01").value());
  ASSERT_THAT(report->rows, SizeIs(2));
  const ReportRow& row = report->rows[1];
  EXPECT_EQ(row.allocation.code, "QWU");
  EXPECT_EQ(row.allocation.opening_distance, -0.009'876'543'210'123);
  EXPECT_EQ(row.base_growth, Pence(5'001));
  EXPECT_EQ(row.convergence, Pence(999));
  EXPECT_EQ(row.services.delegated, 2);
  EXPECT_EQ(report->total.allocation.allocation, Pence(182'010));
  EXPECT_EQ(report->total.allocation.closing_distance, std::nullopt);
  EXPECT_EQ(report->last_event_id, "specom/portfolio#1");
  const auto london = reporting_.Report("Y56", "2025/26");
  ASSERT_THAT(london, IsOk());
  EXPECT_EQ(london->total.services, ServiceCounts{});
  EXPECT_EQ(london->last_event_id, "specom/finance#1");
}

TEST_P(ReadModelTest, WhatIsNotThereIsNamed) {
  EXPECT_THAT(reporting_.Report("Y60", "2025/26"), StatusIs(absl::StatusCode::kNotFound, kReportNotFound));
  finance_.Publish("1f3a", "2025/26", 1'750'000'000);
  Apply(finance_);
  EXPECT_THAT(reporting_.Report("Y60", "2026/27"), StatusIs(absl::StatusCode::kNotFound, kReportNotFound));
  EXPECT_THAT(reporting_.Report("Y99", "2025/26"), StatusIs(absl::StatusCode::kNotFound, kRegionNotFound));
  EXPECT_THAT(reporting_.Report("Y60", "2025/26"), IsOk());
}

TEST_P(ReadModelTest, NothingIsReadForACallerWhoseTimeIsUp) {
  EXPECT_THAT(reporting_.TooLate(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(ReadModelTest, AnotherRunTakesThePlaceOfTheFirstWithoutAGap) {
  finance_.Publish("first", "2025/26", 100);
  finance_.Supersede("first");
  finance_.Publish("second", "2025/26", 200);
  const std::vector<events::Event>& events = finance_.all();
  const auto run = [&] {
    const auto report = reporting_.Report("Y60", "2025/26");
    return report.ok() ? report->run.name.value() : "none";
  };
  EXPECT_THAT(reporting_.Handle(events[0]), IsOk());
  EXPECT_EQ(run(), "runs/first");
  EXPECT_THAT(reporting_.Handle(events[1]), IsOk());
  EXPECT_EQ(run(), "runs/first");
  EXPECT_THAT(reporting_.Handle(events[2]), IsOk());
  EXPECT_EQ(run(), "runs/second");
}

TEST_P(ReadModelTest, ThePublicationOfASupersededRunThatArrivesLateChangesNothing) {
  const events::Event first = finance_.Publish("first", "2025/26", 300);
  const events::Event superseded = finance_.Supersede("first");
  const events::Event second = finance_.Publish("second", "2025/26", 200);
  for (const events::Event& event : {superseded, second, first})
    EXPECT_THAT(reporting_.Handle(event), IsOk());
  const auto report = reporting_.Report("Y60", "2025/26");
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->run.name, RunName("runs/second"));
}

TEST_P(ReadModelTest, ACorrectedDecisionReplacesTheOldOne) {
  finance_.Publish("1f3a", "2025/26", 100);
  Apply(finance_);
  const auto delegated = [&] {
    return reporting_.Report("Y60", "2025/26").value().rows[1].services.delegated;
  };
  portfolio_.Decide(PortfolioEvents::DecisionOf("d", DELEGATION_FORM_DELEGATED, "2025-04-01", {"QWU"},
                                                {"PSS-7", "PSS-15", "PSS-29"}));
  Apply(portfolio_);
  EXPECT_EQ(delegated(), 3);
  // Under its own name, as portfolio has it.
  portfolio_.Decide(
      PortfolioEvents::DecisionOf("d", DELEGATION_FORM_DELEGATED, "2025-04-01", {"QWU"}, {"PSS-7", "PSS-15"}),
      "d");
  Apply(portfolio_);
  EXPECT_EQ(delegated(), 2);
  // Under another name.
  portfolio_.Decide(
      PortfolioEvents::DecisionOf("e", DELEGATION_FORM_DELEGATED, "2025-04-01", {"QWU"}, {"PSS-7"}), "d");
  Apply(portfolio_);
  EXPECT_EQ(delegated(), 1);
}

TEST_P(ReadModelTest, DelegationIsCountedOnTheDateAskedFor) {
  finance_.Publish("1f3a", "2025/26", 100);
  portfolio_.Decide(
      PortfolioEvents::DecisionOf("d", DELEGATION_FORM_JOINT, "2025-07-01", {"QGH"}, {"PSS-7"}));
  Apply(finance_);
  Apply(portfolio_);
  EXPECT_EQ(reporting_.Report("Y60", "2025/26")->total.services.joint, 0);
  EXPECT_EQ(reporting_.Report("Y60", "2025/26", "2025-07-01")->total.services.joint, 1);
}

TEST_P(ReadModelTest, ASuccessorInheritsAndALaterStateOfAnIcbReplacesTheEarlier) {
  finance_.Publish("1f3a", "2026/27", 100);
  portfolio_.Decide(
      PortfolioEvents::DecisionOf("d", DELEGATION_FORM_DELEGATED, "2025-04-01", {"QAA"}, {"PSS-7"}));
  portfolio_.Organise({"QAA"}, {"QMF"});
  portfolio_.Organise({"QAA"}, {"QWU"});
  Apply(finance_);
  Apply(portfolio_);
  EXPECT_EQ(reporting_.Report("Y60", "2026/27")->total.services.delegated, 1);
  EXPECT_EQ(reporting_.Report("Y56", "2026/27")->total.services.delegated, 0);
}

TEST_P(ReadModelTest, BuiltAgainInAnyOrderItHasTheSameBytes) {
  finance_.Publish("first", "2025/26", 100);
  finance_.Supersede("first");
  finance_.Publish("second", "2025/26", 200);
  finance_.Publish("other", "2024/25", 50);
  portfolio_.Organise({"QWU", "QGH", "QMF"});
  portfolio_.Organise({"QWU"}, {"QZZ"});
  for (const char* form : {"early", "late"}) {
    portfolio_.Decide(PortfolioEvents::DecisionOf(
        "d", std::string(form) == "early" ? DELEGATION_FORM_JOINT : DELEGATION_FORM_DELEGATED, "2025-04-01",
        {"QWU", "QGH"}, {"PSS-7", "PSS-15"}));
  }
  portfolio_.Decide(PortfolioEvents::DecisionOf("e", DELEGATION_FORM_JOINT, "2025-04-01", {"QMF"}, {"PSS-7"}),
                    "x");
  portfolio_.Decide(
      PortfolioEvents::DecisionOf("x", DELEGATION_FORM_JOINT, "2025-04-01", {"QMF"}, {"PSS-15"}));
  Apply(portfolio_);
  Apply(finance_);
  const std::string dump = reporting_.Dump();
  EXPECT_THAT(dump, ::testing::HasSubstr("runs/second"));

  std::vector<events::Event> events = portfolio_.all();
  events.insert(events.end(), finance_.all().begin(), finance_.all().end());
  std::mt19937 random(20250401);
  for (int round = 0; round < 4; ++round) {
    std::ranges::shuffle(events, random);
    Reporting again(GetParam());
    for (const events::Event& event : events) EXPECT_THAT(again.Handle(event), IsOk());
    // And everything once more.
    for (const events::Event& event : events) EXPECT_THAT(again.Handle(event), IsOk());
    EXPECT_EQ(again.Dump(), dump);
    EXPECT_EQ(again.Report("Y60", "2025/26"), reporting_.Report("Y60", "2025/26"));
  }
}

TEST_P(ReadModelTest, ListsEveryReportOnceInPagesOfAnySize) {
  finance_.Publish("a", "2024/25", 100);
  finance_.Publish("b", "2025/26", 200);
  finance_.Publish("c", "2025/26", 300);
  auto core = FinanceEvents::PublicationOf("d", "2025/26", 100);
  core.mutable_run()->set_stream("core");
  finance_.Add("runs/d", core);
  Apply(finance_);
  std::vector<std::string> whole;
  for (const ReportSummary& report : reporting_.List({})) {
    whole.push_back(absl::StrFormat("%s %s %s %s", report.year.ToString(), report.stream,
                                    report.region.value(), report.run.value()));
  }
  EXPECT_THAT(whole, ElementsAre("2025/26 core Y56 runs/d", "2025/26 core Y60 runs/d",
                                 "2025/26 specialised Y56 runs/c", "2025/26 specialised Y60 runs/c",
                                 "2024/25 specialised Y56 runs/a", "2024/25 specialised Y60 runs/a"));
  for (int size = 1; size <= 7; ++size) {
    std::vector<ReportSummary> pages;
    ListReportsQuery query;
    query.limit = size;
    while (true) {
      const std::vector<ReportSummary> page = reporting_.List(query);
      pages.insert(pages.end(), page.begin(), page.end());
      if (std::ssize(page) < size) break;
      query.after = ReportKey{page.back().year, page.back().stream, page.back().region};
    }
    EXPECT_EQ(pages, reporting_.List({})) << size;
  }
  EXPECT_THAT(reporting_.List({.region = RegionCode("Y56"), .after = std::nullopt}), SizeIs(3));
  EXPECT_THAT(reporting_.List({.region = RegionCode("Y99"), .after = std::nullopt}), IsEmpty());
}

}  // namespace
}  // namespace specom::reporting

#include "tests/chaos/scenario.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace specom::chaos {

using journeys::Eventually;

Undisturbed::Undisturbed()
    : process_("specom", {"dev", "--data-dir", folder_.path(), "--grpc-port", "0", "--endpoint-file",
                          folder_.Path("endpoint")}) {
  EXPECT_TRUE(Eventually([this] { return !journeys::ReadFile(folder_.Path("endpoint")).empty(); }))
      << process_.Errors();
  const std::string endpoint = journeys::Lines(journeys::ReadFile(folder_.Path("endpoint"))).at(0);
  callers_ = std::make_unique<Callers>(Endpoints{endpoint, endpoint, endpoint});
  callers_->Publish();
  EXPECT_EQ(callers_->FinishWrites(), "");
}

Scenario::Scenario(PlatformOptions options)
    : undisturbed_(std::async(std::launch::async, [] { return std::make_unique<Undisturbed>(); })),
      platform_(std::make_unique<Platform>(std::move(options))),
      callers_(std::make_unique<Callers>(Endpoints{platform_->Endpoint("portfolio"),
                                                   platform_->Endpoint("finance"),
                                                   platform_->Endpoint("reporting")})) {
  callers_->Publish();
  EXPECT_THAT(callers_->CallEach(), ::testing::Each(::testing::Field(&Outcomes::value_type::second, "OK")));
}

Scenario::~Scenario() {
  if (HasFailure()) std::cerr << platform_->Describe();
}

Outcomes Scenario::CallUntil(const ::testing::Matcher<const Outcomes&>& expected) {
  Outcomes outcomes;
  Eventually([&] {
    outcomes = callers_->CallEach();
    return expected.Matches(outcomes);
  });
  EXPECT_THAT(outcomes, expected);
  return outcomes;
}

void Scenario::ExpectRecovery() {
  const absl::Time began = absl::Now();
  std::string refused;
  EXPECT_TRUE(Eventually([&] { return (refused = callers_->FinishWrites()).empty(); })) << refused;
  std::cout << "accepted again after " << absl::Now() - began << std::endl;
  EXPECT_EQ(callers_->FinishWrites(), "");
  callers_->ComputeAnotherRun();
  EXPECT_TRUE(Eventually([&] { return platform_->AllReady(); })) << platform_->Describe();
  ExpectWritesThereOnce();
  ExpectEventsArrived();
  journeys::Finished audit = journeys::RunProgram(
      "specom", {"verify", "audit", "--database", PostgresqlServer::Url(platform_->postgresql().port())});
  EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
  auto undisturbed = undisturbed_.get();
  EXPECT_TRUE(Eventually([&] { return callers_->Reports() == undisturbed->Reports(); }, absl::Seconds(20)));
  EXPECT_EQ(callers_->Reports(), undisturbed->Reports());
  EXPECT_THAT(callers_->CallEach(), ::testing::Each(::testing::Field(&Outcomes::value_type::second, "OK")));
  std::cout << "all as before after " << absl::Now() - began << std::endl;
}

void Scenario::ExpectWritesThereOnce() {
  const PostgresqlServer& postgresql = platform_->postgresql();
  const std::string all = std::to_string(Callers::kWrites);
  EXPECT_EQ(postgresql.Sql("SELECT count(*) FROM portfolio.registry_record WHERE kind LIKE 'decision%' AND "
                           "id LIKE 'chaos-%'"),
            all);
  EXPECT_EQ(postgresql.Sql("SELECT count(*) FROM finance.input_set WHERE financial_year = '2026/27'"), all);
  EXPECT_EQ(postgresql.Sql("SELECT count(*) FROM finance.run WHERE state = 'published'"), "1");
  EXPECT_EQ(postgresql.Sql("SELECT count(*) FROM finance.outbox WHERE type LIKE '%AllocationPublished'"),
            "1");
  // Each run was completed once.
  std::string incomplete;
  EXPECT_TRUE(Eventually([&] {
    incomplete = postgresql.Sql(
        "SELECT run_id, state FROM finance.run r WHERE 1 <> (SELECT count(*) FROM finance.outbox WHERE type "
        "LIKE '%RunCompleted' AND subject = 'runs/' || r.run_id)");
    return incomplete.empty();
  })) << incomplete;
  EXPECT_EQ(postgresql.Sql("SELECT count(*) FROM portfolio.outbox WHERE subject LIKE 'decisions/chaos-%'"),
            all);
}

void Scenario::ExpectEventsArrived() {
  const PostgresqlServer& postgresql = platform_->postgresql();
  constexpr char kUnpublished[] =
      "SELECT (SELECT count(*) FROM finance.outbox WHERE published = 0) + "
      "(SELECT count(*) FROM portfolio.outbox WHERE published = 0)";
  // Of the types that reporting reads.
  constexpr char kUnhandled[] =
      "SELECT event_id, type FROM (SELECT * FROM finance.outbox UNION ALL SELECT * FROM portfolio.outbox) e "
      "WHERE type ~ '(AllocationPublished|RunSuperseded|DecisionRecorded|OrganisationsChanged)$' AND NOT "
      "EXISTS (SELECT 1 FROM reporting.handled_event h WHERE h.event_id = e.event_id)";
  std::string left;
  EXPECT_TRUE(Eventually([&] { return (left = postgresql.Sql(kUnpublished)) == "0"; })) << left;
  EXPECT_TRUE(Eventually([&] { return (left = postgresql.Sql(kUnhandled)).empty(); })) << left;
  for (const char* topic : {"specom.finance", "specom.portfolio"}) {
    EXPECT_EQ(platform_->redis().Ask({"XLEN", absl::StrCat(topic, ":dead")}), "0");
  }
}

}  // namespace specom::chaos

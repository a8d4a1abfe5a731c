// Proves on both engines that the log keeps every record as it was, that processes which write at
// the same time lose nothing, and what a later reference pack does to a registry that has learnt since.
#include "services/portfolio/adapters/sql_record_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"
#include "services/portfolio/adapters/outbox_registry_events.h"
#include "services/portfolio/app/import_records.h"
#include "services/portfolio/app/load_reference_pack.h"
#include "services/portfolio/app/record_decision.h"
#include "services/portfolio/migrations/portfolio_migrations.h"
#include "services/portfolio/reference/portfolio_reference.h"

namespace specom::portfolio {
namespace {

using ::testing::ElementsAre;
using testing::IsOk;
using testing::IsOkAndHolds;

RequestContext Context() {
  RequestContext context;
  context.principal = {.user = "tester", .roles = {Role::kNational}, .organisation = ""};
  context.method = "test";
  context.deadline = absl::Now() + absl::Seconds(60);
  return context;
}

Date Day(std::string_view text) {
  return Date::Parse(text).value();
}

// What one process holds on a database.
struct Process {
  explicit Process(const store::TestDatabase& database) : store(database.Open(clock)) {
    EXPECT_THAT(store->Migrate(portfolio_migrations()), IsOk());
  }
  LoadReferencePack Loader(std::span<const EmbeddedFile> files, int version) {
    return LoadReferencePack(*store, log, live, files, version);
  }

  SystemClock clock;
  std::unique_ptr<store::Store> store;
  SqlRecordLog log;
  OutboxRegistryEvents events{clock};
  LiveRegistry live{*store, log, events, clock};
};

class SqlRecordLogTest : public ::testing::TestWithParam<store::Engine> {
 protected:
  store::TestDatabase database_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, SqlRecordLogTest,
                         ::testing::Values(store::Engine::kSqlite, store::Engine::kPostgresql),
                         [](const auto& engine) { return std::string(store::ToString(engine.param)); });

TEST_P(SqlRecordLogTest, KeepsEveryRecordAsItWas) {
  Process writer(database_);
  ASSERT_THAT(writer.Loader(portfolio_reference(), 1).Execute(Context()), IsOkAndHolds(true));
  ImportRecords import(*writer.store, writer.live, [] {});
  ImportRecordsCommand unpublished;
  unpublished.files = {
      {"specifications.csv",
       "specification,service,kind,title,version,clinical_reference_group,published_on,review_on,"
       "effective_from,effective_to,provenance,inferred\n"
       "S1,PSS-105,policy,Title,2.1,B02,2020-04-01,2023-04-01,2020-04-01,,desk,N\n"},
      {"provider_eligibilities.csv",
       "eligibility,provider,service_line,effective_from,effective_to,provenance,inferred\n"
       "E1,RJ1,NCBPS01C,2025-04-01,2026-03-31,desk,N\n"},
      {"service_assessments.csv",
       "assessment,service,scores,evidence,comments,reviewer,outcome,assessed_on,effective_from,"
       "effective_to,provenance,inferred\n"
       "A1,PSS-14,governance=4,governance=Minutes,governance=Sound,Team,retained,2026-10-01,2026-10-01,,"
       "desk,N\n"}};
  ASSERT_THAT(import.Execute(Context(), unpublished), IsOk());
  Process reader(database_);
  ASSERT_THAT(reader.live.Refresh(Context()), IsOk());
  Snapshot written = writer.live.Current();
  Snapshot read = reader.live.Current();
  EXPECT_EQ(read->change(), 2);
  EXPECT_EQ(read->learnt_at(), written->learnt_at());
  auto same = [](const auto& a, const auto& b) {
    EXPECT_FALSE(a.records().empty());
    ASSERT_EQ(a.records().size(), b.records().size());
    for (std::size_t i = 0; i < a.records().size(); ++i) {
      EXPECT_TRUE(a.records()[i].SaysTheSameAs(b.records()[i])) << a.records()[i].id;
      EXPECT_EQ(a.records()[i].version, b.records()[i].version);
      EXPECT_EQ(a.records()[i].supersedes, b.records()[i].supersedes);
      EXPECT_EQ(a.records()[i].recorded_at, b.records()[i].recorded_at);
    }
  };
  same(written->organisations(), read->organisations());
  same(written->successions(), read->successions());
  same(written->programmes(), read->programmes());
  same(written->clinical_reference_groups(), read->clinical_reference_groups());
  same(written->services(), read->services());
  same(written->service_lines(), read->service_lines());
  same(written->specifications(), read->specifications());
  same(written->provider_eligibilities(), read->provider_eligibilities());
  same(written->assessment_criteria(), read->assessment_criteria());
  same(written->service_assessments(), read->service_assessments());
  same(written->decisions(), read->decisions());
}

TEST_P(SqlRecordLogTest, ProcessesThatWriteAtTheSameTimeLoseNothing) {
  constexpr int kProcesses = 3;
  constexpr int kDecisions = 5;
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < kProcesses; ++i) processes.push_back(std::make_unique<Process>(database_));
  std::vector<std::thread> threads;
  for (int i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&, i] {
      Process& process = *processes[i];
      EXPECT_THAT(process.Loader(portfolio_reference(), 1).Execute(Context()), IsOk());
      RecordDecision record(*process.store, process.live, [] {});
      for (int n = 0; n < kDecisions; ++n) {
        DecisionDraft draft;
        draft.id = DecisionId("d-" + std::to_string(i) + "-" + std::to_string(n));
        draft.effective.from = Day("2025-07-01");
        draft.decision.title = "A decision";
        draft.decision.decided_by = "NHS England Board";
        draft.decision.decided_on = Day("2025-06-01");
        draft.decision.form = DelegationForm::kNhsEngland;
        draft.decision.icbs = {"QOQ"};
        draft.decision.services = {"PSS-105"};
        absl::StatusOr<RecordedDecision> recorded = record.Execute(Context(), draft, false);
        // The store tries a lost race again a bounded number of times; beyond that the caller does.
        while (!recorded.ok() &&
               (absl::IsAborted(recorded.status()) || absl::IsUnavailable(recorded.status()))) {
          recorded = record.Execute(Context(), draft, false);
        }
        EXPECT_THAT(recorded, IsOk());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Process reader(database_);
  ASSERT_THAT(reader.live.Refresh(Context()), IsOk());
  Snapshot registry = reader.live.Current();
  EXPECT_EQ(registry->change(), 1 + kProcesses * kDecisions) << "the pack once, and every decision";
  EXPECT_EQ(registry->decisions().ids().size(), std::size_t{4 + kProcesses * kDecisions});
  std::vector<absl::Time> times;
  for (const auto& decision : registry->decisions().records()) {
    if (decision.id.starts_with("d-")) times.push_back(decision.recorded_at);
  }
  std::sort(times.begin(), times.end());
  EXPECT_EQ(std::adjacent_find(times.begin(), times.end()), times.end()) << "no two changes share a time";
}

constexpr char kFirstPack[] =
    "letter,name,note,effective_from,effective_to,provenance,inferred\n"
    "A,Medicine,,2013-04-01,,pack,N\n"
    "B,Cancer,,2013-04-01,,pack,N\n";
constexpr char kSecondPack[] =
    "letter,name,note,effective_from,effective_to,provenance,inferred\n"
    "A,Internal medicine,,2013-04-01,,pack,N\n"
    "B,Cancer and haematology,,2013-04-01,,pack,N\n"
    "C,Mental health,,2013-04-01,,pack,N\n";

TEST_P(SqlRecordLogTest, ALaterPackAddsFromNowOnAndLeavesCorrectionsAlone) {
  Process process(database_);
  const std::vector<EmbeddedFile> first = {{"programmes.csv", kFirstPack}};
  const std::vector<EmbeddedFile> second = {{"programmes.csv", kSecondPack}};
  ASSERT_THAT(process.Loader(first, 1).Execute(Context()), IsOkAndHolds(true));
  ASSERT_THAT(process.Loader(first, 1).Execute(Context()), IsOkAndHolds(false));
  absl::Time known_first = absl::Now();

  ImportRecords import(*process.store, process.live, [] {});
  ImportRecordsCommand correction;
  correction.files.push_back({"programmes.csv",
                              "letter,name,note,effective_from,effective_to,provenance,inferred\n"
                              "B,Cancer services,,2013-04-01,,desk,N\n"});
  ASSERT_THAT(import.Execute(Context(), correction), IsOk());
  ASSERT_THAT(process.Loader(second, 2).Execute(Context()), IsOkAndHolds(true));
  ASSERT_THAT(process.Loader(first, 1).Execute(Context()), IsOkAndHolds(false))
      << "an older program changes nothing";

  auto names = [&](absl::Time known) {
    std::vector<std::string> list;
    for (const char* letter : {"A", "B", "C"}) {
      const auto* programme = process.live.Current()->programmes().At(letter, {Day("2020-01-01"), known});
      list.push_back(programme == nullptr ? "" : programme->value.name);
    }
    return list;
  };
  EXPECT_THAT(names(known_first), ElementsAre("Medicine", "Cancer", ""));
  EXPECT_THAT(names(absl::InfiniteFuture()),
              ElementsAre("Internal medicine", "Cancer services", "Mental health"));
}

TEST_P(SqlRecordLogTest, APackThatBreaksRulesIsNotLoaded) {
  Process process(database_);
  const std::vector<EmbeddedFile> broken = {{"programmes.csv", "letter\nA\n"}};
  EXPECT_THAT(process.Loader(broken, 1).Execute(Context()),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, "REFERENCE_PACK"));
  EXPECT_EQ(process.live.Current()->change(), 0);
}

}  // namespace
}  // namespace specom::portfolio

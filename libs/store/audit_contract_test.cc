// Proves, on SQLite and on PostgreSQL, that an audit record commits with its change, that the chain has
// no gap under concurrent writers, and that whatever is done to it around the platform is found and named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include "libs/store/audit.h"
#include "libs/store/store_test_case.h"
#include "libs/testing/fake_clock.h"

namespace specom::store {
namespace {

using ::specom::testing::FakeClock;
using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Statement kCountAudit{.name = "test.count_audit",
                            .sql = "SELECT COUNT(*) FROM audit_record",
                            .columns = {ColumnType::kInteger}};

class AuditContract : public StoreTestCase, public ::testing::WithParamInterface<Engine> {
 protected:
  AuditContract() : StoreTestCase(GetParam()) {}

  absl::Status Append(const std::string& resource, const std::string& action = "changed",
                      const std::string& user = "finance.lead@icb.example") {
    RequestContext context = Caller();
    context.principal.user = user;
    return store_->Write(context, [&](UnitOfWork& work) {
      return work.Audit(context, {.resource = resource, .action = action});
    });
  }

  void AppendMany(int count) {
    ASSERT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                  for (int i = 1; i <= count; ++i) {
                    RETURN_IF_ERROR(
                        work.Audit(Caller(), {.resource = absl::StrCat("runs/", i), .action = "changed"}));
                  }
                  return absl::OkStatus();
                }),
                IsOk());
  }

  absl::Status Run(const std::string& sql) {
    return Write([&](UnitOfWork& work) { return work.Execute({.name = "test.sql", .sql = sql}).status(); });
  }

  // What somebody with the rights of the schema's owner can do, and must intend.
  void Tamper(const std::vector<std::string>& statements) {
    if (GetParam() == Engine::kSqlite) {
      for (const char* trigger : {"audit_record_appended", "audit_record_kept_as_it_is", "audit_record_kept",
                                  "audit_head_single", "audit_head_forwards", "audit_head_kept"}) {
        ASSERT_THAT(Run(absl::StrCat("DROP TRIGGER IF EXISTS ", trigger)), IsOk());
      }
    } else {
      for (const char* table : {"audit_record", "audit_head"}) {
        ASSERT_THAT(Run(absl::StrCat("ALTER TABLE ", table, " DISABLE TRIGGER ALL")), IsOk());
      }
    }
    for (const std::string& statement : statements) ASSERT_THAT(Run(statement), IsOk());
  }

  std::vector<AuditRecord> List(const AuditFilter& filter = {}, std::int64_t before = 0, int limit = 1000) {
    std::vector<AuditRecord> records;
    EXPECT_THAT(store_->Read(Caller(),
                             [&](UnitOfWork& work) -> absl::Status {
                               ASSIGN_OR_RETURN(records, ListAudit(work, filter, before, limit));
                               return absl::OkStatus();
                             }),
                IsOk());
    return records;
  }

  AuditVerification Verify(std::vector<AuditHead> known = {}, int batch = 3) {
    absl::StatusOr<AuditVerification> verification =
        VerifyAudit(*store_, Caller(), {.known = std::move(known), .batch = batch});
    EXPECT_THAT(verification, IsOk());
    return verification.ok() ? *std::move(verification) : AuditVerification{.finding_count = -1};
  }

  // "altered 3", in the order of the chain.
  static std::vector<std::string> Faults(const AuditVerification& verification) {
    std::vector<std::string> faults;
    for (const AuditFinding& finding : verification.findings) {
      faults.push_back(absl::StrCat(std::string(ToString(finding.fault)), " ", finding.sequence));
      EXPECT_THAT(finding.text, HasSubstr("record"));
    }
    EXPECT_EQ(verification.intact(), faults.empty());
    return faults;
  }

  static std::vector<std::string> Resources(const std::vector<AuditRecord>& records) {
    std::vector<std::string> resources;
    for (const AuditRecord& record : records) resources.push_back(record.entry.resource);
    return resources;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, AuditContract, ::testing::Values(Engine::kSqlite, Engine::kPostgresql),
                         [](const auto& engine) { return std::string(ToString(engine.param)); });

TEST_P(AuditContract, ARecordTellsWhoDidWhatAsWhomAndWhy) {
  RequestContext context = Caller();
  context.principal.roles = {Role::kNational, Role::kAuditor};
  context.principal.organisation = "X24";
  context.workload = "spiffe://specom.prod/svc/gateway";
  context.request_id = "request-7";
  context.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const AuditEntry entry{.resource = "runs/7",
                         .action = "approved",
                         .before_digest = std::string(64, 'a'),
                         .after_digest = std::string(64, 'b'),
                         .reason = "agreed by the board — ♥ 'quoted'"};
  ASSERT_THAT(store_->Write(context, [&](UnitOfWork& work) { return work.Audit(context, entry); }), IsOk());
  ASSERT_THAT(Append("runs/8"), IsOk());
  const std::vector<AuditRecord> records = List();
  ASSERT_THAT(records, SizeIs(2));
  const AuditRecord& first = records[1];
  EXPECT_EQ(first.sequence, 1);
  EXPECT_LE(first.time, clock_.Now());
  EXPECT_EQ(first.user, "finance.lead@icb.example");
  EXPECT_EQ(first.workload, context.workload);
  EXPECT_EQ(first.roles, "national,auditor");
  EXPECT_EQ(first.organisation, "X24");
  EXPECT_EQ(first.method, "specom.test.v1.TestService/Change");
  EXPECT_EQ(first.entry.resource, entry.resource);
  EXPECT_EQ(first.entry.action, entry.action);
  EXPECT_EQ(first.entry.before_digest, entry.before_digest);
  EXPECT_EQ(first.entry.after_digest, entry.after_digest);
  EXPECT_EQ(first.entry.reason, entry.reason);
  EXPECT_EQ(first.request_id, context.request_id);
  EXPECT_EQ(first.traceparent, context.traceparent);
  EXPECT_EQ(first.previous_hash, "");
  EXPECT_EQ(first.hash, AuditHash(first));
  EXPECT_EQ(records[0].previous_hash, first.hash);
  EXPECT_THAT(Faults(Verify()), IsEmpty());
}

// The form is a promise: a chain that was written must verify for as long as it is kept.
TEST(AuditHashTest, IsTheDocumentedFormToTheByte) {
  const AuditRecord record{
      .sequence = 7,
      .time = absl::FromUnixMicros(1'750'000'000'123'456),
      .user = "u",
      .workload = "w",
      .roles = "national",
      .organisation = "X24",
      .method = "m",
      .entry = {.resource = "r", .action = "a", .before_digest = "b", .after_digest = "c", .reason = "why"},
      .request_id = "id",
      .traceparent = "t",
      .previous_hash = "p",
      .hash = "ignored"};
  EXPECT_EQ(AuditHash(record), "31908efb97d2233c7d2c769dc548f685908b5122ec4206e0839c55b9a5d165e9");
  AuditRecord shifted = record;
  shifted.user = "uw";
  shifted.workload = "";
  EXPECT_NE(AuditHash(shifted), AuditHash(record));
}

TEST_P(AuditContract, ARecordCommitsWithItsChangeOrNotAtAll) {
  EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                RETURN_IF_ERROR(InsertItem(work, "a"));
                RETURN_IF_ERROR(work.Audit(Caller(), {.resource = "items/a", .action = "made"}));
                return absl::FailedPreconditionError("refused");
              }),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Count(kCountAudit), 0);
  ASSERT_THAT(Append("items/b"), IsOk());
  EXPECT_EQ(List().at(0).sequence, 1) << "a rolled back record left a gap";
}

TEST_P(AuditContract, ConcurrentWritersLoseNoRecordAndLeaveNoGap) {
  constexpr int kWriters = 16;
  constexpr int kTimes = 25;
  InThreads(kWriters, [&](int i) {
    for (int t = 0; t < kTimes; ++t) {
      const std::string name = absl::StrCat(i, "-", t);
      EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                    RETURN_IF_ERROR(InsertItem(work, name));
                    RETURN_IF_ERROR(work.Publish(EventOf(absl::StrCat("items/", t % 3))));
                    return work.Audit(Caller(), {.resource = name, .action = "made"});
                  }),
                  IsOk());
    }
  });
  EXPECT_EQ(Count(), kWriters * kTimes);
  EXPECT_EQ(Count(kCountAudit), kWriters * kTimes);
  const AuditVerification verification = Verify({}, 64);
  EXPECT_THAT(Faults(verification), IsEmpty());
  EXPECT_EQ(verification.record_count, kWriters * kTimes);
  EXPECT_EQ(verification.head.sequence, kWriters * kTimes);
}

// A writer that meets another at the end of the chain waits in turn the second time: two attempts do.
TEST_P(AuditContract, AWriterThatMetAnotherDoesNotMeetTheNext) {
  constexpr int kWriters = 8;
  std::latch all_have_read(kWriters);
  std::atomic<int> attempts = 0;
  InThreads(kWriters, [&](int i) {
    bool first = true;
    EXPECT_THAT(Write([&](UnitOfWork& work) -> absl::Status {
                  ++attempts;
                  RETURN_IF_ERROR(work.Query(kCountAudit).status());
                  if (std::exchange(first, false)) {
                    all_have_read.count_down();
                    if (GetParam() == Engine::kPostgresql) all_have_read.wait();
                  }
                  return work.Audit(Caller(), {.resource = absl::StrCat(i), .action = "made"});
                }),
                IsOk());
  });
  EXPECT_EQ(Count(kCountAudit), kWriters);
  EXPECT_LE(attempts, 2 * kWriters);
  EXPECT_THAT(Faults(Verify()), IsEmpty());
}

TEST_P(AuditContract, IsVerifiedWhileOthersWrite) {
  std::atomic<bool> done = false;
  InThreads(2, [&](int i) {
    if (i == 0) {
      for (int t = 0; t < 40; ++t) EXPECT_THAT(Append(absl::StrCat("runs/", t)), IsOk());
      done = true;
      return;
    }
    do {
      EXPECT_THAT(Faults(Verify()), IsEmpty());
    } while (!done);
  });
  EXPECT_EQ(Verify().record_count, 40);
}

TEST_P(AuditContract, ListsByPersonResourceTimeAndDenialLatestFirst) {
  FakeClock clock;
  store_ = database_.Open(clock);
  ASSERT_NE(store_, nullptr);
  const auto append = [&](const std::string& user, const std::string& resource, const std::string& action) {
    RequestContext context = Caller();
    context.deadline = absl::InfiniteFuture();
    context.principal.user = user;
    EXPECT_THAT(store_->Write(context,
                              [&](UnitOfWork& work) {
                                return work.Audit(context, {.resource = resource, .action = action});
                              }),
                IsOk());
    clock.Advance(absl::Minutes(1));
  };
  const absl::Time start = clock.Now();
  append("ann", "runs/1", "created");   // 1
  append("bob", "runs/1", kDenied);     // 2
  append("ann", "runs/2", "created");   // 3
  append("ann", "runs/1", kDenied);     // 4
  append("bob", "runs/1", "approved");  // 5

  const auto sequences = [&](const AuditFilter& filter, std::int64_t before = 0, int limit = 100) {
    std::vector<std::int64_t> found;
    for (const AuditRecord& record : List(filter, before, limit)) found.push_back(record.sequence);
    return found;
  };
  EXPECT_THAT(sequences({}), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(sequences({}, 4, 2), ElementsAre(3, 2));
  EXPECT_THAT(sequences({.user = "ann"}), ElementsAre(4, 3, 1));
  EXPECT_THAT(sequences({.user = "ann"}, 3), ElementsAre(1));
  EXPECT_THAT(sequences({.resource = "runs/1"}), ElementsAre(5, 4, 2, 1));
  EXPECT_THAT(sequences({.denials_only = true}), ElementsAre(4, 2));
  EXPECT_THAT(sequences({.user = "bob", .denials_only = true}), ElementsAre(2));
  EXPECT_THAT(sequences({.resource = "runs/1", .denials_only = true}), ElementsAre(4, 2));
  EXPECT_THAT(sequences({.user = "ann", .resource = "runs/1"}), ElementsAre(4, 1));
  EXPECT_THAT(sequences({.user = "ann", .resource = "runs/1", .denials_only = true}), ElementsAre(4));
  EXPECT_THAT(sequences({.start = start + absl::Minutes(1), .end = start + absl::Minutes(3)}),
              ElementsAre(3, 2));
  EXPECT_THAT(sequences({.user = "ann", .start = start + absl::Minutes(3)}), ElementsAre(4));
  EXPECT_THAT(sequences({.user = "carol"}), IsEmpty());
}

TEST_P(AuditContract, TheDatabaseRefusesToChangeOrRemoveARecord) {
  AppendMany(3);
  for (const char* statement :
       {"UPDATE audit_record SET user_name = 'nobody' WHERE sequence = 2",
        "DELETE FROM audit_record WHERE sequence = 3", "DELETE FROM audit_record",
        "UPDATE audit_head SET sequence = 2", "DELETE FROM audit_head",
        "INSERT INTO audit_head (id, sequence, hash) VALUES (2, 0, '')",
        "INSERT INTO audit_record SELECT sequence + 2, time_us, user_name, workload, roles, organisation, "
        "method, "
        "resource, action, before_digest, after_digest, reason, request_id, traceparent, previous_hash, hash "
        "FROM audit_record WHERE sequence = 3"}) {
    EXPECT_THAT(Run(statement), StatusIs(absl::StatusCode::kFailedPrecondition, "CONSTRAINT_BROKEN"))
        << statement;
  }
  if (GetParam() == Engine::kPostgresql) {
    EXPECT_THAT(Run("TRUNCATE audit_record"), StatusIs(absl::StatusCode::kFailedPrecondition));
  } else {
    EXPECT_THAT(Run("INSERT OR REPLACE INTO audit_record SELECT * FROM audit_record WHERE sequence = 2"),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(Faults(Verify()), IsEmpty());
}

TEST_P(AuditContract, AnEmptyChainIsIntact) {
  const AuditVerification verification = Verify();
  EXPECT_THAT(Faults(verification), IsEmpty());
  EXPECT_EQ(verification.record_count, 0);
  EXPECT_EQ(verification.head, AuditHead{});
}

// Tampering

TEST_P(AuditContract, NamesAnAlteredRecord) {
  AppendMany(10);
  Tamper({"UPDATE audit_record SET user_name = 'somebody.else@icb.example' WHERE sequence = 4"});
  EXPECT_THAT(Faults(Verify()), ElementsAre("altered 4"));
}

TEST_P(AuditContract, EveryFieldIsCovered) {
  AppendMany(15);
  Tamper({});
  const char* kFields[] = {"user_name",    "workload", "roles",      "organisation",
                           "method",       "resource", "action",     "before_digest",
                           "after_digest", "reason",   "request_id", "traceparent"};
  int sequence = 1;
  std::vector<std::string> expected;
  for (const char* field : kFields) {
    expected.push_back(absl::StrCat("altered ", ++sequence));
    Tamper({absl::StrCat("UPDATE audit_record SET ", field, " = 'x' WHERE sequence = ", sequence)});
  }
  expected.push_back(absl::StrCat("altered ", ++sequence));
  Tamper({absl::StrCat("UPDATE audit_record SET time_us = time_us + 1 WHERE sequence = ", sequence)});
  EXPECT_EQ(Faults(Verify()), expected);
}

TEST_P(AuditContract, NamesTheFirstRecordAfterOneThatWasAlteredAndGivenANewHash) {
  AppendMany(10);
  AuditRecord record = List({}, 5, 1).at(0);
  record.user = "nobody";
  Tamper({absl::StrCat("UPDATE audit_record SET user_name = 'nobody', hash = '", AuditHash(record),
                       "' WHERE sequence = 4")});
  const AuditVerification verification = Verify();
  EXPECT_THAT(Faults(verification), ElementsAre("reordered 5"));
  EXPECT_THAT(verification.findings.at(0).text, HasSubstr("does not follow record 4"));
}

TEST_P(AuditContract, NamesARemovedRecord) {
  AppendMany(10);
  Tamper({"DELETE FROM audit_record WHERE sequence = 1",
          "DELETE FROM audit_record WHERE sequence BETWEEN 4 AND 6"});
  const AuditVerification verification = Verify();
  EXPECT_THAT(Faults(verification), ElementsAre("removed 1", "removed 4"));
  EXPECT_THAT(verification.findings.at(1).text, HasSubstr("records 4 to 6 were removed"));
  EXPECT_EQ(verification.record_count, 6);
}

TEST_P(AuditContract, NamesARemovedRecordThoughTheRestMovedUp) {
  AppendMany(10);
  Tamper({"DELETE FROM audit_record WHERE sequence = 9",
          "UPDATE audit_record SET sequence = 9 WHERE sequence = 10"});
  const AuditVerification verification = Verify();
  EXPECT_THAT(Faults(verification), ElementsAre("reordered 9", "removed 10"));
  EXPECT_THAT(verification.findings.at(0).text, HasSubstr("was written as record 10"));
}

TEST_P(AuditContract, NamesReorderedRecords) {
  AppendMany(10);
  Tamper({"UPDATE audit_record SET sequence = 100 WHERE sequence = 3",
          "UPDATE audit_record SET sequence = 3 WHERE sequence = 7",
          "UPDATE audit_record SET sequence = 7 WHERE sequence = 100"});
  const AuditVerification verification = Verify();
  EXPECT_THAT(Faults(verification), ElementsAre("reordered 3", "reordered 7"));
  EXPECT_THAT(verification.findings.at(0).text, HasSubstr("was written as record 7"));
  EXPECT_THAT(verification.findings.at(1).text, HasSubstr("was written as record 3"));
}

TEST_P(AuditContract, NamesRecordsRemovedFromTheEnd) {
  AppendMany(10);
  const AuditHead end = Verify().head;
  Tamper({"DELETE FROM audit_record WHERE sequence > 8"});
  EXPECT_THAT(Faults(Verify()), ElementsAre("removed 9"));
  EXPECT_THAT(Faults(Verify({end})), ElementsAre("removed 9", "checkpoint 10"));
}

TEST_P(AuditContract, ACheckpointAloneTellsOfAnEndRemovedWithItsTrace) {
  AppendMany(10);
  const AuditHead early{.sequence = 5, .hash = List({}, 6, 1).at(0).hash};
  const AuditHead end = Verify().head;
  Tamper({"DELETE FROM audit_record WHERE sequence = 10",
          "UPDATE audit_head SET sequence = 9, hash = (SELECT hash FROM audit_record WHERE sequence = 9)"});
  EXPECT_THAT(Faults(Verify()), IsEmpty()) << "the database alone cannot tell";
  const AuditVerification verification = Verify({end, early});
  EXPECT_THAT(Faults(verification), ElementsAre("checkpoint 10"));
  EXPECT_EQ(verification.known_matched, 1);
}

TEST_P(AuditContract, ACheckpointTellsOfAChainMadeAnew) {
  AppendMany(4);
  std::vector<AuditHead> known;
  for (const AuditRecord& record : List()) known.push_back({record.sequence, record.hash});
  std::vector<AuditRecord> records = List();
  std::string previous = records.at(2).hash;
  std::vector<std::string> statements;
  // From record 3 on, latest first in the list.
  for (int i = 1; i >= 0; --i) {
    AuditRecord& record = records.at(i);
    record.user = "nobody";
    record.previous_hash = previous;
    previous = AuditHash(record);
    statements.push_back(absl::StrCat("UPDATE audit_record SET user_name = 'nobody', previous_hash = '",
                                      record.previous_hash, "', hash = '", previous,
                                      "' WHERE sequence = ", record.sequence));
  }
  statements.push_back(absl::StrCat("UPDATE audit_head SET hash = '", previous, "'"));
  Tamper(statements);
  EXPECT_THAT(Faults(Verify()), IsEmpty()) << "the database alone cannot tell";
  EXPECT_THAT(Faults(Verify(known)), ElementsAre("checkpoint 3", "checkpoint 4"));
}

TEST_P(AuditContract, NamesTheMissingEndOfTheChain) {
  AppendMany(3);
  Tamper({"DELETE FROM audit_head"});
  EXPECT_THAT(Faults(Verify()), ElementsAre("head 3"));
  EXPECT_THAT(Append("runs/1"), StatusIs(absl::StatusCode::kDataLoss, "AUDIT_HEAD_MISSING"));
}

TEST_P(AuditContract, NamesARecordThatWasAddedAroundThePlatform) {
  AppendMany(3);
  AuditRecord forged = List({}, 0, 1).at(0);
  forged.previous_hash = forged.hash;
  forged.sequence = 4;
  forged.hash = AuditHash(forged);
  Tamper(
      {absl::StrCat("INSERT INTO audit_record SELECT 4, time_us, user_name, workload, roles, organisation, "
                    "method, resource, "
                    "action, before_digest, after_digest, reason, request_id, traceparent, hash, '",
                    forged.hash, "' FROM audit_record WHERE sequence = 3")});
  EXPECT_THAT(Faults(Verify()), ElementsAre("head 4"));
}

TEST_P(AuditContract, NamesARecordThatWasPutBeforeTheFirst) {
  AppendMany(3);
  Tamper({GetParam() == Engine::kSqlite
              ? "PRAGMA ignore_check_constraints = ON"
              : "ALTER TABLE audit_record DROP CONSTRAINT audit_record_sequence_check",
          "INSERT INTO audit_record SELECT -7, time_us, 'nobody', workload, roles, organisation, method, "
          "resource, action, before_digest, after_digest, reason, request_id, traceparent, '', hash FROM "
          "audit_record WHERE sequence = 1"});
  ASSERT_EQ(List().back().sequence, -7) << "an auditor would see it";
  const AuditVerification verification = Verify({}, 1);
  EXPECT_THAT(Faults(verification), ElementsAre("altered -7"));
  EXPECT_EQ(verification.record_count, 3);
}

TEST_P(AuditContract, CountsWhatItDoesNotList) {
  AppendMany(60);
  Tamper({"UPDATE audit_record SET reason = 'x' WHERE sequence > 10"});
  const AuditVerification verification = Verify({}, 7);
  EXPECT_THAT(verification.findings, SizeIs(kMaxAuditFindings));
  EXPECT_EQ(verification.finding_count, 50);
}

}  // namespace
}  // namespace specom::store

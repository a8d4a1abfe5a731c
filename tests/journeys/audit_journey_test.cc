// Proves that the audit record tells what happened on a platform, also to those who were not there, and
// that whatever is done to it behind the platform's back is found and named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "tests/journeys/process.h"

namespace specom::journeys {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// What whoever can write the file can do, and must intend.
void Tamper(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  std::string triggers;
  for (const char* name : {"audit_record_appended", "audit_record_kept_as_it_is", "audit_record_kept",
                           "audit_head_single", "audit_head_forwards", "audit_head_kept"}) {
    triggers += std::string("DROP TRIGGER ") + name + ";";
  }
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, (triggers + sql).c_str(), nullptr, nullptr, &error), SQLITE_OK)
      << (error != nullptr ? error : "");
  sqlite3_free(error);
  EXPECT_EQ(sqlite3_close(database), SQLITE_OK);
}

class AuditJourney : public ::testing::Test {
 protected:
  void SetUp() override {
    platform_ = std::make_unique<Process>(
        "specom", std::vector<std::string>{"dev", "--data-dir", data_, "--grpc-port", "0", "--endpoint-file",
                                           folder_.Path("endpoint")});
    ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(folder_.Path("endpoint")); }))
        << platform_->Errors();
    endpoint_ = Lines(ReadFile(folder_.Path("endpoint"))).at(0);
  }

  Finished Specom(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--endpoint", endpoint_});
    return RunProgram("specom", arguments);
  }
  void StopPlatform() {
    platform_->Signal(SIGINT);
    const Finished stopped = platform_->Wait();
    EXPECT_EQ(stopped.code, 0) << stopped.err;
  }
  // The name of a run that was computed, approved and published.
  std::string Publish() {
    EXPECT_EQ(Specom({"allocate", "--by", "england"}).code, 0);
    const Finished runs = Specom({"runs", "list", "--format", "csv"});
    const std::string run = Lines(runs.out).at(1).substr(0, Lines(runs.out).at(1).find(','));
    const Finished approved =
        Specom({"runs", "approve", run, "--user", "director", "--note", "agreed on 12 March"});
    EXPECT_EQ(approved.code, 0) << approved.err;
    return run;
  }

  TemporaryFolder folder_;
  const std::string data_ = folder_.Path("data");
  std::unique_ptr<Process> platform_;
  std::string endpoint_;
};

TEST_F(AuditJourney, TellsWhoChangedWhatAndWhoWasRefused) {
  const std::string run = Publish();
  const Finished refused =
      Specom({"runs", "publish", run, "--user", "intruder", "--roles", "icb", "--organisation", "QOQ"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("PERMISSION_DENIED"));

  const Finished life =
      Specom({"audit", "list", "--service", "finance", "--resource", run, "--format", "csv"});
  ASSERT_EQ(life.code, 0) << life.err;
  const std::vector<std::string> lines = Lines(life.out);
  ASSERT_THAT(lines, SizeIs(6)) << life.out;
  EXPECT_THAT(lines[1],
              AllOf(HasSubstr("intruder,denied," + run), HasSubstr("NOT_VISIBLE"), HasSubstr("QOQ")));
  EXPECT_THAT(lines[2], AllOf(HasSubstr("director,approved," + run), HasSubstr("agreed on 12 March")));
  EXPECT_THAT(lines[3], HasSubstr(",computed," + run));
  EXPECT_THAT(lines[4], HasSubstr(",taken up," + run));
  EXPECT_THAT(lines[5], HasSubstr("analyst,requested," + run));

  const Finished denials = Specom({"audit", "list", "--denials", "--format", "csv"});
  EXPECT_THAT(Lines(denials.out), SizeIs(2)) << denials.out;
  const Finished by_user =
      Specom({"audit", "list", "--user", "director", "--from", "2020-01-01", "--format", "csv"});
  EXPECT_THAT(Lines(by_user.out), SizeIs(2)) << by_user.out;
  EXPECT_THAT(Lines(Specom({"audit", "list", "--to", "2020-01-01", "--format", "csv"}).out), SizeIs(1));
  EXPECT_THAT(Specom({"audit", "list"}).out, AllOf(HasSubstr("imported"), HasSubstr("inputSets/")));

  const Finished verified = Specom({"verify", "audit"});
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_THAT(verified.out,
              AllOf(ContainsRegex("portfolio: intact, 1 record"), ContainsRegex("finance: intact"),
                    ContainsRegex("reporting: intact, 0 records")));
}

TEST_F(AuditJourney, NamesWhatWasDoneToItBehindThePlatformsBack) {
  Publish();
  StopPlatform();
  const auto verify = [](const std::string& data) {
    return RunProgram("specom", {"verify", "audit", "--data-dir", data, "--service", "finance"});
  };
  const Finished intact = verify(data_);
  EXPECT_EQ(intact.code, 0) << intact.out << intact.err;
  EXPECT_THAT(intact.out, ContainsRegex("finance: intact, .* checkpoints matched"));
  EXPECT_THAT(intact.out, Not(HasSubstr("0 of")));

  struct Case {
    std::string name;
    std::string sql;
    std::string finding;
  };
  const std::string last = "(SELECT MAX(sequence) FROM audit_record)";
  for (const Case& done : std::vector<Case>{
           {"altered", "UPDATE audit_record SET user_name = 'nobody' WHERE sequence = 4;",
            "record 4 was altered"},
           {"removed", "DELETE FROM audit_record WHERE sequence = 3;", "record 3 was removed"},
           {"reordered",
            "UPDATE audit_record SET sequence = -2 WHERE sequence = 2;"
            "UPDATE audit_record SET sequence = 2 WHERE sequence = 3;"
            "UPDATE audit_record SET sequence = 3 WHERE sequence = -2;",
            "record 2 was moved: it was written as record 3"},
           {"cut off", "DELETE FROM audit_record WHERE sequence = " + last + ";",
            "from the end of the chain"},
           {"cut off without a trace",
            "DELETE FROM audit_record WHERE sequence = " + last + "; UPDATE audit_head SET sequence = " +
                last + ", hash = (SELECT hash FROM audit_record WHERE sequence = " + last + ");",
            "was there when a checkpoint was made and is gone"}}) {
    const std::string copy = folder_.Path(done.name);
    std::filesystem::copy(data_, copy);
    Tamper(copy + "/finance.db", "PRAGMA ignore_check_constraints = ON;" + done.sql);
    const Finished found = verify(copy);
    EXPECT_EQ(found.code, 1) << done.name << ": " << found.out << found.err;
    EXPECT_THAT(found.out, AllOf(HasSubstr("finance: NOT INTACT"), HasSubstr(done.finding))) << done.name;
  }

  const std::string forged = folder_.Path("forged");
  std::filesystem::copy(data_, forged);
  std::string checkpoints = ReadFile(forged + "/audit-checkpoints.jsonl");
  checkpoints.insert(checkpoints.find("\"sequence\":") + 11, "9");
  WriteFile(forged + "/audit-checkpoints.jsonl", checkpoints);
  const Finished found = verify(forged);
  EXPECT_EQ(found.code, 1) << found.out;
  EXPECT_THAT(found.err, HasSubstr("line 1 is not signed by the holder of this key"));
}

TEST(AuditCommands, SayWhatTheyLack) {
  TemporaryFolder folder;
  EXPECT_EQ(RunProgram("specom", {"verify", "audit"}).code, 2);
  const Finished empty = RunProgram("specom", {"verify", "audit", "--data-dir", folder.path()});
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.err, HasSubstr("there is no " + folder.Path("portfolio.db")));
  EXPECT_FALSE(std::filesystem::exists(folder.Path("portfolio.db"))) << "verifying made a database";
  EXPECT_THAT(RunProgram("specom", {"audit", "list", "--from", "yesterday"}).err, HasSubstr("--from"));
}

}  // namespace
}  // namespace specom::journeys

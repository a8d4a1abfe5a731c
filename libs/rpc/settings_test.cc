// Proves where settings come from, which place is stronger, and that all problems are told at once.
#include "libs/rpc/settings.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>

#include "libs/base/status.h"
#include "libs/rpc/process.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string FileWith(const std::string& text) {
  std::string path =
      ::testing::TempDir() + "/" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".conf";
  std::ofstream(path) << text;
  return path;
}

TEST(Settings, AFlagIsStrongerThanTheEnvironmentThanTheFileThanTheDefault) {
  Settings settings(StandardSettings("finance"));
  EXPECT_EQ(settings.Get("log_level"), "info");
  auto environment = [](const char* name) -> const char* {
    return std::strcmp(name, "SPECOM_LOG_LEVEL") == 0 ? "warning" : nullptr;
  };
  settings.ReadEnvironment(environment);
  EXPECT_EQ(settings.Get("log_level"), "warning");
  // The order of reading does not matter.
  ASSERT_THAT(settings.ReadFile(FileWith("# levels\nlog_level = debug\n executor_threads=3 \n")), IsOk());
  EXPECT_EQ(settings.Get("log_level"), "warning");
  EXPECT_EQ(settings.Number("executor_threads"), 3);
  settings.SetFlag("log_level", "error");
  EXPECT_EQ(settings.Get("log_level"), "error");
  EXPECT_THAT(settings.Verify(), IsEmpty());
}

TEST(Settings, TellsEveryBadLineOfAFile) {
  Settings settings(StandardSettings("finance"));
  std::string path = FileWith("listen = 127.0.0.1:1\nlistne = x\nnonsense\nlisten = 127.0.0.1:2\n");
  absl::Status status = settings.ReadFile(path);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(FieldViolationsOf(status),
              ElementsAre(FieldViolation{path + ":2", "\"listne\" is no setting of this program"},
                          FieldViolation{path + ":3", "is not \"name = value\""},
                          FieldViolation{path + ":4", "\"listen\" is set twice"}));
  EXPECT_THAT(settings.ReadFile("/nonexistent"), StatusIs(absl::StatusCode::kInvalidArgument, "CONFIG_FILE"));
}

TEST(Settings, TellsEveryBadValueAtOnce) {
  Settings settings(StandardSettings("finance"));
  settings.SetFlag("listen", "nowhere");
  settings.SetFlag("identity", "everybody");
  settings.SetFlag("executor_threads", "0");
  settings.SetFlag("database_url", "postgresql://specom:hunter2@db/specom");
  std::vector<std::string> problems = settings.Verify();
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_THAT(problems[0], HasSubstr("listen (flag): \"nowhere\" must be host:port"));
  EXPECT_THAT(problems[1], HasSubstr("identity (flag): \"everybody\" must be one of deny, development"));
  EXPECT_THAT(problems[2], HasSubstr("SPECOM_DATABASE_URL"));
  EXPECT_THAT(problems[2], Not(HasSubstr("hunter2")));
  EXPECT_THAT(problems[3], HasSubstr("executor_threads"));
}

TEST(Settings, PrintsNoSecret) {
  Settings settings(StandardSettings("finance"));
  settings.ReadEnvironment([](const char* name) -> const char* {
    return std::strcmp(name, "SPECOM_DATABASE_URL") == 0 ? "postgresql://specom:hunter2@db/specom" : nullptr;
  });
  EXPECT_THAT(settings.Print(), HasSubstr("database_url = (hidden)  # environment"));
  EXPECT_THAT(settings.Print(), HasSubstr("redis_url = (not set)  # default"));
  EXPECT_THAT(settings.Print(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(ReadConfig("specom-finance", settings).database.url.Reveal(),
            "postgresql://specom:hunter2@db/specom");
}

TEST(Settings, HasOneNameForEachPlace) {
  EXPECT_EQ(Settings::EnvironmentName("admin_listen"), "SPECOM_ADMIN_LISTEN");
  EXPECT_EQ(Settings::FlagName("admin_listen"), "--admin-listen");
}

}  // namespace
}  // namespace specom::rpc

// Proves that a wrong database configuration is told in full, without its secrets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/store/store.h"
#include "libs/testing/status_matchers.h"

namespace specom::store {
namespace {

using ::specom::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(DatabaseConfigTest, AcceptsBothEngines) {
  EXPECT_THAT((DatabaseConfig{.url = Secret("sqlite:/var/lib/specom/finance.db"), .schema = {}}.Verify()),
              IsEmpty());
  EXPECT_THAT((DatabaseConfig{.url = Secret("postgresql://u@h:5432/d"), .schema = "finance"}.Verify()),
              IsEmpty());
  EXPECT_THAT(
      (DatabaseConfig{.url = Secret("postgres://h/d?sslmode=verify-full"), .schema = "finance"}.Verify()),
      IsEmpty());
}

TEST(DatabaseConfigTest, TellsEveryProblem) {
  EXPECT_THAT((DatabaseConfig{.url = Secret(""), .schema = {}}.Verify()), SizeIs(1));
  EXPECT_THAT((DatabaseConfig{.url = Secret("mysql://h/d"), .schema = {}, .connections = 0}.Verify()),
              SizeIs(2));
  EXPECT_THAT((DatabaseConfig{.url = Secret("sqlite:"), .schema = {}}.Verify()), SizeIs(1));
  EXPECT_THAT((DatabaseConfig{.url = Secret("sqlite::memory:"), .schema = {}}.Verify()), SizeIs(1));
  EXPECT_THAT((DatabaseConfig{.url = Secret("sqlite:/tmp/a\"b.db"), .schema = {}}.Verify()), SizeIs(1));
  for (const char* schema : {"", "Finance", "1st", "a;b", "a\"b"}) {
    EXPECT_THAT((DatabaseConfig{.url = Secret("postgresql://h/d"), .schema = schema}.Verify()), SizeIs(1))
        << schema;
  }
}

TEST(DatabaseConfigTest, DoesNotRepeatThePassword) {
  const DatabaseConfig config{.url = Secret("postgresql://u:hunter2@[::1/d"), .schema = "finance"};
  SystemClock clock;
  const absl::Status status = OpenStore(config, clock).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "DATABASE_CONFIG"));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace specom::store

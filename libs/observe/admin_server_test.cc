// Proves what an orchestrator sees over real HTTP: alive, ready or why not, and the metrics.
#include "libs/observe/admin_server.h"

#include <civetweb.h>
#include <gmock/gmock.h>

#include <atomic>

#include "libs/testing/status_matchers.h"

namespace specom::observe {
namespace {

using ::specom::testing::StatusIs;
using ::testing::HasSubstr;

struct Answer {
  int code = 0;
  std::string body;
};

Answer Get(int port, const std::string& path) {
  char error[256] = "";
  mg_connection* connection = mg_download("127.0.0.1", port, 0, error, sizeof(error),
                                          "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path.c_str());
  if (connection == nullptr) return {0, error};
  Answer answer{mg_get_response_info(connection)->status_code, ""};
  char buffer[4096];
  for (int n; (n = mg_read(connection, buffer, sizeof(buffer))) > 0;) answer.body.append(buffer, n);
  mg_close_connection(connection);
  return answer;
}

TEST(AdminServer, TellsHealthReadinessAndMetrics) {
  Metrics metrics;
  metrics.GetCounter("specom_test_total", "Test.").Increment(5);
  std::atomic<bool> ready = false;
  auto server = AdminServer::Start(
      "127.0.0.1:0",
      [&] {
        return ready ? absl::OkStatus() : absl::UnavailableError("the schema is at 3 of 4: run migrate");
      },
      metrics);
  ASSERT_TRUE(server.ok()) << server.status();
  int port = (*server)->port();

  EXPECT_EQ(Get(port, "/healthz").code, 200);
  Answer not_ready = Get(port, "/readyz");
  EXPECT_EQ(not_ready.code, 503);
  EXPECT_EQ(not_ready.body, "the schema is at 3 of 4: run migrate\n");
  ready = true;
  EXPECT_EQ(Get(port, "/readyz").code, 200);
  EXPECT_THAT(Get(port, "/metrics").body, HasSubstr("specom_test_total 5"));
  EXPECT_EQ(Get(port, "/").code, 404);
  EXPECT_EQ(Get(port, "/etc/passwd").code, 404);
}

TEST(AdminServer, SaysThatThePortIsTaken) {
  Metrics metrics;
  auto first = AdminServer::Start(
      "127.0.0.1:0", [] { return absl::OkStatus(); }, metrics);
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = AdminServer::Start(
      "127.0.0.1:" + std::to_string((*first)->port()), [] { return absl::OkStatus(); }, metrics);
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable, "ADMIN_PORT"));
}

}  // namespace
}  // namespace specom::observe

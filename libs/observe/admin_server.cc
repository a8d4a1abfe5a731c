#include "libs/observe/admin_server.h"

#include <CivetServer.h>

#include <utility>
#include <vector>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom::observe {
namespace {

struct Page {
  int code = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

class PageHandler final : public CivetHandler {
 public:
  explicit PageHandler(std::function<Page()> page) : page_(std::move(page)) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    Page page = page_();
    mg_printf(connection,
              "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
              "Connection: close\r\n\r\n",
              page.code, page.code == 200 ? "OK" : "Service Unavailable", page.type.c_str(),
              page.body.size());
    mg_write(connection, page.body.data(), page.body.size());
    return true;
  }

 private:
  std::function<Page()> page_;
};

Page Readiness(const absl::Status& ready) {
  if (ready.ok()) return {.body = "ready\n"};
  return {.code = 503, .body = std::string(ready.message()) + "\n"};
}

}  // namespace

struct AdminServer::State {
  PageHandler health;
  PageHandler readiness;
  PageHandler metrics;
  CivetServer server;

  State(const std::vector<std::string>& options, std::function<absl::Status()> ready,
        const Metrics& all_metrics)
      : health([] { return Page{.body = "alive\n"}; }),
        readiness([ready = std::move(ready)] { return Readiness(ready()); }),
        metrics([&all_metrics] {
          return Page{.type = "text/plain; version=0.0.4; charset=utf-8", .body = all_metrics.Text()};
        }),
        server(options) {
    server.addHandler("/healthz$", health);
    server.addHandler("/readyz$", readiness);
    server.addHandler("/metrics$", metrics);
  }
};

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& listen,
                                                                std::function<absl::Status()> ready,
                                                                const Metrics& metrics) {
  // No document root: only the three handlers answer.
  std::vector<std::string> options = {"listening_ports",   listen, "num_threads",        "2",
                                      "enable_keep_alive", "no",   "request_timeout_ms", "5000"};
  try {
    return std::unique_ptr<AdminServer>(
        new AdminServer(std::make_unique<State>(options, std::move(ready), metrics)));
  } catch (const CivetException&) {
    return MakeError(absl::StatusCode::kUnavailable, "ADMIN_PORT",
                     "The admin endpoint cannot listen on " + listen +
                         ": it is not a free host:port of this machine. Choose another with admin_listen.",
                     {{"listen", listen}});
  }
}

AdminServer::AdminServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
AdminServer::~AdminServer() = default;

int AdminServer::port() const {
  std::vector<int> ports = state_->server.getListeningPorts();
  SPECOM_CHECK(ports.size() == 1);
  return ports.front();
}

}  // namespace specom::observe

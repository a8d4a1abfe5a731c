// HTTP for operators on a port of its own: /healthz (the process lives), /readyz (it can serve, or
// why not) and /metrics (Prometheus).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/observe/metrics.h"

namespace specom::observe {

class AdminServer {
 public:
  // listen: "host:port"; port 0 takes any free one. ready: asked at every /readyz; its message is
  // the body of the 503. metrics outlives the server. UNAVAILABLE when the port cannot be had.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& listen,
                                                            std::function<absl::Status()> ready,
                                                            const Metrics& metrics);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  int port() const;

 private:
  struct State;
  explicit AdminServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace specom::observe

// What a service is to the process that hosts it: `specom dev` hosts all of them, an executable of
// its own hosts one.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/cache/cache.h"
#include "libs/events/bus.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/rpc/outbound.h"
#include "libs/rpc/pipeline.h"
#include "libs/store/store.h"

namespace specom::rpc {

// What the host lends to its modules; outlives them.
struct Host {
  const Clock& clock;
  events::Bus& bus;
  Pipeline& pipeline;
  observe::Metrics& metrics;
  observe::Logger& logger;
  // The way to other services.
  Outbound& outbound;
  cache::Cache& cache;
};

class Module {
 public:
  virtual ~Module() = default;

  // e.g. "portfolio"
  virtual std::string name() const = 0;
  // Its own database, whose audit record also tells whom the module's methods were denied to; null: none.
  virtual store::Store* store() { return nullptr; }
  // Brings the schema up to date; the number of migrations that ran.
  virtual absl::StatusOr<int> Migrate() = 0;
  // FAILED_PRECONDITION with the command to run while the schema is behind.
  virtual absl::Status CheckSchema() = 0;
  // Whether such a caller reaches the resource, e.g. "runs/3f2a", by the rule that its calls are held to: OK
  // or the refusal it would get; nothing where resources of this name are none of the module's. For
  // ExplainAccess, in the context of the administrator who asks.
  virtual std::optional<absl::Status> Reach(const RequestContext& /*context*/, const Principal& /*caller*/,
                                            const std::string& /*resource*/) {
    return std::nullopt;
  }
  // The gRPC services to register before the server starts. They live as long as the module.
  virtual std::vector<grpc::Service*> services() = 0;
  // Loads what must be in memory and starts relays, consumers and workers.
  virtual absl::Status Start() = 0;
  // OK when requests can be served; the reason otherwise.
  virtual absl::Status Ready() = 0;
  // The server is about to drain: calls that wait for something to happen return now.
  virtual void EndWaits() {}
  // Stops what Start started, in reverse.
  virtual void Stop() = 0;
};

}  // namespace specom::rpc

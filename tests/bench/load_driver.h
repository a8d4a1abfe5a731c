// Puts load on a gRPC server from another process: so many calls in flight (closed loop), or so many
// calls a second whatever becomes of them (open loop).
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/histogram.h"

namespace specom::bench {

// One unary call, as bytes: the driver spends no time on the messages.
struct Call {
  // "specom.portfolio.v1.PortfolioService/GetService"
  std::string method;
  // The serialised request.
  std::string request;
  std::vector<std::pair<std::string, std::string>> metadata;
  absl::Duration timeout = absl::Seconds(10);
};

// What became of the calls of one measured time.
struct Load {
  // From the start of the call (closed loop) or from when it was to be sent (open loop: the wait of a
  // stalled call counts), to its OK.
  Histogram accepted;
  // The same to RESOURCE_EXHAUSTED.
  Histogram refused;
  // Refused calls whose status held no google.rpc.RetryInfo.
  std::atomic<std::int64_t> refused_without_retry = 0;
  // Every other outcome, and the first of them.
  std::atomic<std::int64_t> failed = 0;
  std::string failure;
  // Open loop: calls that were not sent, because too many were in flight.
  std::int64_t unsent = 0;
  double seconds = 0;

  // Calls a second that ended with OK.
  double Rate() const { return static_cast<double>(accepted.Count()) / seconds; }
};

class LoadDriver {
 public:
  // address: "host:port". Each channel is a connection of its own.
  LoadDriver(const std::string& address, int channels,
             const std::shared_ptr<grpc::ChannelCredentials>& credentials = nullptr);
  ~LoadDriver();

  // One call; the serialised response.
  absl::StatusOr<std::string> Once(const Call& call);
  // Keeps `in_flight` calls going for warm_up and then for `measured`, of which it tells.
  std::unique_ptr<Load> ClosedLoop(const Call& call, int in_flight, absl::Duration warm_up,
                                   absl::Duration measured);
  // Sends `rate` calls a second, at even times.
  std::unique_ptr<Load> OpenLoop(const Call& call, double rate, absl::Duration warm_up,
                                 absl::Duration measured);

 private:
  class Run;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
};

}  // namespace specom::bench

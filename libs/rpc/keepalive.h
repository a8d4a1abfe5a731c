// One keepalive setting for clients and servers: a client that pings more often than its server
// permits is cut off with GOAWAY too_many_pings.
#pragma once

#include <grpcpp/grpcpp.h>

namespace specom::rpc {

// How often a client asks whether its server is still there, and how long it waits for the answer: a
// connection that fell silent is given up after the sum.
inline constexpr int kPingEveryMs = 10'000;
inline constexpr int kPingTimeoutMs = 5'000;
// The least time between two pings that a server puts up with; well below kPingEveryMs.
inline constexpr int kPingPermittedMs = 5'000;
static_assert(kPingPermittedMs * 2 <= kPingEveryMs);

// How long a connection may take to be made, and the longest pause before it is tried again. gRPC's
// own, 20 seconds and two minutes, would keep a service away long after it is back.
inline constexpr int kConnectTimeoutMs = 3'000;
inline constexpr int kFirstReconnectMs = 200;
inline constexpr int kLongestReconnectMs = 3'000;

// The largest message that a server or a client takes: an import of a whole national baseline fits.
inline constexpr int kMaxMessageBytes = 16 * 1024 * 1024;

void AddKeepalive(grpc::ServerBuilder& builder);
grpc::ChannelArguments KeepaliveArguments();

}  // namespace specom::rpc

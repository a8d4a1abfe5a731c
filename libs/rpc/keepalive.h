// One keepalive setting for clients and servers: a client that pings more often than its server
// permits is cut off with GOAWAY too_many_pings.
#pragma once

#include <grpcpp/grpcpp.h>

namespace specom::rpc {

// How often a client asks whether its server is still there, and how long it waits for the answer.
inline constexpr int kPingEveryMs = 30'000;
inline constexpr int kPingTimeoutMs = 10'000;
// The least time between two pings that a server puts up with; well below kPingEveryMs.
inline constexpr int kPingPermittedMs = 10'000;
static_assert(kPingPermittedMs * 2 <= kPingEveryMs);

// The largest message that a server or a client takes: an import of a whole national baseline fits.
inline constexpr int kMaxMessageBytes = 16 * 1024 * 1024;

void AddKeepalive(grpc::ServerBuilder& builder);
grpc::ChannelArguments KeepaliveArguments();

}  // namespace specom::rpc

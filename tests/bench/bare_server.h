// The peer of the RPC bench: a callback gRPC server that answers two methods of the portfolio with a
// ready response, and does nothing else.
#pragma once

#include <string>

#include "tests/bench/credentials.h"

namespace specom::bench {

// Serves until SIGTERM, and says on standard output where. delegation, service: the serialised responses.
// tls: plain text without files. The exit code.
int RunBareServer(const std::string& delegation, const std::string& service, const TlsFiles& tls);

}  // namespace specom::bench

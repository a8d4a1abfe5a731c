// How a process calls another of specom's services as itself: with its certificate, or, in development,
// under its own name.
#pragma once

#include <memory>
#include <string>

#include "libs/rpc/certificate_watch.h"
#include "libs/rpc/client.h"

namespace specom::rpc {

// For any number of threads.
class Outbound {
 public:
  virtual ~Outbound() = default;
  // A client of `service`, e.g. "portfolio", at "host:port". With certificates the server must be that
  // service of this process's trust domain ("spiffe://specom.prod/svc/finance" talks to
  // "spiffe://specom.prod/svc/portfolio") or this process itself. Ask anew for each call: the connection
  // is kept, and made anew when the certificates change. options.identity is set here.
  virtual std::shared_ptr<Client> To(const std::string& endpoint, const std::string& service,
                                     ClientOptions options = {}) = 0;
};

// identity: goes with every call, for services that believe their callers; empty: the certificate says who
// calls. certificates: null for plain text.
std::unique_ptr<Outbound> NewOutbound(MetadataEntries identity,
                                      std::shared_ptr<const CertificateWatch> certificates);

}  // namespace specom::rpc

// From a call's metadata and peer to who calls. This interface is the seam for tokens and for
// certificates of other services; the default denies everybody.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/principal.h"

namespace specom {

// The metadata of one call.
class CallMetadata {
 public:
  virtual ~CallMetadata() = default;
  // Every value of the key (lower case), in the order received.
  virtual std::vector<std::string_view> Values(std::string_view key) const = 0;
};

// The other end of the connection.
struct Peer {
  // gRPC's form: "ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711", "unix:/run/specom.sock".
  std::string address = {};
  // What its certificate says, e.g. "spiffe://specom.prod/svc/gateway"; empty without one.
  std::string workload = {};

  // True for the loopback networks and unix sockets.
  bool IsLocal() const;
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // UNAUTHENTICATED with what is missing.
  virtual absl::StatusOr<Principal> Authenticate(const CallMetadata& metadata, const Peer& peer) const = 0;
  // True when it believes what the caller says of itself: such a server listens on loopback only.
  virtual bool TrustsItsCallers() const { return false; }
};

// The metadata keys of DevelopmentAuthenticator.
inline constexpr char kUserHeader[] = "x-specom-user";
// Words of ParseRole, separated by commas.
inline constexpr char kRolesHeader[] = "x-specom-roles";
// An ODS code; may be absent.
inline constexpr char kOrganisationHeader[] = "x-specom-organisation";

// Believes the three headers, from local peers only. For one machine, never for production.
class DevelopmentAuthenticator final : public Authenticator {
 public:
  absl::StatusOr<Principal> Authenticate(const CallMetadata& metadata, const Peer& peer) const override;
  bool TrustsItsCallers() const override { return true; }
};

class DenyAllAuthenticator final : public Authenticator {
 public:
  absl::StatusOr<Principal> Authenticate(const CallMetadata& metadata, const Peer& peer) const override;
};

}  // namespace specom

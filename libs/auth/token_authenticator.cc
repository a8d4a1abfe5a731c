#include "libs/auth/token_authenticator.h"

#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "libs/auth/token_refusals.h"
#include "libs/base/status.h"

namespace specom {
namespace {

using namespace token_refusals;

constexpr char kAuthorization[] = "authorization";
constexpr std::string_view kScheme = "spiffe://";
constexpr std::string_view kBearer = "Bearer ";

// "/svc/finance" of "spiffe://specom.prod/svc/finance".
std::string_view PathOf(std::string_view spiffe_id) {
  if (!spiffe_id.starts_with(kScheme)) return {};
  const std::size_t slash = spiffe_id.find('/', kScheme.size());
  return slash == spiffe_id.npos ? std::string_view() : spiffe_id.substr(slash);
}

bool IsService(std::string_view workload) {
  constexpr std::string_view kServices = "/svc/";
  const std::string_view path = PathOf(workload);
  return path.starts_with(kServices) && path.size() > kServices.size();
}

absl::Status CheckPeer(const PeerRules& rules, const std::string& workload) {
  if (workload.empty()) {
    if (!rules.certificate_required) return absl::OkStatus();
    return MakeError(
        absl::StatusCode::kPermissionDenied, kPeerNotAllowed,
        "This server serves processes with a certificate that names them (a spiffe:// URI) only; "
        "connect with one.");
  }
  if (rules.allowed_workloads.contains(workload)) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kPermissionDenied, kPeerNotAllowed,
      "The process " + workload +
          " may not connect to this server; whoever runs it can put that name on its allow-list.",
      {{"workload", workload}});
}

// "" when the metadata holds none.
absl::StatusOr<std::string_view> BearerToken(const CallMetadata& metadata) {
  const std::vector<std::string_view> values = metadata.Values(kAuthorization);
  if (values.empty()) return std::string_view();
  if (values.size() > 1) {
    return Refuse(kAmbiguousToken, "The metadata authorization is there more than once; send it once.");
  }
  const std::string_view value = values.front();
  const std::string_view scheme = value.substr(0, kBearer.size());
  if (!absl::EqualsIgnoreCase({scheme.data(), scheme.size()}, {kBearer.data(), kBearer.size()}) ||
      value.size() == kBearer.size()) {
    return Refuse(kMalformedToken, "The metadata authorization must read: Bearer <token>.");
  }
  return value.substr(kBearer.size());
}

}  // namespace

std::vector<std::string> PeerRules::Verify() const {
  std::vector<std::string> problems;
  for (const auto& workload : allowed_workloads) {
    if (PathOf(workload).size() > 1) continue;
    problems.push_back("allowed_workloads: \"" + workload +
                       "\" is not a SPIFFE id; it should read like spiffe://specom.prod/svc/gateway");
  }
  if (certificate_required && allowed_workloads.empty()) {
    problems.push_back("allowed_workloads: is empty though a certificate is required: nobody could connect");
  }
  return problems;
}

TokenAuthenticator::TokenAuthenticator(TokenVerifier& verifier, PeerRules rules)
    : verifier_(verifier), rules_(std::move(rules)) {}

absl::StatusOr<Principal> TokenAuthenticator::Authenticate(const CallMetadata& metadata,
                                                           const Peer& peer) const {
  RETURN_IF_ERROR(CheckPeer(rules_, peer.workload));
  std::string_view token;
  ASSIGN_OR_RETURN(token, BearerToken(metadata));
  if (!token.empty()) return verifier_.Verify(token);
  if (IsService(peer.workload)) {
    return Principal{.user = peer.workload, .roles = {Role::kService}, .organisation = ""};
  }
  return Refuse(kMissingToken,
                "The call does not say who makes it; send the metadata authorization: Bearer <token> with an "
                "access token of the issuer.");
}

}  // namespace specom

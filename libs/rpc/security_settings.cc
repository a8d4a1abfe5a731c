#include "libs/rpc/security_settings.h"

#include "absl/strings/str_join.h"

namespace specom::rpc {

std::vector<Setting> SecuritySettings() {
  const TokenSettings standard;
  return {
      {.name = "tls_certificate",
       .standard = "",
       .help = "PEM file: this process's certificate with its SPIFFE name, and intermediate ones behind it; "
               "empty: plain text, on loopback only"},
      {.name = "tls_key", .standard = "", .help = "PEM file: the key of that certificate, not encrypted"},
      {.name = "tls_authority",
       .standard = "",
       .help = "PEM file: the authorities that issue the certificates of the other processes"},
      {.name = "tls_allowed_peers",
       .standard = "",
       .help = "SPIFFE ids of the processes that may call, separated by commas"},
      {.name = "tls_client_certificate",
       .standard = "required",
       .help = "required, or optional: callers with a token need no certificate",
       .problem =
           [](const std::string& v) {
             return NotOneOf(v, {"required", "optional"});
           }},
      {.name = "token_issuer",
       .standard = "",
       .help = "Issuer of the tokens: their iss claim, to the letter"},
      {.name = "token_audience", .standard = "", .help = "What their aud claim must hold"},
      {.name = "token_jwks", .standard = "", .help = "File or https:// address of the issuer's public keys"},
      {.name = "token_algorithms",
       .standard = absl::StrJoin(standard.algorithms, ","),
       .help = "Signature algorithms that are taken"},
      {.name = "token_roles_claim", .standard = standard.roles_claim, .help = "Claim that holds the roles"},
      {.name = "token_organisation_claim",
       .standard = standard.organisation_claim,
       .help = "Claim that holds the ODS code"},
  };
}

TlsSettings ReadTlsSettings(const Settings& settings) {
  return {.files = {.certificate = settings.Get("tls_certificate"),
                    .key = settings.Get("tls_key"),
                    .authority = settings.Get("tls_authority")},
          .allowed_peers = settings.List("tls_allowed_peers"),
          .client_certificate = settings.Get("tls_client_certificate")};
}

TokenSettings ReadTokenSettings(const Settings& settings) {
  return {.issuer = settings.Get("token_issuer"),
          .audience = settings.Get("token_audience"),
          .jwks = settings.Get("token_jwks"),
          .algorithms = settings.List("token_algorithms"),
          .roles_claim = settings.Get("token_roles_claim"),
          .organisation_claim = settings.Get("token_organisation_claim")};
}

}  // namespace specom::rpc

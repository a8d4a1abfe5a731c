#include "libs/auth/local_authority.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "libs/auth/certificates.h"
#include "libs/auth/handles.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"

namespace specom {
namespace {

constexpr char kCertificateFile[] = "authority.pem";
constexpr char kCertificateKeyFile[] = "authority.key";
constexpr char kTokenKeyFile[] = "token.key";
constexpr char kJwksFile[] = "jwks.json";
// So that a clock that is a little behind takes the authority too.
constexpr absl::Duration kHeadStart = absl::Hours(1);
constexpr std::size_t kMaxSpiffeIdLength = 2048;

std::string TakeText(char* allocated) {
  std::string text = allocated == nullptr ? "" : allocated;
  std::free(allocated);
  return text;
}

std::string Dump(const json_t& json) {
  return TakeText(json_dumps(&json, JSON_COMPACT));
}

absl::Status CjoseError(const char* what, const cjose_err& error) {
  ERR_clear_error();
  return MakeError(absl::StatusCode::kInternal, "TOKEN_NOT_MADE",
                   std::string(what) + ": " + (error.message == nullptr ? "no reason given" : error.message));
}

absl::Status NotWritten(const std::string& path, const std::string& why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "AUTHORITY_NOT_WRITTEN",
                   path + " could not be written (" + why + "); choose a folder that you may write to.",
                   {{"path", path}});
}

absl::Status Damaged(const std::string& path) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "AUTHORITY_DAMAGED",
      path + " is missing or not what was written there; remove the folder to have a new authority.",
      {{"path", path}});
}

// The file is there whole or not at all, and never readable by more than its mode says.
absl::Status WriteFile(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const std::string temporary = path.string() + "." + NewUuid();
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return NotWritten(path, std::generic_category().message(errno));
  bool written = fchmod(file, mode) == 0 &&
                 write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                 fsync(file) == 0;
  written = close(file) == 0 && written;
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  absl::Status failed = NotWritten(path, std::generic_category().message(errno));
  unlink(temporary.c_str());
  return failed;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

absl::Status VerifySpiffeId(const std::string& id) {
  const bool printable = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (id.starts_with("spiffe://") && id.size() <= kMaxSpiffeIdLength && !id.ends_with('/') && printable) {
    return absl::OkStatus();
  }
  return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_SPIFFE_ID",
                   "A certificate's name must read like spiffe://specom.dev/svc/finance.");
}

// {"keys":[…]} with the public half of the key.
absl::StatusOr<std::string> PublicKeySet(const cjose_jwk_t& key) {
  cjose_err error{};
  JsonHandle one(json_loads(TakeText(cjose_jwk_to_json(&key, false, &error)).c_str(), 0, nullptr));
  if (one == nullptr) return CjoseError("The token key could not be written", error);
  json_object_set_new(one.get(), "use", json_string("sig"));
  json_object_set_new(one.get(), "alg", json_string("ES256"));
  JsonHandle set(json_pack("{s:[O]}", "keys", one.get()));
  return Dump(*set);
}

absl::StatusOr<JwkHandle> NewTokenKey() {
  cjose_err error{};
  JwkHandle key(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error));
  if (key == nullptr) return CjoseError("A token key could not be made", error);
  const std::string id = Sha256Hex(TakeText(cjose_jwk_to_json(key.get(), false, &error))).substr(0, 16);
  if (!cjose_jwk_set_kid(key.get(), id.data(), id.size(), &error)) {
    return CjoseError("A token key could not be named", error);
  }
  return key;
}

class Authority final : public LocalAuthority {
 public:
  Authority(X509Handle certificate, EvpKeyHandle key, JwkHandle token_key, std::string jwks)
      : certificate_(std::move(certificate)),
        key_(std::move(key)),
        token_key_(std::move(token_key)),
        pem_(ToPem(*certificate_)),
        jwks_(std::move(jwks)) {}

  absl::Status Save(const std::string& folder) const override;
  const std::string& authority() const override { return pem_; }
  const std::string& jwks() const override { return jwks_; }
  absl::StatusOr<IssuedCertificate> IssueCertificate(const std::string& spiffe_id, absl::Time not_before,
                                                     absl::Time not_after) const override;
  absl::StatusOr<Secret> IssueToken(const Principal& principal, absl::Time now,
                                    absl::Duration lifetime) const override;
  absl::StatusOr<Secret> SignClaims(const std::string& claims_json,
                                    const std::string& header_json) const override;

 private:
  const X509Handle certificate_;
  const EvpKeyHandle key_;
  const JwkHandle token_key_;
  const std::string pem_;
  const std::string jwks_;
};

absl::Status Authority::Save(const std::string& folder) const {
  const std::filesystem::path path(folder);
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (mkdir(path.c_str(), 0700) != 0) return NotWritten(folder, std::generic_category().message(errno));
  }
  cjose_err token_error{};
  const std::string token_key = TakeText(cjose_jwk_to_json(token_key_.get(), true, &token_error));
  if (token_key.empty()) return CjoseError("The token key could not be written", token_error);
  RETURN_IF_ERROR(WriteFile(path / kCertificateKeyFile, ToPem(*key_), 0600));
  RETURN_IF_ERROR(WriteFile(path / kTokenKeyFile, token_key, 0600));
  RETURN_IF_ERROR(WriteFile(path / kJwksFile, jwks_, 0644));
  return WriteFile(path / kCertificateFile, pem_, 0644);
}

absl::StatusOr<IssuedCertificate> Authority::IssueCertificate(const std::string& spiffe_id,
                                                              absl::Time not_before,
                                                              absl::Time not_after) const {
  RETURN_IF_ERROR(VerifySpiffeId(spiffe_id));
  if (not_before >= not_after) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_LIFETIME",
                     "A certificate must begin before it ends.");
  }
  EvpKeyHandle key;
  X509Handle certificate;
  ASSIGN_OR_RETURN(key, NewEllipticKey());
  ASSIGN_OR_RETURN(certificate,
                   MakeLeafCertificate(*key, spiffe_id, not_before, not_after, *certificate_, *key_));
  return IssuedCertificate{.certificate = ToPem(*certificate), .key = Secret(ToPem(*key))};
}

absl::StatusOr<Secret> Authority::IssueToken(const Principal& principal, absl::Time now,
                                             absl::Duration lifetime) const {
  JsonHandle roles(json_array());
  for (Role role : principal.roles) {
    json_array_append_new(roles.get(), json_string(std::string(ToString(role)).c_str()));
  }
  const json_int_t issued = absl::ToUnixSeconds(now);
  JsonHandle claims(json_pack("{s:s, s:s, s:s, s:O, s:I, s:I, s:I}", "iss", kIssuer, "aud", kAudience, "sub",
                              principal.user.c_str(), "specom_roles", roles.get(), "iat", issued, "nbf",
                              issued, "exp", static_cast<json_int_t>(absl::ToUnixSeconds(now + lifetime))));
  if (claims == nullptr) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_IDENTITY",
                     "The user's name is not UTF-8.");
  }
  if (!principal.organisation.empty()) {
    json_object_set_new(claims.get(), "specom_organisation", json_string(principal.organisation.c_str()));
  }
  const JsonHandle header(json_pack("{s:s, s:s, s:s}", "alg", "ES256", "typ", "JWT", "kid",
                                    cjose_jwk_get_kid(token_key_.get(), nullptr)));
  return SignClaims(Dump(*claims), Dump(*header));
}

absl::StatusOr<Secret> Authority::SignClaims(const std::string& claims_json,
                                             const std::string& header_json) const {
  JsonHandle header(json_loads(header_json.c_str(), JSON_REJECT_DUPLICATES, nullptr));
  if (!json_is_object(header.get())) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_HEADER",
                     "The header is not a JSON object.");
  }
  if (json_object_get(header.get(), "alg") == nullptr) {
    json_object_set_new(header.get(), "alg", json_string("ES256"));
  }
  cjose_err error{};
  JwsHandle signature(cjose_jws_sign(token_key_.get(), header.get(),
                                     reinterpret_cast<const std::uint8_t*>(claims_json.data()),
                                     claims_json.size(), &error));
  const char* token = nullptr;
  if (signature == nullptr || !cjose_jws_export(signature.get(), &token, &error)) {
    return CjoseError("The token could not be signed", error);
  }
  return Secret(token);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalAuthority>> LocalAuthority::Make(absl::Duration lifetime) {
  EvpKeyHandle key;
  X509Handle certificate;
  JwkHandle token_key;
  std::string jwks;
  const absl::Time now = absl::Now();
  ASSIGN_OR_RETURN(key, NewEllipticKey());
  ASSIGN_OR_RETURN(certificate, MakeAuthorityCertificate(*key, now - kHeadStart, now + lifetime));
  ASSIGN_OR_RETURN(token_key, NewTokenKey());
  ASSIGN_OR_RETURN(jwks, PublicKeySet(*token_key));
  return std::make_unique<Authority>(std::move(certificate), std::move(key), std::move(token_key),
                                     std::move(jwks));
}

absl::StatusOr<std::unique_ptr<LocalAuthority>> LocalAuthority::Load(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::error_code error;
  if (!std::filesystem::exists(path / kCertificateFile, error)) {
    return MakeError(absl::StatusCode::kNotFound, "NO_AUTHORITY",
                     "There is no local authority in " + folder + ".", {{"path", folder}});
  }
  X509Handle certificate = CertificateFromPem(ReadFile(path / kCertificateFile));
  if (certificate == nullptr) return Damaged(path / kCertificateFile);
  EvpKeyHandle key = PrivateKeyFromPem(ReadFile(path / kCertificateKeyFile));
  if (key == nullptr || X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return Damaged(path / kCertificateKeyFile);
  }
  const std::string token_text = ReadFile(path / kTokenKeyFile);
  JwkHandle token_key(cjose_jwk_import(token_text.data(), token_text.size(), nullptr));
  if (token_key == nullptr || cjose_jwk_get_kid(token_key.get(), nullptr) == nullptr) {
    ERR_clear_error();
    return Damaged(path / kTokenKeyFile);
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "AUTHORITY_EXPIRED",
        "The local authority in " + folder + " has expired; remove the folder to have a new one.",
        {{"path", folder}});
  }
  std::string jwks;
  ASSIGN_OR_RETURN(jwks, PublicKeySet(*token_key));
  return std::make_unique<Authority>(std::move(certificate), std::move(key), std::move(token_key),
                                     std::move(jwks));
}

}  // namespace specom

#include "tools/specom/secure_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/rpc/certificates.h"
#include "tools/specom/platform.h"

namespace specom::cli {
namespace {

constexpr absl::Duration kAuthorityLifetime = absl::Hours(24 * 60);
constexpr absl::Duration kCertificateLifetime = absl::Hours(24 * 7);
constexpr absl::Duration kTokenLifetime = absl::Hours(12);
constexpr char kDomain[] = "spiffe://specom.dev";
constexpr char kClient[] = "client";

// The services that have a process of their own, and the one that hosts them all.
std::vector<std::string> Servers() {
  std::vector<std::string> names = ServiceNames();
  names.emplace_back("specom");
  return names;
}

std::string ServiceId(const std::string& service) {
  return absl::StrCat(kDomain, "/svc/", service);
}
// No service: it carries the tokens of people.
std::string ClientId() {
  return absl::StrCat(kDomain, "/client/specom");
}

// In one step and for this user only: a reader sees the old file or the new one.
absl::Status WritePrivately(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".new";
  int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written =
      file >= 0 && write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  if (file >= 0) written = close(file) == 0 && written;
  if (written && rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " cannot be written (", std::strerror(errno), "); choose another --secure-dir"));
}

absl::StatusOr<std::unique_ptr<LocalAuthority>> NewAuthority(const std::string& path) {
  ASSIGN_OR_RETURN(auto authority, LocalAuthority::Make(kAuthorityLifetime));
  RETURN_IF_ERROR(authority->Save(path));
  return authority;
}

// The one of the folder, as long as it outlives the certificates that it is to issue.
absl::StatusOr<std::unique_ptr<LocalAuthority>> AuthorityOf(const std::string& path, absl::Time now) {
  auto loaded = LocalAuthority::Load(path);
  if (absl::IsNotFound(loaded.status()) || ErrorReason(loaded.status()) == "AUTHORITY_EXPIRED")
    return NewAuthority(path);
  if (!loaded.ok()) return loaded;
  auto checked =
      rpc::CheckCertificates({}, {.certificate = "", .key = {}, .authority = (*loaded)->authority()}, now);
  if (!checked.ok() || checked->authority_not_after < now + kCertificateLifetime) return NewAuthority(path);
  return loaded;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SecureFolder>> SecureFolder::Open(const std::string& path, absl::Time now) {
  ASSIGN_OR_RETURN(auto authority, AuthorityOf(path, now));
  std::error_code error;
  std::filesystem::create_directories(path + "/tokens", error);
  if (error) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the folder ", path, "/tokens cannot be made: ", error.message(), "; choose another --secure-dir"));
  }
  std::unique_ptr<SecureFolder> folder(new SecureFolder(path, std::move(authority)));
  RETURN_IF_ERROR(folder->Renew(now));
  return folder;
}

absl::Status SecureFolder::Renew(absl::Time now) {
  for (const std::string& server : Servers())
    RETURN_IF_ERROR(RenewCertificate(server, ServiceId(server), now));
  RETURN_IF_ERROR(RenewCertificate(kClient, ClientId(), now));
  if (now - tokens_written_ < kTokenLifetime / 2) return absl::OkStatus();
  for (const auto& [file, person] : People()) {
    ASSIGN_OR_RETURN(Secret token, authority_->IssueToken(person, now, kTokenLifetime));
    RETURN_IF_ERROR(WritePrivately(file, token.Reveal() + "\n"));
  }
  tokens_written_ = now;
  return absl::OkStatus();
}

absl::Status SecureFolder::RenewCertificate(const std::string& name, const std::string& spiffe_id,
                                            absl::Time now) {
  const rpc::CertificateFiles files = {path_ + "/" + name + ".pem", path_ + "/" + name + ".key",
                                       path_ + "/authority.pem"};
  if (auto texts = rpc::ReadCertificateFiles(files); texts.ok()) {
    auto checked = rpc::CheckCertificates(files, *std::move(texts), now);
    if (checked.ok() && checked->spiffe_id == spiffe_id &&
        checked->not_after - now > kCertificateLifetime / 3)
      return absl::OkStatus();
  }
  // A clock that is a little behind takes it too.
  ASSIGN_OR_RETURN(auto issued, authority_->IssueCertificate(spiffe_id, now - absl::Minutes(5),
                                                             now + kCertificateLifetime));
  RETURN_IF_ERROR(WritePrivately(files.key, issued.key.Reveal()));
  return WritePrivately(files.certificate, issued.certificate);
}

rpc::TlsSettings SecureFolder::Tls(const std::string& service) const {
  rpc::TlsSettings tls;
  tls.files = {path_ + "/" + service + ".pem", path_ + "/" + service + ".key", path_ + "/authority.pem"};
  for (const std::string& server : Servers()) tls.allowed_peers.push_back(ServiceId(server));
  tls.allowed_peers.push_back(ClientId());
  return tls;
}

TokenSettings SecureFolder::Tokens() const {
  TokenSettings tokens;
  tokens.issuer = LocalAuthority::kIssuer;
  tokens.audience = LocalAuthority::kAudience;
  tokens.jwks = path_ + "/jwks.json";
  return tokens;
}

std::vector<std::pair<std::string, Principal>> SecureFolder::People() const {
  std::vector<std::pair<std::string, Principal>> people;
  auto add = [&](const std::string& name, Role role, const std::string& organisation) {
    people.push_back(
        {path_ + "/tokens/" + name + ".token", {name + "@specom.localhost", {role}, organisation}});
  };
  add("national", Role::kNational, "");
  // Author and approver differ.
  add("approver", Role::kNational, "");
  add("region-Y60", Role::kRegion, "Y60");
  add("icb-QOQ", Role::kIcb, "QOQ");
  add("joint-committee-QOQ", Role::kJointCommittee, "QOQ");
  add("provider-RWA", Role::kProvider, "RWA");
  add("stakeholder", Role::kStakeholder, "");
  add("auditor", Role::kAuditor, "");
  add("administrator", Role::kAdministrator, "");
  return people;
}

}  // namespace specom::cli

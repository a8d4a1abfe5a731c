// What specom dev --secure and specom token keep in a folder: an authority of this machine's own, the
// certificates that it issued, and tokens for a person of each role. Never for production.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/local_authority.h"
#include "libs/auth/token_verifier.h"
#include "libs/rpc/tls.h"

namespace specom::cli {

// In the folder: authority.pem and jwks.json, which others trust; authority.key and token.key; for each
// of "specom" (all services in one process), "portfolio", "finance" and "reporting" NAME.pem and NAME.key;
// client.pem and client.key of the specom command; tokens/NAME.token.
class SecureFolder {
 public:
  // Makes what is missing, has ended or is about to. FAILED_PRECONDITION when the folder cannot be written.
  static absl::StatusOr<std::unique_ptr<SecureFolder>> Open(const std::string& path, absl::Time now);

  // Issues certificates in the last third of their life and tokens past half of theirs anew; processes
  // that watch the files take them by themselves.
  absl::Status Renew(absl::Time now);

  const std::string& path() const { return path_; }
  // For the server of that name, which the other services and the specom command may call.
  rpc::TlsSettings Tls(const std::string& service) const;
  TokenSettings Tokens() const;
  // The file of each token, and whose it is.
  std::vector<std::pair<std::string, Principal>> People() const;

 private:
  SecureFolder(std::string path, std::unique_ptr<LocalAuthority> authority)
      : path_(std::move(path)), authority_(std::move(authority)) {}

  absl::Status RenewCertificate(const std::string& name, const std::string& spiffe_id, absl::Time now);

  const std::string path_;
  const std::unique_ptr<LocalAuthority> authority_;
  absl::Time tokens_written_ = absl::InfinitePast();
};

}  // namespace specom::cli

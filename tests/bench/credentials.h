// A caller that the server must verify, for the time of a bench: a token issuer, and certificates.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/auth/local_authority.h"
#include "tests/bench/server_process.h"

namespace specom::bench {

// PEM files; empty: plain text.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string authority;
};

class Credentials {
 public:
  // Writes keys and certificates into the folder, which outlives the object.
  Credentials(const WorkFolder& folder, bool tls);

  // Settings of a specom server that believes the tokens and, with TLS, the load driver's certificate.
  std::vector<std::string> ServerFlags() const;
  // The metadata of a caller with a token.
  std::vector<std::pair<std::string, std::string>> Bearer(const Principal& principal) const;
  // Of the load driver; null for plain text.
  std::shared_ptr<grpc::ChannelCredentials> OfDriver() const;
  const TlsFiles& of_server() const { return server_; }

 private:
  TlsFiles Issue(const WorkFolder& folder, const std::string& name, const std::string& spiffe_id) const;

  std::unique_ptr<LocalAuthority> authority_;
  const std::string folder_;
  TlsFiles server_, driver_;
};

// Of the bare server: mutual TLS with these files.
std::shared_ptr<grpc::ServerCredentials> BareServerCredentials(const TlsFiles& tls);

std::string ReadBytes(const std::string& path);
void WriteBytes(const std::string& path, const std::string& bytes);

}  // namespace specom::bench

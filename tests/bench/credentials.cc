#include "tests/bench/credentials.h"

#include <fstream>
#include <iterator>

#include "absl/time/clock.h"
#include "tests/bench/figures.h"

namespace specom::bench {
namespace {

constexpr char kDriverId[] = "spiffe://specom.bench/svc/driver";

}  // namespace

Credentials::Credentials(const WorkFolder& folder, bool tls)
    : authority_(OrExit(LocalAuthority::Make())), folder_(folder.Path("authority")) {
  OrExit(authority_->Save(folder_));
  if (!tls) return;
  server_ = Issue(folder, "server", "spiffe://specom.bench/svc/portfolio");
  driver_ = Issue(folder, "driver", kDriverId);
}

TlsFiles Credentials::Issue(const WorkFolder& folder, const std::string& name,
                            const std::string& spiffe_id) const {
  const absl::Time now = absl::Now();
  const IssuedCertificate issued =
      OrExit(authority_->IssueCertificate(spiffe_id, now - absl::Minutes(1), now + absl::Hours(2)));
  TlsFiles files = {.certificate = folder.Path(name + ".pem"),
                    .key = folder.Path(name + ".key"),
                    .authority = folder_ + "/authority.pem"};
  WriteBytes(files.certificate, issued.certificate);
  WriteBytes(files.key, issued.key.Reveal());
  return files;
}

std::vector<std::string> Credentials::ServerFlags() const {
  std::vector<std::string> flags = {
      "--identity=tokens", std::string("--token-issuer=") + LocalAuthority::kIssuer,
      std::string("--token-audience=") + LocalAuthority::kAudience, "--token-jwks=" + folder_ + "/jwks.json"};
  if (!server_.certificate.empty()) {
    flags.push_back("--tls-certificate=" + server_.certificate);
    flags.push_back("--tls-key=" + server_.key);
    flags.push_back("--tls-authority=" + server_.authority);
    flags.push_back(std::string("--tls-allowed-peers=") + kDriverId);
  }
  return flags;
}

std::vector<std::pair<std::string, std::string>> Credentials::Bearer(const Principal& principal) const {
  const Secret token = OrExit(authority_->IssueToken(principal, absl::Now(), absl::Hours(1)));
  return {{"authorization", "Bearer " + token.Reveal()}};
}

std::shared_ptr<grpc::ChannelCredentials> Credentials::OfDriver() const {
  if (driver_.certificate.empty()) return nullptr;
  return grpc::SslCredentials({.pem_root_certs = ReadBytes(driver_.authority),
                               .pem_private_key = ReadBytes(driver_.key),
                               .pem_cert_chain = ReadBytes(driver_.certificate)});
}

std::shared_ptr<grpc::ServerCredentials> BareServerCredentials(const TlsFiles& tls) {
  if (tls.certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = ReadBytes(tls.authority);
  options.pem_key_cert_pairs.push_back({ReadBytes(tls.key), ReadBytes(tls.certificate)});
  return grpc::SslServerCredentials(options);
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace specom::bench

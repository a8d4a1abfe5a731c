#include "libs/rpc/tls.h"

#include <grpc/grpc_security.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/check.h"
#include "libs/rpc/settings.h"

namespace specom::rpc {
namespace {

// One port's view of the certificates: gRPC asks at every new connection whether there are others.
class Port {
 public:
  explicit Port(std::shared_ptr<const CertificateWatch> watch) : watch_(std::move(watch)) {}

  static grpc_ssl_certificate_config_reload_status Fetch(void* port,
                                                         grpc_ssl_server_certificate_config** config) {
    return static_cast<Port*>(port)->Fetch(config);
  }

 private:
  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    std::shared_ptr<const Certificates> certificates = watch_->current();
    absl::MutexLock lock(&mutex_);
    if (certificates == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const CertificateTexts& texts = certificates->texts;
    grpc_ssl_pem_key_cert_pair pair = {texts.key.Reveal().c_str(), texts.certificate.c_str()};
    *config = grpc_ssl_server_certificate_config_create(texts.authority.c_str(), &pair, 1);
    given_ = std::move(certificates);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<const CertificateWatch> watch_;
  absl::Mutex mutex_;
  std::shared_ptr<const Certificates> given_ ABSL_GUARDED_BY(mutex_);
};

class ReloadingServerCredentials final : public grpc::ServerCredentials {
 public:
  ReloadingServerCredentials(std::shared_ptr<const CertificateWatch> watch,
                             grpc_ssl_client_certificate_request_type request)
      : watch_(std::move(watch)), request_(request) {}

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    // Its properties pile up on the connection, so that one caller would be taken for another.
    SPECOM_CHECK(false);
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    ports_.push_back(std::make_unique<Port>(watch_));
    grpc_server_credentials* credentials = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(request_, &Port::Fetch,
                                                                        ports_.back().get()));
    int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return port;
  }

  const std::shared_ptr<const CertificateWatch> watch_;
  const grpc_ssl_client_certificate_request_type request_;
  std::vector<std::unique_ptr<Port>> ports_;
};

// Lets a client talk to the servers with these SPIFFE ids, wherever they run.
class SpiffeVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit SpiffeVerifier(std::vector<std::string> servers) : servers_(std::move(servers)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* status) override {
    std::vector<std::string> shown;
    for (const grpc::string_ref& uri : request->uri_names()) shown.emplace_back(uri.data(), uri.size());
    bool is_expected = std::any_of(shown.begin(), shown.end(), [this](const std::string& id) {
      return std::find(servers_.begin(), servers_.end(), id) != servers_.end();
    });
    if (!is_expected) {
      *status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                             absl::StrCat("the server is [", absl::StrJoin(shown, ", "), "] and not [",
                                          absl::StrJoin(servers_, " or "), "]"));
    }
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::vector<std::string> servers_;
};

// Why a server may hang up while the connection is made: TLS 1.3 does not let it say.
std::string Hint(Shown shown) {
  switch (shown) {
    case Shown::kPlainText:
      return "the server hung up; it probably speaks TLS: connect with certificates";
    case Shown::kNoCertificate:
      return "the server hung up; it probably requires a client certificate: give one that its authority "
             "issued";
    case Shown::kCertificate:
      return "the server hung up; it probably does not take this client's certificate: see that the server's "
             "authority "
             "issued it and that it has not expired";
    case Shown::kUnknown:
      return "the server hung up while the connection was made; see that both speak TLS, and that this "
             "client's "
             "certificate is there, has not expired and was issued by the server's authority";
  }
  return "";
}

}  // namespace

std::vector<std::string> TlsSettings::Verify() const {
  std::vector<std::string> problems;
  if (files.certificate.empty() != files.key.empty()) {
    problems.push_back(files.key.empty() ? "tls_key: must be set where tls_certificate is"
                                         : "tls_certificate: must be set where tls_key is");
  }
  if (enabled() && files.authority.empty()) {
    problems.push_back(
        "tls_authority: must be set where tls_certificate is: the certificates of the authorities that issue "
        "the certificates of the other processes");
  }
  if (std::string problem = NotOneOf(client_certificate, {"required", "optional"}); !problem.empty()) {
    problems.push_back("tls_client_certificate: " + problem);
  }
  for (const std::string& peer : allowed_peers) {
    if (!IsSpiffeId(peer)) {
      problems.push_back(
          "tls_allowed_peers: \"" + peer +
          "\" must be a SPIFFE id, e.g. spiffe://specom.prod/svc/gateway; separate several by commas");
    }
  }
  return problems;
}

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(
    std::shared_ptr<const CertificateWatch> certificates, bool client_certificate_required) {
  return std::make_shared<ReloadingServerCredentials>(
      std::move(certificates), client_certificate_required
                                   ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                   : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
}

std::shared_ptr<grpc::ChannelCredentials> MakeClientCredentials(const Certificates& certificates,
                                                                const std::vector<std::string>& servers) {
  namespace experimental = grpc::experimental;
  const CertificateTexts& texts = certificates.texts;
  std::vector<experimental::IdentityKeyCertPair> own;
  if (!texts.certificate.empty()) own.push_back({texts.key.Reveal(), texts.certificate});
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<experimental::StaticDataCertificateProvider>(texts.authority, own));
  options.watch_root_certs();
  if (!own.empty()) options.watch_identity_key_cert_pairs();
  if (servers.empty()) {
    options.set_certificate_verifier(std::make_shared<experimental::HostNameCertificateVerifier>());
  } else {
    options.set_certificate_verifier(
        experimental::ExternalCertificateVerifier::Create<SpiffeVerifier>(servers));
    options.set_check_call_host(false);
  }
  return experimental::TlsCredentials(options);
}

std::string ExplainConnection(const std::string& grpc_words, Shown shown) {
  auto said = [&](const char* words) { return grpc_words.find(words) != std::string::npos; };
  std::string meaning;
  if (!said("failed to connect")) {
    return grpc_words;
  } else if (said("wrong version number")) {
    meaning =
        "the server speaks plain text, and TLS was asked for; connect without certificates, or set the "
        "server's "
        "tls_certificate, tls_key and tls_authority";
  } else if (said("certificate verify failed")) {
    meaning =
        "the server's certificate does not lead to the authority that is trusted here, or has expired; give "
        "the "
        "authority that issued it, or have the server's certificate renewed";
  } else if (said("Hostname Verification Check failed")) {
    meaning =
        "the server's certificate does not name the host that was asked for; use a host name or address that "
        "is "
        "in it";
  } else if (said("Custom verification check failed")) {
    meaning =
        "another service answers there than the one that was asked for; see that the endpoint is the right "
        "one, "
        "and which SPIFFE name its certificate has";
  } else if (said("Socket closed") || said("Connection reset")) {
    meaning = Hint(shown);
  }
  return meaning.empty() ? grpc_words : meaning + " (" + grpc_words + ")";
}

}  // namespace specom::rpc

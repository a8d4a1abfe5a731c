#include "libs/rpc/outbound.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "libs/rpc/tls.h"

namespace specom::rpc {
namespace {

// "spiffe://specom.prod/svc/finance" and "portfolio": "spiffe://specom.prod/svc/portfolio".
std::string InTheSameDomain(const std::string& own_id, const std::string& service) {
  return own_id.substr(0, own_id.rfind('/') + 1) + service;
}

class Connections final : public Outbound {
 public:
  Connections(MetadataEntries identity, std::shared_ptr<const CertificateWatch> certificates)
      : identity_(std::move(identity)), certificates_(std::move(certificates)) {}

  std::shared_ptr<Client> To(const std::string& endpoint, const std::string& service,
                             ClientOptions options) override {
    options.identity = identity_;
    return std::make_shared<Client>(ChannelTo(endpoint, service), std::move(options));
  }

 private:
  struct Connection {
    std::shared_ptr<const Certificates> certificates;
    std::shared_ptr<grpc::Channel> channel;
  };

  std::shared_ptr<grpc::Channel> ChannelTo(const std::string& endpoint, const std::string& service) {
    std::shared_ptr<const Certificates> certificates =
        certificates_ == nullptr ? nullptr : certificates_->current();
    absl::MutexLock lock(&mutex_);
    Connection& connection = connections_[{endpoint, service}];
    if (connection.channel == nullptr || connection.certificates != certificates) {
      connection.channel =
          OpenChannel(endpoint, certificates == nullptr ? nullptr : Credentials(*certificates, service));
      connection.certificates = std::move(certificates);
    }
    return connection.channel;
  }

  static std::shared_ptr<grpc::ChannelCredentials> Credentials(const Certificates& certificates,
                                                               const std::string& service) {
    return MakeClientCredentials(certificates,
                                 {InTheSameDomain(certificates.spiffe_id, service), certificates.spiffe_id});
  }

  const MetadataEntries identity_;
  const std::shared_ptr<const CertificateWatch> certificates_;
  absl::Mutex mutex_;
  // By endpoint and service: as many as the configuration names.
  std::map<std::pair<std::string, std::string>, Connection> connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Outbound> NewOutbound(MetadataEntries identity,
                                      std::shared_ptr<const CertificateWatch> certificates) {
  return std::make_unique<Connections>(std::move(identity), std::move(certificates));
}

}  // namespace specom::rpc

// Mutual TLS of servers and clients. This file alone knows gRPC's TLS headers.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/rpc/certificate_watch.h"

namespace specom::rpc {

struct TlsSettings {
  CertificateFiles files = {};
  // The SPIFFE ids of the processes that may call this one.
  std::vector<std::string> allowed_peers = {};
  // Whether a caller must show a certificate: "required", or "optional" for people who have a token only.
  std::string client_certificate = "required";

  // True when this process has a certificate of its own.
  bool enabled() const { return !files.certificate.empty(); }
  bool requires_client_certificate() const { return client_certificate == "required"; }
  // All problems at once, each with its setting and the remedy; empty: sound. The files are not read.
  std::vector<std::string> Verify() const;
};

// What a server shows and whom it lets in: certificates of the watch as they are at each new connection;
// clients whose certificate does not lead to the authority are turned away, and those without one too
// when one is required. Any number of servers; they keep it (rpc::Server does).
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(
    std::shared_ptr<const CertificateWatch> certificates, bool client_certificate_required);

// What a client shows, and which server it talks to: one whose certificate leads to the authority and
// has one of these SPIFFE ids, or, with none given, names the host that was asked for.
std::shared_ptr<grpc::ChannelCredentials> MakeClientCredentials(const Certificates& certificates,
                                                                const std::vector<std::string>& servers = {});

// What a client showed when it connected.
enum class Shown { kUnknown, kPlainText, kNoCertificate, kCertificate };

// gRPC's words for a connection that did not come about, with what they mean and what to do before them;
// words that are not of TLS come back as they are.
std::string ExplainConnection(const std::string& grpc_words, Shown shown = Shown::kUnknown);

}  // namespace specom::rpc

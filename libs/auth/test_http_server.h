// For tests: a server on loopback that gives one answer to everybody, over TLS when it has a certificate.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "libs/auth/certificates.h"
#include "libs/auth/local_authority.h"
#include "libs/base/check.h"

namespace specom::testing {

class HttpServer {
 public:
  explicit HttpServer(std::string answer, std::optional<IssuedCertificate> certificate = std::nullopt)
      : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (certificate) {
      tls_.reset(SSL_CTX_new(TLS_server_method()));
      SSL_CTX_use_certificate(tls_.get(), CertificateFromPem(certificate->certificate).get());
      SSL_CTX_use_PrivateKey(tls_.get(), PrivateKeyFromPem(certificate->key.Reveal()).get());
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    SPECOM_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    SPECOM_CHECK(listen(listener_, 8) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~HttpServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  static std::string Ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body;
  }
  std::string Address(const std::string& host = "127.0.0.1") const {
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port_) + "/jwks";
  }
  int requests() const { return requests_; }

 private:
  void Serve() {
    for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) {
      char request[4096];
      if (tls_) {
        std::unique_ptr<SSL, ReleasedBy<SSL_free>> ssl(SSL_new(tls_.get()));
        SSL_set_fd(ssl.get(), client);
        if (SSL_accept(ssl.get()) != 1 || SSL_read(ssl.get(), request, sizeof(request)) <= 0) continue;
        ++requests_;
        SSL_write(ssl.get(), answer_.data(), static_cast<int>(answer_.size()));
        SSL_shutdown(ssl.get());
      } else if (recv(client, request, sizeof(request), 0) > 0) {
        ++requests_;
        for (std::size_t sent = 0; sent < answer_.size();) {
          const ssize_t n = send(client, answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
          if (n <= 0) break;
          sent += static_cast<std::size_t>(n);
        }
        shutdown(client, SHUT_WR);
      }
    }
  }

  const std::string answer_;
  const int listener_;
  int port_ = 0;
  std::unique_ptr<SSL_CTX, ReleasedBy<SSL_CTX_free>> tls_;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

}  // namespace specom::testing

// Proves that key sets are read from files and servers, and from nobody who could have changed them on
// the way.
#include "libs/auth/jwks_source.h"

#include <gmock/gmock.h>

#include "absl/time/clock.h"
#include "libs/auth/test_http_server.h"
#include "libs/auth/test_issuer.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::testing::HasSubstr;
using testing::HttpServer;
using testing::IsOkAndHolds;
using testing::StatusIs;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

absl::StatusOr<std::string> Read(const std::string& address, const std::string& authority = "") {
  std::atomic<bool> cancelled = false;
  return NewJwksReader(address, authority)(cancelled);
}

TEST(JwksAddress, IsAFileHttpsOrLoopback) {
  for (const char* good : {"/etc/specom/jwks.json", "jwks.json", "https://login.example.nhs.uk/jwks",
                           "http://127.0.0.1:8080/jwks", "http://localhost/jwks", "http://[::1]:8080/jwks",
                           "https://localhost:1/"}) {
    EXPECT_EQ(NotAJwksAddress(good), "") << good;
  }
  for (const char* bad :
       {"", "http://login.example.nhs.uk/jwks", "http://localhost.example.com/", "http://127.example.com/",
        "ftp://127.0.0.1/jwks", "file:///etc/passwd", "https://ada:hunter2@login.example.nhs.uk/jwks",
        "https://", "http://127.0.0.1@evil.example/", "https://a b/"}) {
    EXPECT_NE(NotAJwksAddress(bad), "") << bad;
  }
}

TEST(JwksSource, ReadsAFileOfAtMostOneMebibyte) {
  testing::ReplaceableFile file;
  EXPECT_THAT(Read(file.path()), StatusIs(kUnavailable));
  EXPECT_THAT(Read("/dev/zero"), StatusIs(kUnavailable));
  file.Replace(std::string(1 << 20, 'k'));
  EXPECT_THAT(Read(file.path()), IsOkAndHolds(std::string(1 << 20, 'k')));
  file.Replace(std::string((1 << 20) + 1, 'k'));
  EXPECT_THAT(Read(file.path()), StatusIs(kUnavailable));
}

TEST(JwksSource, ReadsALoopbackServer) {
  HttpServer server(HttpServer::Ok("the keys"));
  EXPECT_THAT(Read(server.Address()), IsOkAndHolds("the keys"));
  EXPECT_EQ(server.requests(), 1);
}

TEST(JwksSource, TakesNoErrorNoRedirectAndNoFlood) {
  HttpServer target(HttpServer::Ok("the keys"));
  HttpServer missing("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nthe keys");
  HttpServer redirect("HTTP/1.1 302 Found\r\nLocation: " + target.Address() +
                      "\r\nConnection: close\r\n\r\n");
  HttpServer flood(HttpServer::Ok(std::string((1 << 20) + 1, 'k')));
  auto refused = Read(missing.Address());
  EXPECT_THAT(refused, StatusIs(kUnavailable));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("404"));
  EXPECT_THAT(Read(redirect.Address()), StatusIs(kUnavailable));
  EXPECT_EQ(target.requests(), 0);
  EXPECT_THAT(Read(flood.Address()), StatusIs(kUnavailable));
}

TEST(JwksSource, BelievesServersOfItsAuthorityAlone) {
  auto authority = LocalAuthority::Make(), other = LocalAuthority::Make();
  const absl::Time now = absl::Now();
  auto certificate =
      (*authority)
          ->IssueCertificate("spiffe://specom.dev/svc/issuer", now - absl::Hours(1), now + absl::Hours(1));
  testing::ReplaceableFile trusted, mistrusted;
  trusted.Replace((*authority)->authority());
  mistrusted.Replace((*other)->authority());
  HttpServer server(HttpServer::Ok("the keys"), *certificate);
  EXPECT_THAT(Read(server.Address("localhost"), trusted.path()), IsOkAndHolds("the keys"));
  EXPECT_THAT(Read(server.Address("localhost"), mistrusted.path()), StatusIs(kUnavailable));
  EXPECT_THAT(Read(server.Address("localhost")), StatusIs(kUnavailable)) << "the system does not know it";
  EXPECT_THAT(Read(server.Address("127.0.0.2"), trusted.path()), StatusIs(kUnavailable)) << "another name";
  EXPECT_EQ(server.requests(), 1);
}

TEST(JwksSource, StopsWhenItIsCancelled) {
  HttpServer server(HttpServer::Ok("the keys"));
  std::atomic<bool> cancelled = true;
  EXPECT_THAT(NewJwksReader(server.Address(), "")(cancelled), StatusIs(kUnavailable));
}

}  // namespace
}  // namespace specom

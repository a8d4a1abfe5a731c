// Proves who gets through mutual TLS and who does not, with real certificates and handshakes, and that
// certificates change under a running server.
#include "libs/rpc/tls.h"

#include <thread>

#include "libs/rpc/outbound.h"
#include "libs/rpc/service_test/credentials_folder.h"
#include "libs/rpc/service_test/served.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::IsOkAndHolds;
using ::specom::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

using Reporting = reporting::v1::ReportingService;

constexpr absl::Duration kPatience = absl::Seconds(20);

// The caller is who its certificate says.
class ByCertificate final : public Authenticator {
 public:
  absl::StatusOr<Principal> Authenticate(const CallMetadata&, const Peer& peer) const override {
    return Principal{peer.workload.empty() ? "nobody" : peer.workload, {Role::kNational}, ""};
  }
};

class Tls : public ::testing::Test {
 protected:
  // A server with the certificate of server.pem.
  void Serve(bool client_certificate_required = true) {
    watch_ = Watch(folder_.Issue("server", "portfolio"));
    served_.Start({}, MakeServerCredentials(watch_, client_certificate_required));
    served_.reporting.report = [](RequestContext& rc, const auto&) {
      reporting::v1::RegionalReport report;
      report.set_region(rc.workload.empty() ? "nobody" : rc.workload);
      return report;
    };
  }

  std::shared_ptr<const CertificateWatch> Watch(const CertificateFiles& files) {
    auto watch =
        CertificateWatch::Start(files, clock_, served_.logger(), served_.metrics, absl::Milliseconds(20));
    EXPECT_THAT(watch, IsOk());
    return *watch;
  }

  // Over a connection of its own; the answer is the workload that the server saw.
  absl::StatusOr<std::string> Call(std::shared_ptr<grpc::ChannelCredentials> credentials,
                                   std::string endpoint = "") {
    if (endpoint.empty()) endpoint = served_.server->address();
    Client client(OpenChannel(endpoint, std::move(credentials)), {.max_attempts = 1});
    auto report = client.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
    if (!report.ok()) return report.status();
    return report->region();
  }

  // The server's certificate, as its clients see it, is for this service.
  bool ServerIs(const std::string& service) {
    return Call(MakeClientCredentials(Unchecked(folder_.Files("client")), {SpiffeId(service)})).ok();
  }

  static bool Eventually(const std::function<bool()>& condition) {
    for (absl::Time limit = absl::Now() + kPatience; absl::Now() < limit; std::this_thread::yield()) {
      if (condition()) return true;
    }
    return false;
  }

  double Metric(const std::string& series) {
    std::string text = served_.metrics.Text();
    auto at = text.find("\n" + series + " ");
    return at == text.npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }

  const SystemClock clock_;
  ByCertificate authenticator_;
  CredentialsFolder folder_;
  Served served_{{.threads = 2, .queue_limit = 16}, &authenticator_};
  std::shared_ptr<const CertificateWatch> watch_;
};

TEST_F(Tls, ServesAClientOfTheSameAuthorityAndKnowsItsWorkload) {
  Serve();
  Certificates client = Unchecked(folder_.Issue("client", "finance"));
  auto by_host = Call(MakeClientCredentials(client));
  ASSERT_THAT(by_host, IsOk());
  EXPECT_EQ(*by_host, SpiffeId("finance"));
  EXPECT_THAT(Call(MakeClientCredentials(client, {SpiffeId("portfolio")})), IsOk());
}

TEST_F(Tls, TurnsAwayAClientWithoutACertificate) {
  Serve();
  auto refused = Call(MakeClientCredentials(Unchecked({.authority = folder_.Path("authority.pem")})));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refused.status().message(), HasSubstr("certificate is there"));
}

TEST_F(Tls, TakesAClientWithoutACertificateWhereItIsOptional) {
  Serve(/*client_certificate_required=*/false);
  auto served = Call(MakeClientCredentials(Unchecked({.authority = folder_.Path("authority.pem")})));
  ASSERT_THAT(served, IsOk());
  EXPECT_EQ(*served, "nobody");
  // But not one that lies.
  CredentialsFolder stranger;
  Certificates forged = Unchecked(stranger.Issue("client", "finance"));
  forged.texts.authority = folder_.authority().authority();
  EXPECT_THAT(Call(MakeClientCredentials(forged)), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(Tls, TurnsAwayCertificatesOfAnotherAuthorityAndExpiredOnes) {
  Serve();
  CredentialsFolder stranger;
  Certificates forged = Unchecked(stranger.Issue("client", "finance"));
  forged.texts.authority = folder_.authority().authority();
  auto refused = Call(MakeClientCredentials(forged));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refused.status().message(), HasSubstr("issued by the server's authority"));
  absl::Time now = absl::Now();
  Certificates expired =
      Unchecked(folder_.Issue("old", "finance", now - absl::Hours(2), now - absl::Hours(1)));
  EXPECT_THAT(Call(MakeClientCredentials(expired)), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(Tls, AClientTalksToTheServerItMeansOnly) {
  Serve();
  CertificateFiles files = folder_.Issue("client", "finance");
  auto another = Call(MakeClientCredentials(Unchecked(files), {SpiffeId("reporting")}));
  EXPECT_THAT(another, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(another.status().message(),
              AllOf(HasSubstr("another service answers there"), HasSubstr(SpiffeId("portfolio")),
                    HasSubstr(SpiffeId("reporting"))));
  CredentialsFolder stranger;
  auto unknown = Call(MakeClientCredentials(Unchecked(stranger.Issue("client", "finance"))));
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(unknown.status().message(), HasSubstr("does not lead to the authority that is trusted here"));
  // The certificate names 127.0.0.1 only.
  Served elsewhere({.threads = 1, .queue_limit = 1}, &authenticator_);
  auto logger = observe::Logger::ToFunction(observe::LogLevel::kError, [](std::string_view) {});
  auto server = Server::Start({.listen = "127.0.0.2:0", .credentials = MakeServerCredentials(watch_, true)},
                              authenticator_, {&elsewhere.reporting}, *logger);
  ASSERT_THAT(server, IsOk());
  auto host = Call(MakeClientCredentials(Unchecked(files)), (*server)->address());
  EXPECT_THAT(host, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(host.status().message(), HasSubstr("does not name the host"));
}

TEST_F(Tls, PlainTextAndTlsDoNotMeetAndSaySo) {
  Serve();
  auto plain = Call(nullptr);
  EXPECT_THAT(plain, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(plain.status().message(), HasSubstr("both speak TLS"));
  Served without;
  without.Start();
  auto tls =
      Call(MakeClientCredentials(Unchecked(folder_.Issue("client", "finance"))), without.server->address());
  EXPECT_THAT(tls, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(tls.status().message(), HasSubstr("the server speaks plain text"));
}

TEST_F(Tls, TakesANewCertificateWithoutARestart) {
  Serve();
  folder_.Issue("client", "finance");
  Client kept(
      OpenChannel(served_.server->address(), MakeClientCredentials(Unchecked(folder_.Files("client")))));
  ASSERT_THAT(kept.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()), IsOk());
  EXPECT_FALSE(ServerIs("successor"));

  absl::Time until = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(5)));
  folder_.Issue("server", "successor", absl::Now() - absl::Hours(1), until);
  EXPECT_TRUE(Eventually([this] { return ServerIs("successor"); }));
  EXPECT_FALSE(ServerIs("portfolio"));
  EXPECT_EQ(Metric("specom_tls_certificate_expiry_seconds{role=\"process\"}"),
            absl::ToDoubleSeconds(until - absl::UnixEpoch()));
  EXPECT_EQ(Metric("specom_tls_reloads_total{outcome=\"taken\"}"), 1);
  EXPECT_THAT(served_.Log(),
              Contains(AllOf(HasSubstr("certificates were renewed"), HasSubstr(SpiffeId("successor")))));
  // Who was connected stays so.
  EXPECT_THAT(kept.Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()), IsOk());
}

TEST_F(Tls, KeepsTheLastGoodCertificateWhileTheNewFilesAreNotSound) {
  Serve();
  folder_.Issue("client", "finance");
  auto other = folder_.authority().IssueCertificate(SpiffeId("other"), absl::Now() - absl::Hours(1),
                                                    absl::Now() + absl::Hours(1));
  ASSERT_THAT(other, IsOk());
  CredentialsFolder stranger;
  stranger.Issue("server", "portfolio");
  const Certificates strange = Unchecked(stranger.Files("server"));
  const std::string good_key = Unchecked(folder_.Files("server")).texts.key.Reveal();
  const std::pair<const char*, std::function<void()>> changes[] = {
      {"holds no certificate in PEM", [&] { folder_.Write("server.pem", "-----BEGIN CERTIF"); }},
      {"is not the key", [&] { folder_.Write("server.pem", other->certificate); }},
      {"does not lead to",
       [&] {
         folder_.Write("server.pem", strange.texts.certificate);
         folder_.Write("server.key", strange.texts.key.Reveal());
       }},
      {"cannot be read", [&] { std::filesystem::remove(folder_.Path("server.key")); }},
  };
  double refused = 0;
  for (const auto& [problem, change] : changes) {
    change();
    const std::string said = problem;
    EXPECT_TRUE(Eventually([&] {
      auto log = served_.Log();
      return std::any_of(log.begin(), log.end(), [&](const std::string& line) {
        return line.find("the last good ones stay") != line.npos && line.find(said) != line.npos;
      });
    })) << problem;
    EXPECT_EQ(Metric("specom_tls_reloads_total{outcome=\"refused\"}"), ++refused) << problem;
    EXPECT_TRUE(ServerIs("portfolio")) << problem;
  }
  // Mended: the next good ones are taken.
  folder_.Write("server.pem", other->certificate);
  folder_.Write("server.key", other->key.Reveal());
  EXPECT_TRUE(Eventually([this] { return ServerIs("other"); }));
}

TEST_F(Tls, AProcessCallsAnotherAsItself) {
  Serve();
  std::unique_ptr<Outbound> outbound = NewOutbound({}, Watch(folder_.Issue("client", "finance")));
  auto called_by = [&](const std::string& service) -> absl::StatusOr<std::string> {
    auto report = outbound->To(served_.server->address(), service, {.max_attempts = 1})
                      ->Call(&Reporting::Stub::GetRegionalReport, ReportOfY60());
    if (!report.ok()) return report.status();
    return report->region();
  };
  EXPECT_THAT(called_by("portfolio"), IsOkAndHolds(SpiffeId("finance")));
  EXPECT_THAT(called_by("reporting"), StatusIs(absl::StatusCode::kUnavailable));
  // Its own new certificate goes with the next call.
  folder_.Issue("client", "scenarios");
  EXPECT_TRUE(Eventually([&] { return called_by("portfolio").value_or("") == SpiffeId("scenarios"); }));
}

TEST(OutboundInDevelopment, GoesUnderTheProgramsName) {
  Served served;
  std::string user;
  served.reporting.report = [&](RequestContext& rc, const auto&) {
    user = rc.principal.user;
    return reporting::v1::RegionalReport();
  };
  served.Start();
  auto outbound = NewOutbound(DevelopmentIdentity({"specom-finance", {Role::kNational}, ""}), nullptr);
  EXPECT_THAT(outbound->To(served.server->address(), "reporting")
                  ->Call(&Reporting::Stub::GetRegionalReport, ReportOfY60()),
              IsOk());
  EXPECT_EQ(user, "specom-finance");
}

TEST_F(Tls, DoesNotStartOnFilesThatAreNotSoundAndNamesEachWithTheRemedy) {
  auto problems = [&](const CertificateFiles& files) {
    auto watch = CertificateWatch::Start(files, clock_, served_.logger(), served_.metrics);
    EXPECT_THAT(watch, StatusIs(absl::StatusCode::kFailedPrecondition, "CERTIFICATES"));
    return std::string(watch.status().message());
  };
  CertificateFiles good = folder_.Issue("server", "portfolio");
  EXPECT_THAT(
      problems({"/nowhere/a.pem", "/nowhere/a.key", good.authority}),
      AllOf(HasSubstr("/nowhere/a.pem: cannot be read"), HasSubstr("/nowhere/a.key: cannot be read")));
  CertificateFiles other = folder_.Issue("other", "portfolio");
  EXPECT_THAT(problems({good.certificate, other.key, good.authority}),
              HasSubstr("other.key: is not the key"));
  absl::Time now = absl::Now();
  EXPECT_THAT(problems(folder_.Issue("old", "portfolio", now - absl::Hours(2), now - absl::Hours(1))),
              AllOf(HasSubstr("old.pem: expired at"), HasSubstr("issue it anew")));
  EXPECT_THAT(problems(folder_.Issue("early", "portfolio", now + absl::Hours(2), now + absl::Hours(3))),
              HasSubstr("early.pem: is valid from"));
  CredentialsFolder stranger;
  good.authority = stranger.Path("authority.pem");
  EXPECT_THAT(problems(good), HasSubstr("server.pem: does not lead to"));
}

TEST(TlsSettings, TellsEveryProblemAtOnce) {
  TlsSettings settings;
  EXPECT_TRUE(settings.Verify().empty());
  settings.files.certificate = "/a.pem";
  settings.allowed_peers = {"finance"};
  settings.client_certificate = "perhaps";
  EXPECT_THAT(settings.Verify(), ::testing::ElementsAre(HasSubstr("tls_key: "), HasSubstr("tls_authority: "),
                                                        HasSubstr("tls_client_certificate: "),
                                                        HasSubstr("tls_allowed_peers: \"finance\"")));
}

}  // namespace
}  // namespace specom::rpc

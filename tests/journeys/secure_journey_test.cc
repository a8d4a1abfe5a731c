// Proves that the secure mode can be tried in one command and serves and denies as production does, in one
// process and in one per service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/journeys/process.h"
#include "tests/journeys/production.h"

namespace specom::journeys {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNational[] = "national";
constexpr char kIcb[] = "icb-QOQ";
constexpr char kNobody[] = "";

// specom dev --secure, and its folder.
class SecureDev {
 public:
  SecureDev()
      : process_("specom", {"dev", "--secure", "--secure-dir", Folder(), "--grpc-port", "0",
                            "--endpoint-file", folder_.Path("endpoint")}) {
    EXPECT_TRUE(
        Eventually([&] { return !ReadFile(folder_.Path("endpoint")).empty() || !process_.Running(); }));
    EXPECT_TRUE(process_.Running()) << process_.Errors();
    if (process_.Running()) endpoint_ = Lines(ReadFile(folder_.Path("endpoint")))[0];
  }

  Process& process() { return process_; }
  const std::string& endpoint() const { return endpoint_; }
  std::string Folder() const { return folder_.Path("secure"); }
  std::string Token(const std::string& person) const { return Folder() + "/tokens/" + person + ".token"; }

  // The command as that person, at an endpoint.
  Finished As(const std::string& person, std::vector<std::string> arguments,
              const std::string& endpoint) const {
    arguments.insert(arguments.end(), {"--endpoint", endpoint, "--credentials", Folder()});
    if (!person.empty()) arguments.insert(arguments.end(), {"--token-file", Token(person)});
    return RunProgram("specom", arguments);
  }
  Finished As(const std::string& person, const std::vector<std::string>& arguments) const {
    return As(person, arguments, endpoint_);
  }

 private:
  TemporaryFolder folder_;
  Process process_;
  std::string endpoint_;
};

TEST(SecureJourney, EachIsServedWhatTheTokenAllowsAndNobodyElseAnything) {
  SecureDev dev;
  EXPECT_THAT(dev.process().Errors(), AllOf(HasSubstr("export SPECOM_ENDPOINT=" + dev.endpoint()),
                                            HasSubstr("specom token --role region")));

  Finished allocated =
      dev.As(kNational, {"allocate", "--format", "csv", "--publish-as", dev.Token("approver")});
  EXPECT_EQ(allocated.code, 0) << allocated.err;
  EXPECT_THAT(allocated.err, HasSubstr("42 of 42 ICBs equal"));
  EXPECT_THAT(allocated.err, HasSubstr("Published by approver@specom.localhost."));
  // What is published everybody reads; finance asks portfolio over mutual TLS.
  Finished restated = dev.As(kIcb, {"allocate", "--footprint", "2026-04-01", "--format", "csv"});
  EXPECT_EQ(restated.code, 0) << restated.err;
  EXPECT_EQ(Lines(restated.out).size(), 1u + 36u);
  EXPECT_EQ(dev.As("stakeholder", {"portfolio", "services", "--format", "csv"}).code, 0);

  Finished denied = dev.As("auditor", {"allocate"});
  EXPECT_EQ(denied.code, 1);
  EXPECT_THAT(denied.err, AllOf(HasSubstr("MISSING_ROLE"), HasSubstr("national, region, icb")));
  Finished icb_publishes =
      dev.As(kIcb, {"allocate", "--stream", "core", "--publish-as", dev.Token("region-Y60")});
  EXPECT_EQ(icb_publishes.code, 1);
  EXPECT_THAT(icb_publishes.err, AllOf(HasSubstr("MISSING_ROLE"), Not(HasSubstr("Published by"))));
  Finished nobody = dev.As(kNobody, {"runs", "list"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.err, AllOf(HasSubstr("MISSING_TOKEN"), HasSubstr("--token-file")));

  // A person whom nobody thought of before.
  Finished token = RunProgram(
      "specom", {"token", "--credentials", dev.Folder(), "--role", "region", "--organisation", "Y56"});
  ASSERT_EQ(token.code, 0) << token.err;
  WriteFile(dev.Token("region-Y56"), token.out);
  EXPECT_EQ(dev.As("region-Y56", {"runs", "list", "--format", "csv"}).code, 0);

  dev.process().Signal(SIGTERM);
  EXPECT_EQ(dev.process().Wait().code, 0);
}

TEST(SecureJourney, WhoGetsNoConnectionIsToldWhy) {
  SecureDev dev;
  Finished plain = RunProgram("specom", {"runs", "list", "--endpoint", dev.endpoint()});
  EXPECT_EQ(plain.code, 1);
  EXPECT_THAT(plain.err, AllOf(HasSubstr("probably speaks TLS"), HasSubstr("--credentials")));

  TemporaryFolder other;
  std::filesystem::copy_file(dev.Folder() + "/authority.pem", other.Path("authority.pem"));
  Finished without = RunProgram("specom", {"runs", "list", "--endpoint", dev.endpoint(), "--credentials",
                                           other.path(), "--token-file", dev.Token(kNational)});
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.err, HasSubstr("probably requires a client certificate"));

  SecureDev stranger;
  Finished untrusted = stranger.As(kNational, {"runs", "list"}, dev.endpoint());
  EXPECT_EQ(untrusted.code, 1);
  EXPECT_THAT(untrusted.err, HasSubstr("does not lead to the authority that is trusted here"));
  // Its tokens are as strange as its certificates.
  Finished forged = RunProgram("specom", {"runs", "list", "--endpoint", dev.endpoint(), "--credentials",
                                          dev.Folder(), "--token-file", stranger.Token(kNational)});
  EXPECT_EQ(forged.code, 1);
  EXPECT_THAT(forged.err, AllOf(HasSubstr("UNAUTHENTICATED"), HasSubstr("--token-file")));

  Finished both = dev.As(kNational, {"runs", "list", "--user", "ada", "--roles", "national"});
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, AllOf(HasSubstr("--user"), HasSubstr("the token says who asks")));
  Finished own = RunProgram("specom", {"allocate"}, {{"SPECOM_CREDENTIALS", dev.Folder()}});
  EXPECT_EQ(own.code, 2);
  EXPECT_THAT(own.err, HasSubstr("--endpoint"));
}

TEST(SecureJourney, SeparateProcessesKnowEachOtherByTheirCertificates) {
  Production production(7);
  production.Migrate();
  SecureDev dev;
  auto secured = [&](const std::string& service, std::vector<std::string> flags) {
    const std::string path = dev.Folder() + "/";
    const std::string id = "spiffe://specom.dev/";
    flags.insert(flags.end(),
                 {"--identity", "tokens", "--listen", "0.0.0.0:0", "--tls-certificate",
                  path + service + ".pem", "--tls-key", path + service + ".key", "--tls-authority",
                  path + "authority.pem", "--tls-allowed-peers", id + "svc/finance, " + id + "client/specom",
                  "--token-issuer", "https://issuer.specom.localhost", "--token-audience", "specom",
                  "--token-jwks", path + "jwks.json"});
    return production.Start(service, flags);
  };
  auto reachable = [](const Process& process) {
    std::string endpoint = Production::Endpoint(process);
    return "127.0.0.1" + endpoint.substr(endpoint.rfind(':'));
  };
  auto portfolio = secured("portfolio", {});
  auto finance = secured("finance", {"--portfolio-endpoint", reachable(*portfolio)});

  std::vector<std::string> footprint = {"allocate", "--footprint", "2026-04-01", "--format", "csv"};
  Finished restated = dev.As(kNational, footprint, reachable(*finance));
  EXPECT_EQ(restated.code, 0) << restated.err;
  EXPECT_EQ(Lines(restated.out).size(), 1u + 36u);
  EXPECT_EQ(dev.As(kIcb, {"portfolio", "services", "--format", "csv"}, reachable(*portfolio)).code, 0);
  EXPECT_EQ(dev.As(kNobody, {"portfolio", "services"}, reachable(*portfolio)).code, 1);

  // Another service than the one that finance means, with a certificate as good as portfolio's.
  auto impostor = secured("reporting", {});
  auto misled = secured("finance", {"--portfolio-endpoint", reachable(*impostor)});
  Finished refused = dev.As(kNational, footprint, reachable(*misled));
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("another service answers there"), HasSubstr("svc/reporting")));

  for (auto* process : {portfolio.get(), finance.get(), impostor.get(), misled.get()}) {
    process->Signal(SIGTERM);
    EXPECT_EQ(process->Wait().code, 0);
  }
}

TEST(SecureJourney, TheDoctorSaysWhatIsSoundAndWhatToDoAboutTheRest) {
  SecureDev dev;
  const std::string folder = dev.Folder() + "/";
  auto examine = [&](const std::vector<std::string>& more, const std::string& clock = "+0") {
    std::vector<std::string> arguments = {"-f", clock, RequiredEnvironment("SPECOM_BIN_DIR") + "/specom",
                                          "doctor"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("/usr/bin/faketime", arguments);
  };
  const std::vector<std::string> certificates = {"--tls-certificate", folder + "finance.pem",
                                                 "--tls-key",         folder + "finance.key",
                                                 "--tls-authority",   folder + "authority.pem"};
  const std::vector<std::string> token = {"--token-issuer",   "https://issuer.specom.localhost",
                                          "--token-audience", "specom",
                                          "--token-jwks",     folder + "jwks.json",
                                          "--token-file",     dev.Token(kIcb)};
  std::vector<std::string> all = {"--endpoint", dev.endpoint(), "--credentials", dev.Folder()};
  all.insert(all.end(), certificates.begin(), certificates.end());
  all.insert(all.end(), token.begin(), token.end());
  Finished sound = examine(all);
  EXPECT_EQ(sound.code, 0) << sound.out;
  EXPECT_THAT(sound.out, AllOf(HasSubstr("finance.pem is spiffe://specom.dev/svc/finance, ends in 6 days"),
                               HasSubstr("icb of QOQ"), HasSubstr("finance: serves")));

  Finished late = examine(certificates, "+6d");
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.out, AllOf(HasSubstr("PROBLEM  tls_certificate"), HasSubstr("renew it now")));
  Finished expired = examine(token, "+13h");
  EXPECT_EQ(expired.code, 1);
  EXPECT_THAT(expired.out,
              AllOf(HasSubstr("PROBLEM  token: The token expired at"), HasSubstr("sign in again")));
  std::filesystem::permissions(folder + "portfolio.key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  Finished mixed = examine({"--tls-certificate", folder + "finance.pem", "--tls-key",
                            folder + "portfolio.key", "--tls-authority", folder + "authority.pem"});
  EXPECT_EQ(mixed.code, 1);
  EXPECT_THAT(mixed.out, AllOf(HasSubstr("is not the key of the first certificate"), HasSubstr("chmod 600")));
  Finished ahead = examine({"--database", RequiredEnvironment("SPECOM_TEST_POSTGRESQL"), "--redis",
                            RequiredEnvironment("SPECOM_TEST_REDIS")},
                           "+1h");
  EXPECT_EQ(ahead.code, 1);
  EXPECT_THAT(ahead.out,
              AllOf(HasSubstr("ahead of PostgreSQL"), HasSubstr("ahead of Redis"), HasSubstr("chrony")));
}

TEST(SecureJourney, AServiceDoesNotLeaveTheMachineWithoutTlsAndTokens) {
  for (const char* identity : {"deny", "development"}) {
    Finished refused = RunProgram("specom-portfolio", {"--listen", "0.0.0.0:0", "--identity", identity,
                                                       "--database-url", "sqlite:/nonexistent/portfolio.db"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("tls_certificate: must be set"), HasSubstr("identity: must be tokens"),
                      HasSubstr("or listen on 127.0.0.1")));
  }
}

}  // namespace
}  // namespace specom::journeys

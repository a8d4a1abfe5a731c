// Proves that the contract passes a linter that nobody here wrote, and that a client that nobody
// here wrote finds and calls the services by reflection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/journeys/process.h"

namespace specom::conformance {
namespace {

using journeys::Finished;
using journeys::Process;
using journeys::RunProgram;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Buf() {
  return journeys::RequiredEnvironment("SPECOM_BUF");
}

TEST(BufConformance, TheProtosPassTheLinter) {
  Finished lint = RunProgram(Buf(), {"lint", journeys::RequiredEnvironment("SPECOM_SOURCE_DIR") + "/protos"});
  EXPECT_EQ(lint.code, 0) << lint.out << lint.err;
}

// A platform with everything in one process, for one test.
class BufCurlConformance : public ::testing::Test {
 protected:
  BufCurlConformance()
      : platform_("specom", {"dev", "--data-dir", folder_.path(), "--grpc-port", "0", "--endpoint-file",
                             folder_.Path("endpoint")}) {
    bool ready =
        journeys::Eventually([this] { return !journeys::ReadFile(folder_.Path("endpoint")).empty(); });
    EXPECT_TRUE(ready) << platform_.Errors();
    endpoint_ = journeys::ReadFile(folder_.Path("endpoint"));
    while (endpoint_.ends_with('\n')) endpoint_.pop_back();
  }

  Finished Curl(const std::vector<std::string>& arguments, const std::string& method = "") {
    std::vector<std::string> words = {"curl", "--protocol", "grpc", "--http2-prior-knowledge"};
    for (const char* header : {"x-specom-user: integrator", "x-specom-roles: national"}) {
      words.insert(words.end(), {"-H", header});
    }
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back("http://" + endpoint_ + (method.empty() ? "" : "/" + method));
    return RunProgram(Buf(), words);
  }

  journeys::TemporaryFolder folder_;
  Process platform_;
  std::string endpoint_;
};

TEST_F(BufCurlConformance, ListsTheServicesByReflection) {
  Finished listed = Curl({"--list-services"});
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_THAT(
      listed.out,
      AllOf(HasSubstr("specom.portfolio.v1.PortfolioService"), HasSubstr("specom.finance.v1.FinanceService"),
            HasSubstr("specom.reporting.v1.ReportingService"), HasSubstr("google.longrunning.Operations"),
            HasSubstr("grpc.health.v1.Health")));
}

TEST_F(BufCurlConformance, CallsAMethodAndReadsItsErrors) {
  Finished resolved = Curl(
      {"-d", R"({"icb": "QOQ", "serviceLine": "NCBPS01C", "asOf": {"year": 2025, "month": 6, "day": 1}})"},
      "specom.portfolio.v1.PortfolioService/ResolveDelegation");
  EXPECT_EQ(resolved.code, 0) << resolved.err;
  EXPECT_THAT(resolved.out, HasSubstr("DELEGATION_FORM_DELEGATED"));

  Finished refused = Curl({"-d", "{}"}, "specom.portfolio.v1.PortfolioService/ResolveDelegation");
  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("invalid_argument"), HasSubstr("icb: is required (and 1 more)"),
                                 HasSubstr("google.rpc.ErrorInfo"), HasSubstr("google.rpc.BadRequest")));
}

}  // namespace
}  // namespace specom::conformance

// Proves that the layers are what the house says they are, from the includes of every source file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "tests/journeys/process.h"

namespace specom::conformance {
namespace {

using ::testing::IsEmpty;

struct Include {
  // Relative to the repository.
  std::string file;
  std::string included;
};

std::vector<Include> Includes(const std::vector<std::string>& folders) {
  static const std::regex directive(R"rx(^#include [<"]([^>"]+)[>"])rx");
  const std::filesystem::path root = journeys::RequiredEnvironment("SPECOM_SOURCE_DIR");
  std::vector<Include> includes;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      for (const auto& line : journeys::Lines(journeys::ReadFile(entry.path()))) {
        std::smatch match;
        if (std::regex_search(line, match, directive)) {
          includes.push_back({entry.path().lexically_relative(root), match[1]});
        }
      }
    }
  }
  EXPECT_GT(includes.size(), 100u);
  return includes;
}

bool StartsWithAny(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const auto& prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

bool IsTest(const std::string& file) {
  return file.ends_with("_test.cc") || file.find("_for_tests.h") != file.npos ||
         file.find("/testing/") != file.npos || file.find("/test_") != file.npos;
}

// "services/finance"
std::string ServiceOf(const std::string& file) {
  return file.substr(0, file.find('/', sizeof("services/")));
}

std::vector<std::string> Broken(const std::vector<Include>& includes,
                                const std::function<bool(const Include&)>& allowed) {
  std::vector<std::string> broken;
  for (const auto& include : includes) {
    if (!allowed(include)) broken.push_back(include.file + " includes " + include.included);
  }
  return broken;
}

TEST(LayersConformance, DomainsKnowOnlyTheStandardLibraryAbseilAndBase) {
  auto includes =
      Includes({"services/finance/domain", "services/portfolio/domain", "services/reporting/domain"});
  EXPECT_THAT(Broken(includes,
                     [](const Include& i) {
                       bool standard = i.included.find('/') == i.included.npos && !i.included.ends_with(".h");
                       return IsTest(i.file) || standard ||
                              StartsWithAny(i.included,
                                            {"absl/", "libs/base/", ServiceOf(i.file) + "/domain/"});
                     }),
              IsEmpty());
}

TEST(LayersConformance, OperationsKnowNoWire) {
  auto includes = Includes({"services/finance/app", "services/portfolio/app", "services/reporting/app"});
  EXPECT_THAT(Broken(includes,
                     [](const Include& i) {
                       return IsTest(i.file) ||
                              (!i.included.ends_with(".pb.h") &&
                               !StartsWithAny(i.included, {"grpc", "google/", "libs/rpc/",
                                                           ServiceOf(i.file) + "/adapters/"}));
                     }),
              IsEmpty());
}

TEST(LayersConformance, ServicesMeetOnlyThroughProtosAndEvents) {
  EXPECT_THAT(Broken(Includes({"services"}),
                     [](const Include& i) {
                       return !i.included.starts_with("services/") ||
                              ServiceOf(i.included) == ServiceOf(i.file);
                     }),
              IsEmpty());
}

TEST(LayersConformance, EachDriverIsInOneLibrary) {
  struct Driver {
    std::vector<std::string> headers;
    std::vector<std::string> libraries;
  };
  const std::vector<Driver> drivers = {{{"soci", "sqlite3", "libpq", "postgresql/"}, {"libs/store/"}},
                                       {{"hiredis"}, {"libs/cache/", "libs/events/"}},
                                       {{"prometheus/", "Civet", "civetweb"}, {"libs/observe/"}},
                                       {{"csv.h"}, {"libs/base/"}},
                                       {{"openssl/"}, {"libs/base/", "libs/auth/", "libs/rpc/"}},
                                       {{"cjose/", "jansson", "curl/"}, {"libs/auth/"}},
                                       {{"grpcpp/security", "grpcpp/ext", "grpcpp/health"}, {"libs/rpc/"}}};
  auto includes = Includes({"libs", "services", "tools"});
  for (const auto& driver : drivers) {
    EXPECT_THAT(Broken(includes,
                       [&](const Include& i) {
                         return IsTest(i.file) || !StartsWithAny(i.included, driver.headers) ||
                                StartsWithAny(i.file, driver.libraries);
                       }),
                IsEmpty());
  }
}

TEST(LayersConformance, LibrariesKnowNoService) {
  EXPECT_THAT(
      Broken(Includes({"libs"}), [](const Include& i) { return !i.included.starts_with("services/"); }),
      IsEmpty());
}

}  // namespace
}  // namespace specom::conformance

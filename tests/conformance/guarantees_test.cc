// Proves that every promise of deploy/guarantees names tests that exist, and that the table of faults
// in tests/chaos tells of every scenario and of nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "tests/journeys/process.h"

namespace specom::conformance {
namespace {

using ::testing::ContainerEq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Names = std::set<std::string>;

std::filesystem::path Root() {
  return journeys::RequiredEnvironment("SPECOM_SOURCE_DIR");
}

// "Suite.Test" of every test in these folders.
Names TestsIn(const std::vector<std::string>& folders) {
  static const std::regex test(
      R"rx((?:^|\n)(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+))rx");
  Names names;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Root() / folder)) {
      if (entry.path().extension() != ".cc") continue;
      const std::string text = journeys::ReadFile(entry.path());
      for (std::sregex_iterator it(text.begin(), text.end(), test), end; it != end; ++it) {
        names.insert((*it)[1].str() + "." + (*it)[2].str());
      }
    }
  }
  return names;
}

// What stands between backticks in the form "Suite.Test".
Names Named(const std::string& text) {
  static const std::regex name(R"rx(`([A-Z]\w+\.[A-Z]\w+)`)rx");
  Names names;
  for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) names.insert((*it)[1]);
  return names;
}

struct Promise {
  std::string title;
  std::string text;
};

// The sections "## N. …", in the order of the page.
std::vector<Promise> Promises() {
  std::vector<Promise> promises;
  bool inside = false;
  for (const auto& line : journeys::Lines(journeys::ReadFile(Root() / "deploy/guarantees/README.md"))) {
    if (line.starts_with("## ")) {
      inside = std::isdigit(static_cast<unsigned char>(line[3])) != 0;
      if (inside) promises.push_back({line.substr(3), ""});
    } else if (inside) {
      promises.back().text += line + "\n";
    }
  }
  return promises;
}

TEST(GuaranteesConformance, EveryPromiseIsNumberedHasLimitsAndIsProved) {
  const std::vector<Promise> promises = Promises();
  EXPECT_THAT(promises, SizeIs(11));
  int number = 0;
  for (const Promise& promise : promises) {
    SCOPED_TRACE(promise.title);
    EXPECT_TRUE(promise.title.starts_with(std::to_string(++number) + ". "));
    EXPECT_THAT(promise.text, HasSubstr("*Limits:*"));
    const auto proof = promise.text.find("*Proved by:*");
    ASSERT_NE(proof, std::string::npos);
    EXPECT_FALSE(Named(promise.text.substr(proof)).empty());
  }
}

TEST(GuaranteesConformance, EveryTestThatAPromiseNamesExists) {
  const Names tests = TestsIn({"libs", "services", "tests", "tools"});
  EXPECT_GT(tests.size(), 500u);
  Names missing;
  for (const Promise& promise : Promises()) {
    for (const std::string& name : Named(promise.text)) {
      if (!tests.contains(name)) missing.insert(promise.title + ": " + name);
    }
  }
  EXPECT_THAT(missing, IsEmpty());
}

TEST(GuaranteesConformance, TheTableOfFaultsTellsOfEveryScenario) {
  Names scenarios;
  for (const std::string& test : TestsIn({"tests/chaos"})) {
    if (!test.starts_with("TcpGateTest.")) scenarios.insert(test);
  }
  Names told;
  for (const auto& line : journeys::Lines(journeys::ReadFile(Root() / "tests/chaos/README.md"))) {
    if (line.starts_with("| `")) told.merge(Named(line.substr(0, line.find(" | "))));
  }
  EXPECT_THAT(told, ContainerEq(scenarios));
}

}  // namespace
}  // namespace specom::conformance

// Proves that every line is one JSON object that holds what was said, whatever was said.
#include "libs/observe/logger.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace specom::observe {
namespace {

using ::specom::testing::StatusIs;

TEST(Logger, WritesOneJsonObjectForEachEvent) {
  std::vector<std::string> lines;
  auto logger = Logger::ToFunction(LogLevel::kInfo, [&](std::string_view line) { lines.emplace_back(line); });
  logger->Warning("schema is behind", {{"current", 3}, {"required", 4}, {"ready", false}, {"share", 0.5}});
  ASSERT_EQ(lines.size(), 1u);
  auto json = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["event"], "schema is behind");
  EXPECT_EQ(json["current"], 3);
  EXPECT_EQ(json["ready"], false);
  EXPECT_EQ(json["share"], 0.5);
  EXPECT_EQ(json["time"].get<std::string>().size(), std::string("2025-04-01T00:00:00.000000Z").size());
}

TEST(Logger, WhatIsSaidCannotForgeALine) {
  std::vector<std::string> lines;
  auto logger = Logger::ToFunction(LogLevel::kInfo, [&](std::string_view line) { lines.emplace_back(line); });
  logger->Info("x", {{"user", "eve\n{\"level\":\"error\"}\xff%v"}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find('\n'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["level"], "info");
}

TEST(Logger, KeepsQuietBelowItsLevel) {
  int lines = 0;
  auto logger = Logger::ToFunction(LogLevel::kWarning, [&](std::string_view) { ++lines; });
  logger->Debug("a");
  logger->Info("b");
  logger->Access({.method = "m", .code = "OK"});
  EXPECT_EQ(lines, 0);
  logger->Error("c");
  EXPECT_EQ(lines, 1);
}

TEST(Logger, AppendsToAFile) {
  std::string path = ::testing::TempDir() + "/specom_logger_test.log";
  std::remove(path.c_str());
  for (int i = 0; i < 2; ++i) {
    auto logger = Logger::Open({.level = LogLevel::kInfo, .file = path, .service = "finance"});
    ASSERT_TRUE(logger.ok()) << logger.status();
    (*logger)->Info("hello", {{"run", i}});
  }
  std::ifstream file(path);
  std::string line;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(std::getline(file, line));
    auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["service"], "finance");
    EXPECT_EQ(json["run"], i);
  }
  EXPECT_FALSE(std::getline(file, line));
}

TEST(Logger, SaysWhichFileItCannotOpen) {
  EXPECT_THAT(Logger::Open({.file = "/proc/none/log", .service = ""}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "LOG_FILE"));
}

TEST(LogLevel, WordsAndLevelsAreInverse) {
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(ParseLogLevel(ToString(level)), level);
  }
  EXPECT_FALSE(ParseLogLevel("loud").has_value());
}

}  // namespace
}  // namespace specom::observe

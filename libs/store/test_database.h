// For tests: an empty database of either engine that is gone when the object goes.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/digest.h"
#include "libs/store/store.h"

namespace specom::store {

class TestDatabase {
 public:
  // PostgreSQL: in a schema of its own on the server that SPECOM_TEST_POSTGRESQL names. The test
  // fails when nothing is named.
  explicit TestDatabase(Engine engine)
      : engine_(engine), name_("test_" + Sha256Hex(NewUuid()).substr(0, 12)) {
    if (engine_ == Engine::kSqlite) {
      folder_ = std::filesystem::temp_directory_path() / ("specom " + name_);
      std::filesystem::create_directories(folder_);
      config_.url = Secret("sqlite:" + path().string());
    } else {
      const char* url = std::getenv("SPECOM_TEST_POSTGRESQL");
      EXPECT_NE(url, nullptr) << "SPECOM_TEST_POSTGRESQL is not set; run through ./tools/test";
      config_.url = Secret(url != nullptr ? url : "");
      config_.schema = name_;
    }
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase() {
    if (engine_ == Engine::kSqlite) {
      std::error_code ignored;
      std::filesystem::remove_all(folder_, ignored);
      return;
    }
    const std::string drop = "DROP SCHEMA IF EXISTS " + name_ + " CASCADE";
    auto store = OpenStore(config_, clock_);
    if (!store.ok()) return;
    RequestContext context;
    context.deadline = clock_.Now() + absl::Seconds(30);
    const absl::Status dropped = (*store)->Write(context, [&](UnitOfWork& work) {
      return work.Execute({.name = "test.drop_schema", .sql = drop}).status();
    });
    EXPECT_TRUE(dropped.ok()) << dropped;
  }

  const DatabaseConfig& config() const { return config_; }
  // SQLite's file.
  std::filesystem::path path() const { return folder_ / "state.db"; }

  // One more store on the same database; null, and the test has failed, when it cannot be opened.
  std::unique_ptr<Store> Open(const Clock& clock, int connections = 4) const {
    DatabaseConfig config = config_;
    config.connections = connections;
    auto store = OpenStore(config, clock);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

 private:
  const Engine engine_;
  const std::string name_;
  std::filesystem::path folder_;
  DatabaseConfig config_;
  SystemClock clock_;
};

}  // namespace specom::store

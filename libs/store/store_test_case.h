// What the store's own tests share: a migrated store with a table of items, on either engine.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/store/store.h"
#include "libs/store/test_database.h"
#include "libs/testing/status_matchers.h"

namespace specom::store {

inline constexpr std::array<EmbeddedFile, 2> kItemMigrations = {{
    {"postgresql/0001_item.sql",
     "CREATE TABLE item (name TEXT COLLATE \"C\" PRIMARY KEY, amount BIGINT NOT NULL CHECK (amount >= 0), "
     "ratio DOUBLE PRECISION, note TEXT, parent TEXT COLLATE \"C\" REFERENCES item (name));"},
    {"sqlite/0001_item.sql",
     "CREATE TABLE item (name TEXT PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount >= 0), "
     "ratio REAL, note TEXT, parent TEXT REFERENCES item (name)) STRICT;"},
}};

inline const Statement kInsertItem{
    .name = "test.insert_item",
    .sql = "INSERT INTO item (name, amount, ratio, note, parent) VALUES (:p1, :p2, :p3, :p4, :p5)",
};
inline const Statement kFindItem{
    .name = "test.find_item",
    .sql = "SELECT amount, ratio, note FROM item WHERE name = :p1",
    .columns = {ColumnType::kInteger, ColumnType::kReal, ColumnType::kText},
};
inline const Statement kSetAmount{.name = "test.set_amount",
                                  .sql = "UPDATE item SET amount = :p2 WHERE name = :p1"};
inline const Statement kCountItems{
    .name = "test.count_items", .sql = "SELECT COUNT(*) FROM item", .columns = {ColumnType::kInteger}};
inline const Statement kSumItems{.name = "test.sum_items",
                                 .sql = "SELECT CAST(SUM(amount) AS BIGINT) FROM item",
                                 .columns = {ColumnType::kInteger}};

inline const Value kNull;

inline absl::Status InsertItem(UnitOfWork& work, const std::string& name, std::int64_t amount = 0) {
  return work.Execute(kInsertItem, {name, amount, kNull, kNull, kNull}).status();
}

inline absl::StatusOr<std::int64_t> AmountOf(UnitOfWork& work, const std::string& name) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(kFindItem, {name}));
  if (rows.empty()) return absl::NotFoundError(name);
  return rows[0].Integer(0);
}

inline OutboxEvent EventOf(const std::string& subject, const std::string& data = "data") {
  return {.topic = "test.topic",
          .id = NewUuid(),
          .type = "specom.test.Happened",
          .subject = subject,
          .data = data,
          .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          .time = absl::FromUnixMicros(1'750'000'000'123'456)};
}

inline void InThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

class StoreTestCase : public ::testing::Test {
 protected:
  explicit StoreTestCase(Engine engine) : database_(engine) {}

  void SetUp() override {
    store_ = database_.Open(clock_, 8);
    ASSERT_NE(store_, nullptr);
    ASSERT_THAT(store_->Migrate(kItemMigrations), specom::testing::IsOk());
  }

  // A caller whom the test's own limit stops, not the store's.
  RequestContext Caller(const std::string& request_id = "", const std::string& fingerprint = "same") const {
    RequestContext context;
    context.principal.user = "finance.lead@icb.example";
    context.method = "specom.test.v1.TestService/Change";
    context.deadline = clock_.Now() + absl::Seconds(60);
    context.idempotency = {.request_id = request_id, .fingerprint = fingerprint};
    return context;
  }

  absl::Status Write(const std::function<absl::Status(UnitOfWork&)>& function) {
    return store_->Write(Caller(), function);
  }

  // -1 when it cannot be read.
  std::int64_t Count(const Statement& statement = kCountItems) {
    std::int64_t count = -1;
    EXPECT_THAT(store_->Read(Caller(),
                             [&](UnitOfWork& work) -> absl::Status {
                               ASSIGN_OR_RETURN(std::vector<Row> rows, work.Query(statement, {}));
                               count = rows.at(0).Integer(0);
                               return absl::OkStatus();
                             }),
                specom::testing::IsOk());
    return count;
  }

  SystemClock clock_;
  TestDatabase database_;
  std::unique_ptr<Store> store_;
};

}  // namespace specom::store

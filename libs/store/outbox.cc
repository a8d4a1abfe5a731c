#include "libs/store/outbox.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

constexpr ColumnType kInteger = ColumnType::kInteger;
constexpr ColumnType kText = ColumnType::kText;

const Statement kNextAggregateSeq{
    .name = "store.next_aggregate_seq",
    .sql =
        "INSERT INTO outbox_aggregate (topic, subject, last_seq) VALUES (:p1, :p2, 1) "
        "ON CONFLICT (topic, subject) DO UPDATE SET last_seq = outbox_aggregate.last_seq + 1 "
        "RETURNING last_seq",
    .columns = {kInteger},
};
const Statement kAppend{
    .name = "store.append_event",
    .sql =
        "INSERT INTO outbox (topic, event_id, type, subject, aggregate_seq, data, traceparent, time_us) "
        "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8)",
};
const Statement kFindUnnumbered{
    .name = "store.find_unnumbered_event",
    .sql = "SELECT id FROM outbox WHERE sequence IS NULL LIMIT 1",
    .columns = {kInteger},
};
const Statement kLastSequence{
    .name = "store.last_sequence",
    .sql = "SELECT COALESCE(MAX(sequence), 0) FROM outbox",
    .columns = {kInteger},
};
// Within a subject ids rise with aggregate_seq: its writers queue at the row of outbox_aggregate.
const Statement kNumber{
    .name = "store.number_events",
    .sql =
        "UPDATE outbox SET sequence = :p1 + fresh.place "
        "FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM outbox "
        "      WHERE sequence IS NULL ORDER BY id LIMIT :p2) AS fresh "
        "WHERE outbox.id = fresh.id",
};
const std::vector<ColumnType> kRecordColumns = {kInteger, kInteger, kInteger, kText, kText,
                                                kText,    kText,    kText,    kText, kInteger};
const Statement kListUnpublished{
    .name = "store.list_unpublished_events",
    .sql =
        "SELECT sequence, aggregate_seq, published, topic, event_id, type, subject, data, traceparent, "
        "time_us "
        "FROM outbox WHERE published = 0 AND sequence IS NOT NULL ORDER BY sequence LIMIT :p1",
    .columns = kRecordColumns,
};
const Statement kListPublished{
    .name = "store.list_published_events",
    .sql =
        "SELECT sequence, aggregate_seq, published, topic, event_id, type, subject, data, traceparent, "
        "time_us "
        "FROM outbox WHERE published = 1 AND topic = :p1 AND sequence > :p2 ORDER BY sequence LIMIT :p3",
    .columns = kRecordColumns,
};
const Statement kMarkPublished{
    .name = "store.mark_events_published",
    .sql = "UPDATE outbox SET published = 1 WHERE published = 0 AND sequence BETWEEN :p1 AND :p2",
};
const Statement kLastPublished{
    .name = "store.last_published_event",
    .sql = "SELECT COALESCE(MAX(sequence), 0) FROM outbox WHERE published = 1 AND topic = :p1",
    .columns = {kInteger},
};

absl::StatusOr<std::vector<OutboxRecord>> ToRecords(absl::StatusOr<std::vector<Row>> rows) {
  RETURN_IF_ERROR(rows.status());
  std::vector<OutboxRecord> records;
  records.reserve(rows->size());
  for (const Row& row : *rows) {
    OutboxRecord record{.sequence = row.Integer(0),
                        .aggregate_seq = row.Integer(1),
                        .published = row.Integer(2) != 0,
                        .event = {.topic = row.Text(3),
                                  .id = row.Text(4),
                                  .type = row.Text(5),
                                  .subject = row.Text(6),
                                  .data = {},
                                  .traceparent = row.Text(8),
                                  .time = absl::FromUnixMicros(row.Integer(9))}};
    if (!Base64Decode(row.Text(7), record.event.data)) {
      return MakeError(absl::StatusCode::kDataLoss, "EVENT_DAMAGED",
                       "the data of event " + record.event.id + " in the outbox are damaged",
                       {{"event_id", record.event.id}});
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

absl::Status AppendEvent(Connection& connection, const OutboxEvent& event) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, connection.Query(kNextAggregateSeq, {event.topic, event.subject}));
  return connection
      .Execute(kAppend, {event.topic, event.id, event.type, event.subject, rows.at(0).Integer(0),
                         Base64Encode(event.data), event.traceparent, absl::ToUnixMicros(event.time)})
      .status();
}

absl::StatusOr<bool> HasUnnumbered(Connection& connection) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, connection.Query(kFindUnnumbered, {}));
  return !rows.empty();
}

absl::Status NumberEvents(Connection& connection, int limit) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, connection.Query(kLastSequence, {}));
  return connection.Execute(kNumber, {rows.at(0).Integer(0), std::int64_t{limit}}).status();
}

absl::StatusOr<std::vector<OutboxRecord>> ListUnpublished(Connection& connection, int limit) {
  return ToRecords(connection.Query(kListUnpublished, {std::int64_t{limit}}));
}

absl::Status MarkEventsPublished(Connection& connection, std::span<const std::int64_t> sequences) {
  std::vector<std::int64_t> sorted(sequences.begin(), sequences.end());
  std::sort(sorted.begin(), sorted.end());
  // One statement for each run of neighbours.
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t last = first;
    while (last + 1 < sorted.size() && sorted[last + 1] - sorted[last] <= 1) ++last;
    RETURN_IF_ERROR(connection.Execute(kMarkPublished, {sorted[first], sorted[last]}).status());
    first = last + 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<OutboxRecord>> ListPublished(Connection& connection, std::string_view topic,
                                                        std::int64_t after, int limit) {
  return ToRecords(connection.Query(kListPublished, {std::string(topic), after, std::int64_t{limit}}));
}

absl::StatusOr<std::int64_t> FindLastPublished(Connection& connection, std::string_view topic) {
  ASSIGN_OR_RETURN(std::vector<Row> rows, connection.Query(kLastPublished, {std::string(topic)}));
  return rows.at(0).Integer(0);
}

}  // namespace specom::store

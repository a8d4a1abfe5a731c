#include "libs/store/idempotency.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

const Statement kFind{
    .name = "store.find_outcome",
    .sql =
        "SELECT fingerprint, resource, outcome_code, outcome_message, outcome_details FROM idempotency "
        "WHERE user_name = :p1 AND method = :p2 AND request_id = :p3",
    .columns = {ColumnType::kText, ColumnType::kText, ColumnType::kInteger, ColumnType::kText,
                ColumnType::kText},
};
const Statement kRemember{
    .name = "store.remember_outcome",
    .sql =
        "INSERT INTO idempotency (user_name, method, request_id, fingerprint, resource, outcome_code, "
        "outcome_message, outcome_details, recorded_at_us) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, "
        ":p9) "
        "ON CONFLICT (user_name, method, request_id) DO NOTHING",
};
const Statement kMarkHandled{
    .name = "store.mark_handled",
    .sql =
        "INSERT INTO handled_event (consumer_group, event_id, handled_at_us) VALUES (:p1, :p2, :p3) "
        "ON CONFLICT (consumer_group, event_id) DO NOTHING",
};

// The status's payloads, one line each: key and value in base64.
std::string EncodeDetails(const absl::Status& status) {
  std::string lines;
  status.ForEachPayload([&](absl::string_view key, const absl::Cord& value) {
    absl::StrAppend(&lines, Base64Encode(std::string(key)), " ", Base64Encode(std::string(value)), "\n");
  });
  return lines;
}

absl::Status DecodeOutcome(std::int64_t code, const std::string& message, const std::string& details) {
  absl::Status status(static_cast<absl::StatusCode>(code), message);
  for (absl::string_view line : absl::StrSplit(details, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> encoded = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    std::string key;
    std::string value;
    if (Base64Decode(encoded.first, key) && Base64Decode(encoded.second, value)) {
      status.SetPayload(key, absl::Cord(value));
    }
  }
  return status;
}

}  // namespace

absl::StatusOr<std::optional<IdempotencyRecord>> FindOutcome(Connection& connection,
                                                             const RequestContext& context) {
  const std::string& request_id = context.idempotency.request_id;
  if (request_id.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<Row> rows,
                   connection.Query(kFind, {context.principal.user, context.method, request_id}));
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  if (row.Text(0) != context.idempotency.fingerprint) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_MISMATCH",
        absl::StrCat("request_id ", request_id,
                     " was used before for a request with other content; give each new request a new "
                     "request_id"),
        {{"request_id", request_id}});
  }
  return IdempotencyRecord{.resource = row.Text(1),
                           .outcome = DecodeOutcome(row.Integer(2), row.Text(3), row.Text(4))};
}

absl::Status RememberOutcome(Connection& connection, const RequestContext& context,
                             const IdempotencyRecord& record, absl::Time now) {
  const IdempotencyKey& key = context.idempotency;
  if (key.request_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      std::int64_t inserted,
      connection.Execute(kRemember, {context.principal.user, context.method, key.request_id, key.fingerprint,
                                     record.resource, std::int64_t{record.outcome.raw_code()},
                                     std::string(record.outcome.message()), EncodeDetails(record.outcome),
                                     absl::ToUnixMicros(now)}));
  // The same request committed meanwhile: run again, find its outcome.
  return inserted == 1 ? absl::OkStatus() : connection.Conflict();
}

absl::StatusOr<bool> MarkHandled(Connection& connection, std::string_view group, std::string_view event_id,
                                 absl::Time now) {
  ASSIGN_OR_RETURN(
      std::int64_t inserted,
      connection.Execute(kMarkHandled, {std::string(group), std::string(event_id), absl::ToUnixMicros(now)}));
  return inserted == 1;
}

}  // namespace specom::store

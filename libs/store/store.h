// One database of one service, SQLite or PostgreSQL: transactions, the outbox and the idempotency
// records that commit with them, and migrations.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/request_context.h"
#include "libs/base/clock.h"
#include "libs/base/embedded_file.h"
#include "libs/base/secret.h"
#include "libs/store/value.h"

namespace specom::store {

struct AuditEntry;  // audit.h

enum class Engine { kSqlite, kPostgresql };
std::string_view ToString(Engine engine);

struct DatabaseConfig {
  // "sqlite:/path/to/file.db", or "postgresql://user@host:port/database" (libpq's URL).
  Secret url;
  // PostgreSQL: the schema that the service owns, made by migrate. Unused by SQLite.
  std::string schema;
  int connections = 4;

  // All problems at once, each with its remedy; empty: sound.
  std::vector<std::string> Verify() const;
};

// An event to be published once the transaction has committed.
struct OutboxEvent {
  // The stream, e.g. "specom.finance".
  std::string topic;
  // A UUID.
  std::string id;
  // The payload's full protobuf name.
  std::string type;
  // The resource that changed; aggregate_seq counts within it.
  std::string subject;
  // Serialised payload.
  std::string data;
  std::string traceparent;
  absl::Time time;
};

// An outbox row as the relay reads it.
struct OutboxRecord {
  // Position in the service's outbox, unique and rising.
  std::int64_t sequence = 0;
  // From 1, without gaps within (topic, subject).
  std::int64_t aggregate_seq = 0;
  bool published = false;
  OutboxEvent event;
};

// The remembered outcome of a write.
struct IdempotencyRecord {
  // The resource that the first attempt made or changed; "" when it was refused.
  std::string resource;
  // What the first attempt was refused with; OK when it succeeded.
  absl::Status outcome;
};

// One transaction. Not for use from two threads.
class UnitOfWork {
 public:
  virtual ~UnitOfWork() = default;

  // Runs a statement; the number of rows it changed. ALREADY_EXISTS on a broken unique key,
  // FAILED_PRECONDITION on another broken constraint, DEADLINE_EXCEEDED when the request's deadline
  // passed, ABORTED when the transaction must be retried (the store does that by itself). After a
  // statement has failed the transaction cannot commit: where a row may be there already, say so
  // with ON CONFLICT instead of trying.
  virtual absl::StatusOr<std::int64_t> Execute(const Statement& statement,
                                               const std::vector<Value>& parameters = {}) = 0;
  virtual absl::StatusOr<std::vector<Row>> Query(const Statement& statement,
                                                 const std::vector<Value>& parameters = {}) = 0;

  // Appends to the outbox; aggregate_seq is given here.
  virtual absl::Status Publish(const OutboxEvent& event) = 0;

  // The outcome that was remembered for this caller, method and request_id; nothing when it is
  // new or the request has no request_id. INVALID_ARGUMENT/IDEMPOTENCY_KEY_MISMATCH when the
  // request_id was used with other content.
  virtual absl::StatusOr<std::optional<IdempotencyRecord>> FindOutcome(const RequestContext& context) = 0;
  // Remembers it; no effect without a request_id.
  virtual absl::Status RememberOutcome(const RequestContext& context, const IdempotencyRecord& record) = 0;

  // True the first time that this consumer group sees the event: the effect and the mark commit
  // together. False: the effect was had before, do nothing.
  virtual absl::StatusOr<bool> MarkHandled(std::string_view group, std::string_view event_id) = 0;

  // Appends to the audit record: who (from the context) did what. It comes last of a change, so that
  // whoever holds the end of the chain waits for nobody.
  virtual absl::Status Audit(const RequestContext& context, const AuditEntry& entry) = 0;
};

// How many migrations the database has and the program knows, the store's own included.
struct SchemaState {
  int current = 0;
  int required = 0;
  bool UpToDate() const { return current == required; }
};

class Store {
 public:
  virtual ~Store() = default;

  virtual Engine engine() const = 0;

  // Runs the function in a transaction that may write (SQLite: BEGIN IMMEDIATE; PostgreSQL:
  // SERIALIZABLE), commits when it returns OK and rolls back otherwise. A serialisation failure
  // runs the whole function again, a bounded number of times: it must have no effect but through
  // the unit of work, and set what it captures anew. The context's deadline bounds every statement;
  // it is checked before the commit. UNAVAILABLE/DATABASE_UNAVAILABLE when the database cannot be
  // reached, UNAVAILABLE/COMMIT_UNKNOWN when it went away during the commit, RESOURCE_EXHAUSTED/
  // DATABASE_FULL when its disk is full, ABORTED/WRITE_CONFLICT when all attempts met others. Do not
  // start one write within another.
  virtual absl::Status Write(const RequestContext& context,
                             const std::function<absl::Status(UnitOfWork&)>& function) = 0;
  // Runs the function in a read-only transaction that sees one state of the database.
  virtual absl::Status Read(const RequestContext& context,
                            const std::function<absl::Status(UnitOfWork&)>& function) = 0;

  // For the relay: up to `limit` unpublished rows, by sequence. Sequences are given here, to committed
  // rows only, so that none ever comes to light below one that was published.
  virtual absl::StatusOr<std::vector<OutboxRecord>> UnpublishedEvents(int limit) = 0;
  virtual absl::Status MarkPublished(std::span<const std::int64_t> sequences) = 0;
  // For replay: up to `limit` published rows of the topic with a sequence above `after`.
  virtual absl::StatusOr<std::vector<OutboxRecord>> PublishedEvents(std::string_view topic,
                                                                    std::int64_t after, int limit) = 0;
  // The highest published sequence of the topic; 0 when there is none.
  virtual absl::StatusOr<std::int64_t> LastPublished(std::string_view topic) = 0;
  // Held by at most one process for each name, until the returned object goes; null when another
  // process holds it. PostgreSQL frees it as well when it loses the holder's connection: what is done
  // under it must bear two holders for a moment, and ask anew after UNAVAILABLE.
  virtual absl::StatusOr<std::unique_ptr<void, void (*)(void*)>> TryLeadership(std::string_view name) = 0;

  // Brings the schema to the newest of the embedded migrations (files
  // "{sqlite|postgresql}/NNNN_name.sql") and of the store's own tables. Idempotent, under an
  // advisory lock; refuses a migration whose text changed since it ran. Returns how many ran.
  virtual absl::StatusOr<int> Migrate(std::span<const EmbeddedFile> migrations) = 0;
  virtual absl::StatusOr<SchemaState> CheckSchema(std::span<const EmbeddedFile> migrations) = 0;
  // OK when the database answers.
  virtual absl::Status Ping() = 0;
};

// Opens the database. INVALID_ARGUMENT when the config does not verify; UNAVAILABLE when it cannot
// be reached, with what to check.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const DatabaseConfig& config, const Clock& clock);

// Runs a write as house rules have it: within one transaction, first the remembered outcome of the
// same request, then the operation. `operation` returns the resource name with its value;
// `load` gives the value of a resource for a repeat. A refusal for a state-dependent reason
// (FAILED_PRECONDITION, ALREADY_EXISTS; ABORTED is not one) is remembered too and what the operation
// had done is undone; a malformed request is not remembered.
template <class T>
absl::StatusOr<T> WriteOnce(
    Store& store, const RequestContext& context,
    const std::function<absl::StatusOr<std::pair<std::string, T>>(UnitOfWork&)>& operation,
    const std::function<absl::StatusOr<T>(UnitOfWork&, const std::string&)>& load);

}  // namespace specom::store

#include "libs/store/write_once.inc.h"

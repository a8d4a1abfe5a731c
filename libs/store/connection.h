// One connection to a database with at most one transaction on it. What differs between the
// engines is behind it; no exception of the driver leaves it.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/request_context.h"
#include "libs/base/clock.h"
#include "libs/store/value.h"

namespace soci {
class session;
}  // namespace soci

namespace specom::store {

// How long a transaction may go on: until the request's deadline or its caller's departure.
class Bounds {
 public:
  // Both outlive the bounds.
  Bounds(const Clock& clock, const RequestContext& context) : clock_(clock), context_(context) {}

  absl::Duration Remaining() const { return context_.Remaining(clock_.Now()); }
  bool Passed() const { return Remaining() <= absl::ZeroDuration() || context_.Cancelled(); }
  // DEADLINE_EXCEEDED or CANCELLED once they have passed.
  absl::Status Check() const;
  const std::string& traceparent() const { return context_.traceparent; }

 private:
  const Clock& clock_;
  const RequestContext& context_;
};

// kRead: one state of the database, no changes. kWrite: serialisable. kAuditedWrite: as well, once the
// end of the audit chain is its own. kOutbox: the relay's changes, which must neither hold up nor abort
// the writers. kMigrate: alone.
enum class Access { kRead, kWrite, kAuditedWrite, kOutbox, kMigrate };

class PreparedStatement;

// Once a statement has failed, the transaction refuses every further one with the same error: the
// engines differ in what they would let pass, and a half-done change must not commit.
class Connection {
 public:
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The bounds outlive the transaction.
  absl::Status Begin(Access access, const Bounds& bounds);
  absl::Status Commit();
  void Rollback();

  absl::StatusOr<std::int64_t> Execute(const Statement& statement, const std::vector<Value>& parameters);
  absl::StatusOr<std::vector<Row>> Query(const Statement& statement, const std::vector<Value>& parameters);
  // Several statements without parameters; `name` stands in errors.
  absl::Status RunScript(std::string_view name, std::string_view sql);

  // The end of the audit chain, kept from other transactions until this one ends: one row, sequence and
  // hash. Never waits: another transaction that has it makes this one ABORTED, to be run again.
  absl::StatusOr<Row> HoldAuditHead();

  // Makes the transaction one to be run again.
  absl::Status Conflict();

  // What the current or last transaction failed with; OK when nothing failed.
  const absl::Status& failure() const { return failure_; }
  // True when the transaction met another one and is to be run again.
  bool conflicted() const { return conflicted_; }
  // True when the current or last transaction asked for the end of the audit chain.
  bool held_audit_head() const { return held_audit_head_; }
  // True when the current or last transaction came to be.
  bool begun() const { return begun_; }
  // True when the connection is of no further use.
  bool lost() const { return lost_; }

  // Counts the tables of that name (:p1) in the schema.
  virtual const Statement& CountTables() const = 0;

 protected:
  struct Failure {
    absl::Status status;
    bool conflict = false;
    bool lost = false;
  };

  explicit Connection(std::unique_ptr<soci::session> session);

  soci::session& session() { return *session_; }
  // Null outside a transaction, and while it ends.
  const Bounds* bounds() const { return bounds_; }

  // These throw what the driver throws.
  virtual void DoBegin(Access access) = 0;
  virtual void DoCommit() = 0;
  virtual void DoRollback() = 0;
  virtual void DoScript(const std::string& sql) = 0;
  virtual void BeforeStatement() {}
  // Takes the audit chain's head, or fails with a conflict; then its row is read by the statement.
  virtual void DoHoldAuditHead() {}
  virtual const Statement& ReadAuditHead() const = 0;
  // What the exception means. `statement`: the name of what was being run; `reused`: it was
  // prepared some time before.
  virtual Failure Explain(const std::exception& error, std::string_view statement, bool reused) = 0;

 private:
  PreparedStatement& Prepare(const Statement& statement, const std::vector<Value>& parameters,
                             std::string& key, bool& reused);
  template <class T>
  absl::StatusOr<T> Run(const Statement& statement, const std::vector<Value>& parameters,
                        const std::function<T(PreparedStatement&)>& run);
  absl::Status Fail(Failure failure);

  std::unique_ptr<soci::session> session_;
  std::unordered_map<std::string, std::unique_ptr<PreparedStatement>> prepared_;
  const Bounds* bounds_ = nullptr;
  absl::Status failure_;
  bool begun_ = false;
  bool held_audit_head_ = false;
  bool conflicted_ = false;
  bool lost_ = false;
};

// The errors that both engines tell alike.
absl::Status AlreadyExistsError(std::string_view statement, const std::string& detail);
absl::Status BrokenConstraintError(std::string_view statement, const std::string& detail);
absl::Status ConflictError();
absl::Status UnavailableError(const std::string& detail);
absl::Status FullError(const std::string& detail);
absl::Status StatementError(std::string_view statement, const std::string& detail);

}  // namespace specom::store

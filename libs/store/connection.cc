#include "libs/store/connection.h"

#include <soci/soci.h>

#include <deque>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

// Statements are few and constant; a program that makes up SQL must not fill the memory.
constexpr std::size_t kMaxPrepared = 512;

char Kind(const Value& value) {
  return "nirt"[value.index()];
}

}  // namespace

// A statement with the places that its parameters come from and its columns go to. They are typed:
// SOCI's dynamic rows narrow SQLite's integers to 32 bits.
class PreparedStatement {
 public:
  PreparedStatement(soci::session& session, const Statement& statement, const std::vector<Value>& parameters)
      : types_(statement.columns), statement_(session) {
    statement_.alloc();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Slot& slot = parameters_.emplace_back();
      const std::string name = absl::StrCat("p", i + 1);
      if (std::holds_alternative<std::int64_t>(parameters[i])) {
        statement_.exchange(soci::use(slot.integer, slot.indicator, name));
      } else if (std::holds_alternative<double>(parameters[i])) {
        statement_.exchange(soci::use(slot.real, slot.indicator, name));
      } else {
        statement_.exchange(soci::use(slot.text, slot.indicator, name));
      }
    }
    for (ColumnType type : types_) {
      Slot& slot = columns_.emplace_back();
      switch (type) {
        case ColumnType::kInteger:
          statement_.exchange(soci::into(slot.integer, slot.indicator));
          break;
        case ColumnType::kReal:
          statement_.exchange(soci::into(slot.real, slot.indicator));
          break;
        case ColumnType::kText:
          statement_.exchange(soci::into(slot.text, slot.indicator));
          break;
      }
    }
    // The name is seen where the database lists what it runs.
    statement_.prepare(absl::StrCat("/* ", std::string(statement.name), " */ ", std::string(statement.sql)));
    statement_.define_and_bind();
  }

  std::int64_t Execute(const std::vector<Value>& parameters) {
    Bind(parameters);
    statement_.execute(true);
    while (statement_.fetch()) {
    }
    return statement_.get_affected_rows();
  }

  std::vector<Row> Query(const std::vector<Value>& parameters) {
    Bind(parameters);
    statement_.execute(false);
    std::vector<Row> rows;
    while (statement_.fetch()) rows.push_back(TakeRow());
    return rows;
  }

 private:
  struct Slot {
    long long integer = 0;
    double real = 0;
    std::string text;
    soci::indicator indicator = soci::i_ok;
  };

  void Bind(const std::vector<Value>& parameters) {
    SPECOM_CHECK(parameters.size() == parameters_.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Slot& slot = parameters_[i];
      slot.indicator = soci::i_ok;
      switch (parameters[i].index()) {
        case 0:
          slot.indicator = soci::i_null;
          break;
        case 1:
          slot.integer = std::get<std::int64_t>(parameters[i]);
          break;
        case 2:
          slot.real = std::get<double>(parameters[i]);
          break;
        case 3:
          slot.text = std::get<std::string>(parameters[i]);
          break;
      }
    }
  }

  Row TakeRow() {
    std::vector<Value> values;
    values.reserve(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      Slot& slot = columns_[i];
      if (slot.indicator == soci::i_null) {
        values.emplace_back();
        continue;
      }
      switch (types_[i]) {
        case ColumnType::kInteger:
          values.emplace_back(std::int64_t{slot.integer});
          break;
        case ColumnType::kReal:
          values.emplace_back(slot.real);
          break;
        case ColumnType::kText:
          values.emplace_back(slot.text);
          break;
      }
    }
    return Row(std::move(values));
  }

  std::vector<ColumnType> types_;
  // Their addresses are bound: they must not move.
  std::deque<Slot> parameters_;
  std::deque<Slot> columns_;
  soci::statement statement_;
};

absl::Status Bounds::Check() const {
  if (Remaining() <= absl::ZeroDuration()) {
    return MakeError(
        absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
        "the deadline passed before the transaction could commit, and nothing was changed; ask again "
        "with a longer deadline");
  }
  if (context_.Cancelled()) {
    return MakeError(absl::StatusCode::kCancelled, "CANCELLED",
                     "the caller went away before the transaction could commit, and nothing was changed");
  }
  return absl::OkStatus();
}

Connection::Connection(std::unique_ptr<soci::session> session) : session_(std::move(session)) {}

Connection::~Connection() {
  prepared_.clear();
}

absl::Status Connection::Fail(Failure failure) {
  SPECOM_CHECK(!failure.status.ok());
  conflicted_ = conflicted_ || failure.conflict;
  lost_ = lost_ || failure.lost;
  if (failure_.ok()) failure_ = std::move(failure.status);
  return failure_;
}

absl::Status Connection::Conflict() {
  return Fail({.status = ConflictError(), .conflict = true});
}

absl::Status Connection::Begin(Access access, const Bounds& bounds) {
  failure_ = absl::OkStatus();
  begun_ = false;
  conflicted_ = false;
  held_audit_head_ = false;
  bounds_ = &bounds;
  try {
    DoBegin(access);
    begun_ = true;
    return absl::OkStatus();
  } catch (const std::exception& error) {
    absl::Status status = Fail(Explain(error, "begin", false));
    Rollback();
    return status;
  }
}

absl::Status Connection::Commit() {
  // From here on nothing interrupts.
  bounds_ = nullptr;
  try {
    DoCommit();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    Failure failure = Explain(error, "commit", false);
    if (failure.lost) {
      failure.status = WithRetryAfter(
          MakeError(
              absl::StatusCode::kUnavailable, "COMMIT_UNKNOWN",
              "the database went away while the change was being committed: it may have been made or not; "
              "repeat the request with the same request_id to learn which"),
          1000);
    }
    return Fail(std::move(failure));
  }
}

void Connection::Rollback() {
  bounds_ = nullptr;
  if (lost_) return;
  try {
    DoRollback();
  } catch (const std::exception&) {
    lost_ = true;
  }
}

PreparedStatement& Connection::Prepare(const Statement& statement, const std::vector<Value>& parameters,
                                       std::string& key, bool& reused) {
  key.assign(statement.sql);
  for (const Value& value : parameters) key += Kind(value);
  auto found = prepared_.find(key);
  reused = found != prepared_.end();
  if (reused) return *found->second;
  if (prepared_.size() >= kMaxPrepared) prepared_.clear();
  auto made = std::make_unique<PreparedStatement>(*session_, statement, parameters);
  return *prepared_.emplace(key, std::move(made)).first->second;
}

template <class T>
absl::StatusOr<T> Connection::Run(const Statement& statement, const std::vector<Value>& parameters,
                                  const std::function<T(PreparedStatement&)>& run) {
  RETURN_IF_ERROR(failure_);
  SPECOM_CHECK(bounds_ != nullptr);
  if (absl::Status status = bounds_->Check(); !status.ok()) return Fail({.status = std::move(status)});
  for (const Value& value : parameters) {
    const std::string* text = std::get_if<std::string>(&value);
    if (text != nullptr && text->find('\0') != text->npos) {
      return Fail(
          {.status = MakeError(absl::StatusCode::kInvalidArgument, "TEXT_WITH_NUL",
                               "a text contains the character NUL, which cannot be stored; remove it")});
    }
  }
  std::string key;
  bool reused = false;
  try {
    BeforeStatement();
    return run(Prepare(statement, parameters, key, reused));
  } catch (const std::exception& error) {
    Failure failure = Explain(error, statement.name, reused);
    prepared_.erase(key);
    return Fail(std::move(failure));
  }
}

absl::StatusOr<std::int64_t> Connection::Execute(const Statement& statement,
                                                 const std::vector<Value>& parameters) {
  return Run<std::int64_t>(statement, parameters,
                           [&](PreparedStatement& prepared) { return prepared.Execute(parameters); });
}

absl::StatusOr<std::vector<Row>> Connection::Query(const Statement& statement,
                                                   const std::vector<Value>& parameters) {
  SPECOM_CHECK(!statement.columns.empty());
  return Run<std::vector<Row>>(statement, parameters,
                               [&](PreparedStatement& prepared) { return prepared.Query(parameters); });
}

absl::Status Connection::RunScript(std::string_view name, std::string_view sql) {
  RETURN_IF_ERROR(failure_);
  try {
    DoScript(std::string(sql));
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return Fail(Explain(error, name, false));
  }
}

absl::StatusOr<Row> Connection::HoldAuditHead() {
  RETURN_IF_ERROR(failure_);
  held_audit_head_ = true;
  try {
    DoHoldAuditHead();
  } catch (const std::exception& error) {
    return Fail(Explain(error, ReadAuditHead().name, false));
  }
  ASSIGN_OR_RETURN(std::vector<Row> rows, Query(ReadAuditHead(), {}));
  if (rows.size() != 1) {
    return Fail({.status = MakeError(absl::StatusCode::kDataLoss, "AUDIT_HEAD_MISSING",
                                     "the row that ends the audit chain is gone, so that no change can be "
                                     "recorded; run: specom verify audit")});
  }
  return std::move(rows.front());
}

absl::Status AlreadyExistsError(std::string_view statement, const std::string& detail) {
  return MakeError(absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS",
                   absl::StrCat("a row with the same key exists already: ", detail),
                   {{"statement", std::string(statement)}});
}

absl::Status BrokenConstraintError(std::string_view statement, const std::string& detail) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CONSTRAINT_BROKEN",
                   absl::StrCat("the change would break a rule of the database: ", detail),
                   {{"statement", std::string(statement)}});
}

absl::Status ConflictError() {
  return WithRetryAfter(
      MakeError(absl::StatusCode::kAborted, "WRITE_CONFLICT",
                "other changes to the same data kept coming first, and nothing was changed; try "
                "again"),
      200);
}

absl::Status UnavailableError(const std::string& detail) {
  return WithRetryAfter(MakeError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
                                  absl::StrCat("the database cannot be reached: ", detail)),
                        1000);
}

absl::Status FullError(const std::string& detail) {
  return WithRetryAfter(MakeError(absl::StatusCode::kResourceExhausted, "DATABASE_FULL",
                                  absl::StrCat("the database has no room left, and nothing was changed: ",
                                               detail, "; make room on its disk")),
                        60'000);
}

absl::Status StatementError(std::string_view statement, const std::string& detail) {
  return MakeError(absl::StatusCode::kInternal, "STATEMENT_FAILED",
                   absl::StrCat("the database refused the statement ", std::string(statement), ": ", detail),
                   {{"statement", std::string(statement)}});
}

}  // namespace specom::store

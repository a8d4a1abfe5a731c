#include "libs/store/audit.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

constexpr ColumnType kInteger = ColumnType::kInteger;
constexpr ColumnType kText = ColumnType::kText;

// How far around its place a record that does not fit is looked for.
constexpr std::int64_t kMovedAtMost = 200;

#define SPECOM_AUDIT_COLUMNS                                                                       \
  "SELECT sequence, time_us, user_name, workload, roles, organisation, method, resource, action, " \
  "before_digest, after_digest, reason, request_id, traceparent, previous_hash, hash FROM audit_record "
#define SPECOM_AUDIT_BELOW "WHERE sequence < :p1 AND time_us >= :p2 AND time_us < :p3 "
#define SPECOM_AUDIT_LATEST_FIRST "ORDER BY sequence DESC LIMIT :p4"

const std::vector<ColumnType> kRecordColumns = {kInteger, kInteger, kText, kText, kText, kText, kText, kText,
                                                kText,    kText,    kText, kText, kText, kText, kText, kText};

// One for each filter that an index serves; the others only thin out what it finds.
const Statement kList{
    .name = "store.list_audit",
    .sql = SPECOM_AUDIT_COLUMNS SPECOM_AUDIT_BELOW SPECOM_AUDIT_LATEST_FIRST,
    .columns = kRecordColumns,
};
const Statement kListDenials{
    .name = "store.list_audit_denials",
    .sql = SPECOM_AUDIT_COLUMNS SPECOM_AUDIT_BELOW "AND action = 'denied' " SPECOM_AUDIT_LATEST_FIRST,
    .columns = kRecordColumns,
};
const Statement kListByUser{
    .name = "store.list_audit_by_user",
    .sql = SPECOM_AUDIT_COLUMNS SPECOM_AUDIT_BELOW
    "AND user_name = :p5 AND (:p6 = 0 OR action = 'denied') " SPECOM_AUDIT_LATEST_FIRST,
    .columns = kRecordColumns,
};
const Statement kListByResource{
    .name = "store.list_audit_by_resource",
    .sql = SPECOM_AUDIT_COLUMNS SPECOM_AUDIT_BELOW
    "AND resource = :p5 AND (:p6 = 0 OR action = 'denied') AND (:p7 = '' OR user_name = "
    ":p7) " SPECOM_AUDIT_LATEST_FIRST,
    .columns = kRecordColumns,
};
const Statement kListForwards{
    .name = "store.list_audit_forwards",
    .sql = SPECOM_AUDIT_COLUMNS "WHERE sequence > :p1 ORDER BY sequence LIMIT :p2",
    .columns = kRecordColumns,
};
const Statement kFindHead{
    .name = "store.find_audit_head",
    .sql = "SELECT sequence, hash FROM audit_head WHERE id = 1",
    .columns = {kInteger, kText},
};

#undef SPECOM_AUDIT_COLUMNS
#undef SPECOM_AUDIT_BELOW
#undef SPECOM_AUDIT_LATEST_FIRST

AuditRecord ToRecord(const Row& row) {
  return {.sequence = row.Integer(0),
          .time = absl::FromUnixMicros(row.Integer(1)),
          .user = row.Text(2),
          .workload = row.Text(3),
          .roles = row.Text(4),
          .organisation = row.Text(5),
          .method = row.Text(6),
          .entry = {.resource = row.Text(7),
                    .action = row.Text(8),
                    .before_digest = row.Text(9),
                    .after_digest = row.Text(10),
                    .reason = row.Text(11)},
          .request_id = row.Text(12),
          .traceparent = row.Text(13),
          .previous_hash = row.Text(14),
          .hash = row.Text(15)};
}

std::int64_t Micros(absl::Time time) {
  if (time == absl::InfinitePast()) return std::numeric_limits<std::int64_t>::min();
  if (time == absl::InfiniteFuture()) return std::numeric_limits<std::int64_t>::max();
  return absl::ToUnixMicros(time);
}

// Walks the chain from its beginning and collects what does not fit.
class Verifier {
 public:
  explicit Verifier(std::vector<AuditHead> known) : known_(std::move(known)) {
    std::sort(known_.begin(), known_.end(),
              [](const AuditHead& a, const AuditHead& b) { return a.sequence < b.sequence; });
  }

  void Visit(const AuditRecord& record) {
    if (record.sequence < 1) {
      Report(AuditFault::kAltered, record.sequence,
             absl::StrCat("record ", record.sequence,
                          " was put there around the platform: the chain begins with record 1"));
      return;
    }
    const std::int64_t expected = result_.head.sequence + 1;
    if (record.sequence > expected)
      Report(AuditFault::kRemoved, expected, Missing(expected, record.sequence - 1));
    // What comes after a gap or a record out of place cannot follow it: it is judged by itself.
    const bool follows =
        out_of_place_ || record.sequence > expected || record.previous_hash == result_.head.hash;
    const bool sound = AuditHash(record) == record.hash;
    out_of_place_ = !sound && !follows;
    if (out_of_place_) {
      const std::optional<std::int64_t> was = FormerPlace(record);
      if (was.has_value()) {
        Report(AuditFault::kReordered, record.sequence,
               absl::StrCat("record ", record.sequence, " was moved: it was written as record ", *was));
      } else {
        Report(AuditFault::kAltered, record.sequence,
               absl::StrCat("record ", record.sequence,
                            " was replaced: neither its own hash nor that of the record before it fits"));
      }
    } else if (!sound) {
      Report(AuditFault::kAltered, record.sequence,
             absl::StrCat("record ", record.sequence, " was altered: its content does not have its hash"));
    } else if (!follows) {
      Report(AuditFault::kReordered, record.sequence,
             absl::StrCat("record ", record.sequence, " does not follow record ", expected - 1,
                          ": one of them was altered and given a new hash, or put in another's place"));
    }
    Compare({record.sequence, record.hash});
    result_.head = {record.sequence, record.hash};
    ++result_.record_count;
  }

  // `head`: what the database says is the last record; nothing: it does not say.
  AuditVerification Finish(const std::optional<AuditHead>& head) {
    const std::int64_t last = result_.head.sequence;
    if (!head.has_value()) {
      Report(AuditFault::kHead, last, "the row that names the last record is gone");
    } else if (head->sequence > last) {
      Report(AuditFault::kRemoved, last + 1,
             absl::StrCat(Missing(last + 1, head->sequence), " from the end of the chain"));
    } else if (*head != result_.head) {
      Report(
          AuditFault::kHead, last,
          absl::StrCat("record ", last, " is not the one that the chain's end names (record ", head->sequence,
                       "): it was added or made anew around the platform, or the end was altered"));
    }
    for (; next_known_ < known_.size(); ++next_known_) {
      const AuditHead& known = known_[next_known_];
      if (known.sequence == 0) continue;
      Report(AuditFault::kCheckpoint, known.sequence,
             absl::StrCat("record ", known.sequence,
                          " was there when a checkpoint was made and is gone: the "
                          "chain now ends with record ",
                          last));
    }
    return std::move(result_);
  }

  const AuditVerification& result() const { return result_; }

 private:
  static std::string Missing(std::int64_t first, std::int64_t last) {
    return first == last ? absl::StrCat("record ", first, " was removed")
                         : absl::StrCat("records ", first, " to ", last, " were removed");
  }

  void Report(AuditFault fault, std::int64_t sequence, std::string text) {
    if (result_.finding_count++ < kMaxAuditFindings) {
      result_.findings.push_back({.fault = fault, .sequence = sequence, .text = std::move(text)});
    }
  }

  // The sequence with which the record's content has its hash.
  std::optional<std::int64_t> FormerPlace(AuditRecord record) const {
    if (result_.finding_count >= kMaxAuditFindings) return std::nullopt;
    const std::int64_t at = record.sequence;
    for (record.sequence = std::max<std::int64_t>(1, at - kMovedAtMost); record.sequence <= at + kMovedAtMost;
         ++record.sequence) {
      if (AuditHash(record) == record.hash) return record.sequence;
    }
    return std::nullopt;
  }

  void Compare(const AuditHead& found) {
    for (; next_known_ < known_.size() && known_[next_known_].sequence <= found.sequence; ++next_known_) {
      const AuditHead& known = known_[next_known_];
      if (known.sequence == 0) continue;
      if (known == found) {
        ++result_.known_matched;
      } else if (known.sequence == found.sequence) {
        Report(AuditFault::kCheckpoint, known.sequence,
               absl::StrCat("record ", known.sequence,
                            " has another hash than when a checkpoint was made: it or a record before it was "
                            "made anew"));
      } else {
        Report(AuditFault::kCheckpoint, known.sequence,
               absl::StrCat("record ", known.sequence, " was there when a checkpoint was made and is gone"));
      }
    }
  }

  std::vector<AuditHead> known_;
  std::size_t next_known_ = 0;
  bool out_of_place_ = false;
  AuditVerification result_;
};

}  // namespace

std::string_view ToString(AuditFault fault) {
  switch (fault) {
    case AuditFault::kAltered:
      return "altered";
    case AuditFault::kRemoved:
      return "removed";
    case AuditFault::kReordered:
      return "reordered";
    case AuditFault::kHead:
      return "head";
    case AuditFault::kCheckpoint:
      return "checkpoint";
  }
  SPECOM_CHECK(false);
}

absl::StatusOr<std::vector<AuditRecord>> ListAudit(UnitOfWork& work, const AuditFilter& filter,
                                                   std::int64_t before, int limit) {
  std::vector<Value> parameters = {before == 0 ? std::numeric_limits<std::int64_t>::max() : before,
                                   Micros(filter.start), Micros(filter.end), std::int64_t{limit}};
  const Statement* statement = filter.denials_only ? &kListDenials : &kList;
  const std::int64_t denials_only = filter.denials_only ? 1 : 0;
  if (!filter.resource.empty()) {
    statement = &kListByResource;
    parameters.insert(parameters.end(), {filter.resource, denials_only, filter.user});
  } else if (!filter.user.empty()) {
    statement = &kListByUser;
    parameters.insert(parameters.end(), {filter.user, denials_only});
  }
  ASSIGN_OR_RETURN(const std::vector<Row> rows, work.Query(*statement, parameters));
  std::vector<AuditRecord> records;
  records.reserve(rows.size());
  for (const Row& row : rows) records.push_back(ToRecord(row));
  return records;
}

absl::StatusOr<AuditHead> FindAuditHead(UnitOfWork& work) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, work.Query(kFindHead));
  if (rows.empty()) {
    return MakeError(absl::StatusCode::kDataLoss, "AUDIT_HEAD_MISSING",
                     "the row that names the last audit record is gone; run: specom verify audit");
  }
  return AuditHead{.sequence = rows.front().Integer(0), .hash = rows.front().Text(1)};
}

absl::StatusOr<AuditVerification> VerifyAudit(Store& store, const RequestContext& context,
                                              const AuditVerificationOptions& options) {
  Verifier verifier(options.known);
  std::optional<AuditHead> head;
  std::vector<Row> rows;
  // Also what stands before the beginning: lists show it.
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  do {
    // A record and the head that names it commit together: the last batch sees both.
    RETURN_IF_ERROR(store.Read(context, [&](UnitOfWork& work) -> absl::Status {
      ASSIGN_OR_RETURN(rows, work.Query(kListForwards, {last, std::int64_t{options.batch}}));
      absl::StatusOr<AuditHead> found = FindAuditHead(work);
      if (!found.ok() && !absl::IsDataLoss(found.status())) return found.status();
      head = found.ok() ? std::optional(*std::move(found)) : std::nullopt;
      return absl::OkStatus();
    }));
    for (const Row& row : rows) {
      const AuditRecord record = ToRecord(row);
      verifier.Visit(record);
      last = record.sequence;
    }
    if (options.progress) options.progress(verifier.result().record_count);
  } while (rows.size() == static_cast<std::size_t>(options.batch));
  return verifier.Finish(head);
}

}  // namespace specom::store

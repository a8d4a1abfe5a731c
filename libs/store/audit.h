// The audit record of one service: who changed what, and who was refused. Records are only added; each
// holds the hash of the one before it, so that a record altered, removed or moved is found and named.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/store/store.h"

namespace specom::store {

// The action of a record of a refusal.
inline constexpr char kDenied[] = "denied";

// What was done; the context tells by whom. UnitOfWork::Audit appends it with the change.
struct AuditEntry {
  // The resource's name, e.g. "runs/7"; empty for a refusal before one was named.
  std::string resource;
  // In the past tense, e.g. "approved".
  std::string action;
  // SHA-256, in hex, of the resource's stored form before and after; empty where there was or is none.
  std::string before_digest = {};
  std::string after_digest = {};
  // Why, as the caller or the refusal gave it.
  std::string reason = {};
};

// One record as it is stored.
struct AuditRecord {
  // Position in the chain, from 1, without gaps.
  std::int64_t sequence = 0;
  absl::Time time;
  std::string user;
  std::string workload;
  // Words of ParseRole, separated by commas.
  std::string roles;
  std::string organisation;
  std::string method;
  AuditEntry entry;
  std::string request_id;
  std::string traceparent;
  // Of the record before; empty for the first.
  std::string previous_hash;
  // AuditHash of this record.
  std::string hash;
};

// SHA-256, in hex, over "specom.audit.v1" and every field of the record but its hash, in the order of
// AuditRecord, numbers in decimal and the time in microseconds since 1970; each part is preceded by its
// length in bytes (8 bytes, big-endian), so that no two records have one form.
std::string AuditHash(const AuditRecord& record);

// Each narrows the list; empty: all.
struct AuditFilter {
  std::string user = {};
  std::string resource = {};
  // From start (inclusive) to end (exclusive).
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
  bool denials_only = false;
};

// Up to `limit` records below the sequence `before` (0: from the last one on), latest first.
absl::StatusOr<std::vector<AuditRecord>> ListAudit(UnitOfWork& work, const AuditFilter& filter,
                                                   std::int64_t before, int limit);

// How far a chain went when somebody looked.
struct AuditHead {
  // 0: no record yet.
  std::int64_t sequence = 0;
  std::string hash = {};

  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

// The end of the chain. DATA_LOSS/AUDIT_HEAD_MISSING when the row that says so is gone.
absl::StatusOr<AuditHead> FindAuditHead(UnitOfWork& work);

enum class AuditFault {
  // A record's content does not have its hash.
  kAltered,
  // A sequence has no record.
  kRemoved,
  // A record does not hold the hash of the one before it.
  kReordered,
  // The row that ends the chain is gone or names another record than the last one.
  kHead,
  // The chain does not go through what was known of it outside the database.
  kCheckpoint,
};
std::string_view ToString(AuditFault fault);

struct AuditFinding {
  AuditFault fault;
  // Of the first record that it is about.
  std::int64_t sequence = 0;
  // In plain English, with the sequence.
  std::string text;
};

inline constexpr int kMaxAuditFindings = 20;

struct AuditVerification {
  std::int64_t record_count = 0;
  // The last record.
  AuditHead head = {};
  std::int64_t known_matched = 0;
  // In the order of the chain, at most kMaxAuditFindings of finding_count.
  std::vector<AuditFinding> findings = {};
  std::int64_t finding_count = 0;

  bool intact() const { return finding_count == 0; }
};

struct AuditVerificationOptions {
  // What the chain was known to be before, from outside the database: only this tells that records at the
  // end were removed, or that all from one on were made anew. In any order.
  std::vector<AuditHead> known = {};
  // How many records are read at a time.
  int batch = 1000;
  // Told now and then how many records were verified. May be empty.
  std::function<void(std::int64_t)> progress = {};
};

// Recomputes the chain from its beginning; memory does not grow with it. Records that are added meanwhile
// are verified too. The context's deadline bounds the whole.
absl::StatusOr<AuditVerification> VerifyAudit(Store& store, const RequestContext& context,
                                              const AuditVerificationOptions& options = {});

}  // namespace specom::store

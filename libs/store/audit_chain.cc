#include "libs/store/audit_chain.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

const Statement kAppend{
    .name = "store.append_audit_record",
    .sql =
        "INSERT INTO audit_record (sequence, time_us, user_name, workload, roles, organisation, method, "
        "resource, action, before_digest, after_digest, reason, request_id, traceparent, previous_hash, "
        "hash) "
        "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13, :p14, :p15, :p16)",
};
const Statement kMoveHead{
    .name = "store.move_audit_head",
    .sql = "UPDATE audit_head SET sequence = :p1, hash = :p2 WHERE id = 1",
};

std::string RoleWords(const Principal& principal) {
  std::string words;
  for (Role role : principal.roles)
    absl::StrAppend(&words, words.empty() ? "" : ",", std::string(ToString(role)));
  return words;
}

}  // namespace

std::string AuditHash(const AuditRecord& record) {
  Sha256 hash;
  hash.Part("specom.audit.v1")
      .Part(absl::StrCat(record.sequence))
      .Part(absl::StrCat(absl::ToUnixMicros(record.time)))
      .Part(record.user)
      .Part(record.workload)
      .Part(record.roles)
      .Part(record.organisation)
      .Part(record.method)
      .Part(record.entry.resource)
      .Part(record.entry.action)
      .Part(record.entry.before_digest)
      .Part(record.entry.after_digest)
      .Part(record.entry.reason)
      .Part(record.request_id)
      .Part(record.traceparent)
      .Part(record.previous_hash);
  return hash.HexDigest();
}

absl::Status AppendAuditRecord(Connection& connection, const RequestContext& context, const AuditEntry& entry,
                               absl::Time now) {
  ASSIGN_OR_RETURN(const Row head, connection.HoldAuditHead());
  AuditRecord record{.sequence = head.Integer(0) + 1,
                     .time = now,
                     .user = context.principal.user,
                     .workload = context.workload,
                     .roles = RoleWords(context.principal),
                     .organisation = context.principal.organisation,
                     .method = context.method,
                     .entry = entry,
                     .request_id = context.request_id,
                     .traceparent = context.traceparent,
                     .previous_hash = head.Text(1),
                     .hash = {}};
  record.hash = AuditHash(record);
  RETURN_IF_ERROR(
      connection
          .Execute(kAppend, {record.sequence, absl::ToUnixMicros(record.time), record.user, record.workload,
                             record.roles, record.organisation, record.method, entry.resource, entry.action,
                             entry.before_digest, entry.after_digest, entry.reason, record.request_id,
                             record.traceparent, record.previous_hash, record.hash})
          .status());
  return connection.Execute(kMoveHead, {record.sequence, record.hash}).status();
}

}  // namespace specom::store

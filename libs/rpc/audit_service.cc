#include "libs/rpc/audit_service.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/rpc/paging.h"
#include "libs/store/audit.h"

namespace specom::rpc {
namespace {

namespace v1 = common::v1;

constexpr char kListAuditRecords[] = "specom.common.v1.AuditService/ListAuditRecords";
constexpr char kVerifyAudit[] = "specom.common.v1.AuditService/VerifyAudit";
constexpr int kStandardPage = 100;
constexpr int kLargestPage = 1000;

// "joint-committee" → ROLE_JOINT_COMMITTEE; a word that is no role any more: ROLE_UNSPECIFIED.
v1::Role RoleOf(absl::string_view word) {
  std::string name = absl::StrCat("ROLE_", word);
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  v1::Role role = v1::ROLE_UNSPECIFIED;
  return v1::Role_Parse(name, &role) ? role : v1::ROLE_UNSPECIFIED;
}

void ToProto(const std::string& service, const store::AuditRecord& record, v1::AuditRecord& message) {
  message.set_service(service);
  message.set_sequence(record.sequence);
  const std::int64_t micros = absl::ToUnixMicros(record.time);
  message.mutable_time()->set_seconds(micros / 1'000'000);
  message.mutable_time()->set_nanos(static_cast<std::int32_t>(micros % 1'000'000 * 1000));
  message.set_user(record.user);
  message.set_workload(record.workload);
  for (absl::string_view word : absl::StrSplit(record.roles, ',', absl::SkipEmpty())) {
    message.add_roles(RoleOf(word));
  }
  message.set_organisation(record.organisation);
  message.set_method(record.method);
  message.set_resource(record.entry.resource);
  message.set_action(record.entry.action);
  message.set_before_digest(record.entry.before_digest);
  message.set_after_digest(record.entry.after_digest);
  message.set_reason(record.entry.reason);
  message.set_request_id(record.request_id);
  message.set_traceparent(record.traceparent);
  message.set_previous_hash(record.previous_hash);
  message.set_hash(record.hash);
}

// Years 1 to 9999, as a Timestamp may say.
bool IsSound(const google::protobuf::Timestamp& time) {
  return time.seconds() >= -62135596800 && time.seconds() <= 253402300799 && time.nanos() >= 0 &&
         time.nanos() < 1'000'000'000;
}

absl::StatusOr<store::AuditFilter> FilterOf(const v1::ListAuditRecordsRequest& request) {
  store::AuditFilter filter{
      .user = request.user(), .resource = request.resource(), .denials_only = request.denials_only()};
  std::vector<FieldViolation> violations;
  const auto read = [&](const char* field, bool present, const google::protobuf::Timestamp& time,
                        absl::Time& bound) {
    if (!present) return;
    if (IsSound(time)) {
      bound = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
    } else {
      violations.push_back({field, "must be a time from year 1 to 9999"});
    }
  };
  read("start_time", request.has_start_time(), request.start_time(), filter.start);
  read("end_time", request.has_end_time(), request.end_time(), filter.end);
  if (violations.empty() && filter.start > filter.end)
    violations.push_back({"end_time", "must not be before start_time"});
  if (!violations.empty()) return InvalidFields(violations);
  return filter;
}

}  // namespace

absl::StatusOr<store::Store*> AuditService::StoreOf(const std::string& service) const {
  const auto found = stores_.find(service);
  if (found != stores_.end()) return found->second;
  std::string known;
  for (const auto& [name, store] : stores_) absl::StrAppend(&known, known.empty() ? "" : ", ", name);
  return InvalidFields({{"service", absl::StrCat("must be one whose record is in this process: ", known)}});
}

absl::StatusOr<v1::ListAuditRecordsResponse> AuditService::List(
    const RequestContext& context, const v1::ListAuditRecordsRequest& request) const {
  ASSIGN_OR_RETURN(store::Store * store, StoreOf(request.service()));
  ASSIGN_OR_RETURN(const store::AuditFilter filter, FilterOf(request));
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size(), kStandardPage, kLargestPage));
  ASSIGN_OR_RETURN(const std::optional<PagePosition> position, ReadPageToken(kListAuditRecords, request));
  std::int64_t before = 0;
  if (position && !absl::SimpleAtoi(position->after, &before))
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_PAGE_TOKEN",
                     "the page_token is none of this list; begin with the first page");

  std::vector<store::AuditRecord> records;
  RETURN_IF_ERROR(store->Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    // One more than asked for tells whether there is a further page.
    ASSIGN_OR_RETURN(records, store::ListAudit(work, filter, before, size + 1));
    return absl::OkStatus();
  }));
  v1::ListAuditRecordsResponse response;
  const bool more = records.size() > static_cast<std::size_t>(size);
  if (more) {
    records.pop_back();
    response.set_next_page_token(
        MakePageToken(kListAuditRecords, request, {.after = absl::StrCat(records.back().sequence)}));
  }
  for (const store::AuditRecord& record : records)
    ToProto(request.service(), record, *response.add_records());
  return response;
}

absl::StatusOr<v1::AuditVerification> AuditService::Verify(const RequestContext& context,
                                                           const v1::VerifyAuditRequest& request) const {
  ASSIGN_OR_RETURN(store::Store * store, StoreOf(request.service()));
  ASSIGN_OR_RETURN(const store::AuditVerification verification, store::VerifyAudit(*store, context));
  v1::AuditVerification response;
  response.set_service(request.service());
  response.set_record_count(verification.record_count);
  response.set_head_hash(verification.head.hash);
  response.set_intact(verification.intact());
  for (const store::AuditFinding& finding : verification.findings) response.add_findings(finding.text);
  return response;
}

grpc::ServerUnaryReactor* AuditService::ListAuditRecords(grpc::CallbackServerContext* context,
                                                         const v1::ListAuditRecordsRequest* request,
                                                         v1::ListAuditRecordsResponse* response) {
  return pipeline_.Unary<v1::ListAuditRecordsRequest, v1::ListAuditRecordsResponse>(
      context, kListAuditRecords, *request, response,
      [this](RequestContext& rc, const v1::ListAuditRecordsRequest& q) { return List(rc, q); });
}

grpc::ServerUnaryReactor* AuditService::VerifyAudit(grpc::CallbackServerContext* context,
                                                    const v1::VerifyAuditRequest* request,
                                                    v1::AuditVerification* response) {
  return pipeline_.Unary<v1::VerifyAuditRequest, v1::AuditVerification>(
      context, kVerifyAudit, *request, response,
      [this](RequestContext& rc, const v1::VerifyAuditRequest& q) { return Verify(rc, q); });
}

}  // namespace specom::rpc

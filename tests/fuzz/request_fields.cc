// Requests of any method: their fields are found sound or named, and their digest is their content's.
#include "google/longrunning/operations.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/field_validation.h"
#include "libs/rpc/request_digest.h"
#include "specom/common/v1/access_service.pb.h"
#include "specom/finance/v1/finance_service.pb.h"
#include "specom/portfolio/v1/portfolio_service.pb.h"
#include "specom/reporting/v1/reporting_service.pb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"

namespace specom::fuzz {

void Examine(std::string_view input) {
  // What is used is linked.
  common::v1::ExplainAccessRequest::descriptor();
  finance::v1::GetRunRequest::descriptor();
  portfolio::v1::GetServiceRequest::descriptor();
  reporting::v1::GetRegionalReportRequest::descriptor();
  google::longrunning::GetOperationRequest::descriptor();
  const TypedBytes read = ReadTyped(input);
  const auto request = NewMessage(read.type);
  // A message of descriptor.proto refers to itself: none is a request.
  if (request == nullptr || read.type.starts_with("google.protobuf.")) return;
  if (!request->ParseFromString(read.bytes)) return;
  const absl::Status status = rpc::ValidateFields(*request);
  Require(status.ok() || ErrorReason(status) == "INVALID_FIELDS", "a field is sound or is named");
  Require(status.ok() != !FieldViolationsOf(status).empty(), "a refusal names a field");
  const auto again = NewMessage(read.type);
  Require(again->ParseFromString(request->SerializeAsString()), "a request can be sent on");
  Require(
      rpc::RequestDigest("m", *request, {"request_id"}) == rpc::RequestDigest("m", *again, {"request_id"}),
      "the same request has one digest");
}

}  // namespace specom::fuzz

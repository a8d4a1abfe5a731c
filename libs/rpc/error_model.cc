#include "libs/rpc/error_model.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "libs/base/status.h"

namespace specom::rpc {
namespace {

constexpr std::size_t kMaxMessage = 768;
constexpr std::size_t kMaxMetadataValue = 256;
constexpr std::size_t kMaxViolationText = 200;
constexpr char kFurtherViolations[] = "further_violations";

// Valid UTF-8 of at most `limit` bytes, whole characters only; what is not UTF-8 becomes '?'.
std::string Clip(std::string_view text, std::size_t limit) {
  std::string clipped;
  std::size_t i = 0;
  while (i < text.size()) {
    auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = lead < 0x80                   ? 1
                         : lead >= 0xC2 && lead < 0xE0 ? 2
                         : lead >= 0xE0 && lead < 0xF0 ? 3
                         : lead >= 0xF0 && lead < 0xF5 ? 4
                                                       : 0;
    bool valid = length > 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k) {
      valid = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    }
    if (valid && length >= 3) {
      auto second = static_cast<unsigned char>(text[i + 1]);
      // Overlong forms, surrogates and what lies beyond U+10FFFF.
      valid = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F) &&
              !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    std::string_view character = valid ? text.substr(i, length) : std::string_view("?");
    constexpr std::string_view kEllipsis = "…";
    if (clipped.size() + character.size() + (i + length < text.size() ? kEllipsis.size() : 0) > limit) {
      clipped += kEllipsis;
      break;
    }
    clipped += character;
    i += valid ? length : 1;
  }
  return clipped;
}

// The typed details of one status before they are packed.
struct Details {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::RetryInfo retry;
  google::rpc::ResourceInfo resource;
  google::rpc::RequestInfo request;
  int further_violations = 0;

  google::rpc::Status Pack(int code, const std::string& message) const {
    google::rpc::Status packed;
    packed.set_code(code);
    packed.set_message(message);
    packed.add_details()->PackFrom(info);
    if (bad_request.field_violations_size() > 0) packed.add_details()->PackFrom(bad_request);
    if (retry.has_retry_delay()) packed.add_details()->PackFrom(retry);
    if (!resource.resource_type().empty()) packed.add_details()->PackFrom(resource);
    if (!request.request_id().empty()) packed.add_details()->PackFrom(request);
    return packed;
  }

  // Takes away what is least missed; false when there is nothing left to take.
  bool Shrink() {
    auto& metadata = *info.mutable_metadata();
    if (bad_request.field_violations_size() > 1) {
      bad_request.mutable_field_violations()->RemoveLast();
      metadata[kFurtherViolations] = std::to_string(++further_violations);
      return true;
    }
    auto longest = metadata.end();
    for (auto it = metadata.begin(); it != metadata.end(); ++it) {
      if (it->first == kFurtherViolations) continue;
      if (longest == metadata.end() || it->second.size() > longest->second.size() ||
          (it->second.size() == longest->second.size() && it->first > longest->first)) {
        longest = it;
      }
    }
    if (longest == metadata.end()) return false;
    metadata.erase(longest);
    return true;
  }
};

Details DetailsOf(const absl::Status& status, std::string_view domain, std::string_view request_id) {
  Details details;
  std::string reason = ErrorReason(status);
  details.info.set_reason(reason.empty() ? CodeName(status.code()) : Clip(reason, 64));
  details.info.set_domain(std::string(domain));
  for (const auto& [key, value] : ErrorMetadataOf(status)) {
    (*details.info.mutable_metadata())[Clip(key, 64)] = Clip(value, kMaxMetadataValue);
  }
  std::vector<FieldViolation> violations = FieldViolationsOf(status);
  for (const FieldViolation& violation : violations) {
    if (details.bad_request.field_violations_size() == kMaxViolations) {
      ++details.further_violations;
      continue;
    }
    auto* added = details.bad_request.add_field_violations();
    added->set_field(Clip(violation.field, kMaxViolationText));
    added->set_description(Clip(violation.description, kMaxViolationText));
  }
  // A status may know of violations that it does not hold.
  auto counted = ErrorMetadataOf(status);
  if (auto total = counted.find("violations"); total != counted.end()) {
    details.further_violations =
        std::max(details.further_violations,
                 std::atoi(total->second.c_str()) - details.bad_request.field_violations_size());
  }
  if (details.further_violations > 0) {
    (*details.info.mutable_metadata())[kFurtherViolations] = std::to_string(details.further_violations);
  }
  if (int milliseconds = RetryAfterMilliseconds(status); milliseconds >= 0) {
    details.retry.mutable_retry_delay()->set_seconds(milliseconds / 1000);
    details.retry.mutable_retry_delay()->set_nanos(milliseconds % 1000 * 1'000'000);
  }
  auto [type, name] = ResourceOf(status);
  details.resource.set_resource_type(Clip(type, kMaxMetadataValue));
  details.resource.set_resource_name(Clip(name, kMaxMetadataValue));
  details.request.set_request_id(Clip(request_id, 128));
  return details;
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status, std::string_view domain,
                                std::string_view request_id) {
  google::rpc::Status packed;
  if (status.ok()) return packed;
  std::string message = Clip({status.message().data(), status.message().size()}, kMaxMessage);
  Details details = DetailsOf(status, domain, request_id);
  do {
    packed = details.Pack(static_cast<int>(status.code()), message);
    // The message travels twice: beside the details and in them.
  } while (packed.ByteSizeLong() + message.size() > kMaxErrorBytes && details.Shrink());
  return packed;
}

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  auto code = static_cast<absl::StatusCode>(status.code());
  if (status.code() < 0 || status.code() > 16) code = absl::StatusCode::kUnknown;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::RetryInfo retry;
  google::rpc::ResourceInfo resource;
  for (const auto& detail : status.details()) {
    detail.UnpackTo(&info) || detail.UnpackTo(&bad_request) || detail.UnpackTo(&retry) ||
        detail.UnpackTo(&resource);
  }
  absl::Status error = MakeError(code, info.reason(), status.message(),
                                 ErrorMetadata(info.metadata().begin(), info.metadata().end()));
  std::vector<FieldViolation> violations;
  for (const auto& violation : bad_request.field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  error = WithFieldViolations(std::move(error), violations);
  if (retry.has_retry_delay()) {
    std::int64_t milliseconds =
        retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1'000'000;
    error = WithRetryAfter(std::move(error),
                           static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, INT32_MAX)));
  }
  if (!resource.resource_type().empty()) {
    error = WithResource(std::move(error), resource.resource_type(), resource.resource_name());
  }
  return error;
}

grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view domain, std::string_view request_id) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status packed = ToRpcStatus(status, domain, request_id);
  return grpc::Status(static_cast<grpc::StatusCode>(packed.code()), packed.message(),
                      packed.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status packed;
  bool has_details = !status.error_details().empty() && packed.ParseFromString(status.error_details()) &&
                     packed.code() == static_cast<int>(status.error_code());
  if (!has_details) {
    packed.Clear();
    packed.set_code(static_cast<int>(status.error_code()));
    packed.set_message(status.error_message());
  }
  return FromRpcStatus(packed);
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

absl::Status MaskedError(std::string_view reference) {
  return MakeError(absl::StatusCode::kInternal, "INTERNAL_ERROR",
                   "Something went wrong in the server. Tell its operators the reference " +
                       std::string(reference) + "; their log explains it.",
                   {{"reference", std::string(reference)}});
}

std::string CodeName(absl::StatusCode code) {
  return absl::StatusCodeToString(code);
}

}  // namespace specom::rpc

#include "libs/base/status.h"

#include <cstdlib>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/check.h"

namespace specom {
namespace {

// Payload keys. A field violation's value is "field\ndescription".
constexpr char kReason[] = "specom/reason";
constexpr char kMetadata[] = "specom/metadata/";
constexpr char kViolation[] = "specom/violation/";
constexpr char kRetryAfter[] = "specom/retry_after_ms";
constexpr char kResource[] = "specom/resource";

absl::string_view Abseil(std::string_view text) {
  return {text.data(), text.size()};
}

std::string PayloadText(const absl::Status& status, absl::string_view key) {
  auto payload = status.GetPayload(key);
  return payload ? std::string(*payload) : std::string();
}

std::pair<std::string, std::string> SplitAtNewline(const std::string& text) {
  auto at = text.find('\n');
  if (at == text.npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorMetadata& metadata) {
  SPECOM_CHECK(code != absl::StatusCode::kOk);
  absl::Status status(code, Abseil(message));
  status.SetPayload(kReason, absl::Cord(Abseil(reason)));
  for (const auto& [key, value] : metadata)
    status.SetPayload(absl::StrCat(kMetadata, key), absl::Cord(value));
  return status;
}

absl::Status InvalidFields(const std::vector<FieldViolation>& violations) {
  SPECOM_CHECK(!violations.empty());
  std::string message = absl::StrCat(violations.front().field, ": ", violations.front().description);
  if (violations.size() > 1) absl::StrAppend(&message, " (and ", violations.size() - 1, " more)");
  return WithFieldViolations(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", message,
                                       {{"violations", absl::StrCat(violations.size())}}),
                             violations);
}

absl::Status WithFieldViolations(absl::Status status, const std::vector<FieldViolation>& violations) {
  for (std::size_t i = 0; i < violations.size(); ++i) {
    status.SetPayload(absl::StrFormat("%s%06d", kViolation, i),
                      absl::Cord(absl::StrCat(violations[i].field, "\n", violations[i].description)));
  }
  return status;
}

absl::Status WithRetryAfter(absl::Status status, int milliseconds) {
  status.SetPayload(kRetryAfter, absl::Cord(absl::StrCat(milliseconds)));
  return status;
}

absl::Status WithResource(absl::Status status, std::string_view type, std::string_view name) {
  status.SetPayload(kResource, absl::Cord(absl::StrCat(Abseil(type), "\n", Abseil(name))));
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  return PayloadText(status, kReason);
}

ErrorMetadata ErrorMetadataOf(const absl::Status& status) {
  ErrorMetadata metadata;
  status.ForEachPayload([&](absl::string_view key, const absl::Cord& value) {
    std::string name(key);
    if (name.starts_with(kMetadata)) metadata[name.substr(sizeof(kMetadata) - 1)] = std::string(value);
  });
  return metadata;
}

std::vector<FieldViolation> FieldViolationsOf(const absl::Status& status) {
  std::map<std::string, FieldViolation> ordered;
  status.ForEachPayload([&](absl::string_view key, const absl::Cord& value) {
    std::string name(key);
    if (!name.starts_with(kViolation)) return;
    auto [field, description] = SplitAtNewline(std::string(value));
    ordered[name] = {std::move(field), std::move(description)};
  });
  std::vector<FieldViolation> violations;
  for (auto& [key, violation] : ordered) violations.push_back(std::move(violation));
  return violations;
}

int RetryAfterMilliseconds(const absl::Status& status) {
  std::string text = PayloadText(status, kRetryAfter);
  return text.empty() ? -1 : std::atoi(text.c_str());
}

std::pair<std::string, std::string> ResourceOf(const absl::Status& status) {
  return SplitAtNewline(PayloadText(status, kResource));
}

}  // namespace specom

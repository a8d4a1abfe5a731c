#include "libs/rpc/denied_call.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/rpc/request_digest.h"

namespace specom::rpc {
namespace {

constexpr std::size_t kLongestText = 400;
// The fields in which requests name what they are about.
constexpr const char* kResourceFields[] = {"name", "run", "input_set", "resource", "parent"};

// Visible ASCII, at most kLongestText of it: what names something comes from outside.
std::string Storable(std::string text) {
  if (text.size() > kLongestText) text.resize(kLongestText);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

// "ipv4:10.0.0.7:4711" → "ipv4:10.0.0.7": the port tells nothing.
std::string Host(const std::string& address) {
  return address.starts_with("ip") ? address.substr(0, address.rfind(':')) : address;
}

}  // namespace

store::AuditEntry DenialOf(const absl::Status& refusal, const google::protobuf::Message& request,
                           const std::string& peer_address) {
  store::AuditEntry entry{.resource = {}, .action = store::kDenied};
  for (const char* field : kResourceFields) {
    if (entry.resource.empty()) entry.resource = Storable(StringField(request, field));
  }
  const std::string reason = ErrorReason(refusal);
  entry.reason = absl::StrCat(reason, reason.empty() ? "" : ": ", refusal.message());
  if (absl::IsUnauthenticated(refusal)) absl::StrAppend(&entry.reason, " (from ", Host(peer_address), ")");
  entry.reason = Storable(std::move(entry.reason));
  return entry;
}

}  // namespace specom::rpc

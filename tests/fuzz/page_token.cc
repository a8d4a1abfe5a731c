// Page tokens: what is no token of this server is refused, and a token is read as it was made.
#include "google/longrunning/operations.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/paging.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

constexpr std::string_view kMethod = "google.longrunning.Operations/ListOperations";

void Read(std::string_view token) {
  google::longrunning::ListOperationsRequest request;
  request.set_page_token(std::string(token));
  const auto position = rpc::ReadPageToken(kMethod, request);
  if (!position.ok()) {
    Require(absl::IsInvalidArgument(position.status()), "a bad token is the caller's fault");
    return;
  }
  Require(position->has_value() == !token.empty(), "no token asks for the first page");
  if (*position)
    Require(rpc::MakePageToken(kMethod, request, **position) == token, "a position has one token");
}

void Make(std::string_view input) {
  std::int64_t micros = 0;
  for (std::size_t i = 0; i < 8 && i < input.size(); ++i) {
    micros = static_cast<std::int64_t>(static_cast<std::uint64_t>(micros) << 8 |
                                       static_cast<unsigned char>(input[i]));
  }
  rpc::PagePosition position = {std::string(input.substr(input.size() < 8 ? input.size() : 8)),
                                absl::FromUnixMicros(micros)};
  google::longrunning::ListOperationsRequest request;
  const std::string token = rpc::MakePageToken(kMethod, request, position);
  request.set_page_token(token);
  // The page's size may change from page to page.
  request.set_page_size(7);
  const auto read = rpc::ReadPageToken(kMethod, request);
  Require(read.ok() && read->has_value() && (*read)->after == position.after,
          "a token is read as it was made");
  // The two ends of the range stand for the infinite times.
  if (micros != INT64_MAX && micros != INT64_MIN) {
    Require((*read)->snapshot == position.snapshot, "a token keeps the time to the microsecond");
  }
  request.set_filter("another");
  const auto other = rpc::ReadPageToken(kMethod, request);
  Require(ErrorReason(other.status()) == "PAGE_TOKEN_MISMATCH", "a token belongs to its list");
}

}  // namespace

void Examine(std::string_view input) {
  // protobuf's strings are UTF-8 on the wire; a token of other bytes does not arrive.
  Read(input);
  Make(input);
}

}  // namespace specom::fuzz

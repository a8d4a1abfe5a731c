// Pages of a list. A token is opaque, holds where the next page begins and which state of the data it
// belongs to, and is bound to the request that it continues.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace specom::rpc {

struct PagePosition {
  // The sort key of the last item of the page before, in the service's own form.
  std::string after = {};
  // As the data were known at; to the microsecond, infinite times are kept.
  absl::Time snapshot = absl::InfinitePast();

  friend bool operator==(const PagePosition&, const PagePosition&) = default;
};

// The token of the page that follows `position` of this request. Any bytes may stand in the position.
std::string MakePageToken(std::string_view full_method, const google::protobuf::Message& request,
                          const PagePosition& position);

// Reads the request's page_token; nothing when it is empty: the first page. All fields but page_size
// must be as they were when the token was made: INVALID_ARGUMENT/PAGE_TOKEN_MISMATCH when they are not,
// INVALID_ARGUMENT/INVALID_PAGE_TOKEN when the text is no token of this server.
absl::StatusOr<std::optional<PagePosition>> ReadPageToken(std::string_view full_method,
                                                          const google::protobuf::Message& request);

// The number of items to return: `standard` for 0, never more than `largest`.
// INVALID_ARGUMENT/INVALID_FIELDS when it is negative.
absl::StatusOr<int> PageSize(int asked, int standard, int largest);

}  // namespace specom::rpc

// What can be checked of any request without knowing its meaning, from its descriptors alone.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"

namespace specom::rpc {

// Checks the request and every message in it: fields marked REQUIRED are set; enum numbers are known;
// dates and timestamps are valid; at the top, page_size is not negative and request_id is empty or a
// UUID. INVALID_ARGUMENT/INVALID_FIELDS with all violations at once and full paths, e.g.
// "decisions[3].effective_from"; beyond 100 they are counted only.
absl::Status ValidateFields(const google::protobuf::Message& request);

}  // namespace specom::rpc

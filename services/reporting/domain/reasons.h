// The reasons that reporting refuses a call for: one stable name each, part of the contract.
#pragma once

#include <string_view>

namespace specom::reporting {

// Nothing was published for the stream and year.
inline constexpr std::string_view kReportNotFound = "REPORT_NOT_FOUND";
// What was published has no such region.
inline constexpr std::string_view kRegionNotFound = "REGION_NOT_FOUND";
// The region's published figures are not the sums of its ICBs'.
inline constexpr std::string_view kReportNotReconciled = "REPORT_NOT_RECONCILED";
// An event's payload breaks the contract of events.proto.
inline constexpr std::string_view kEventMalformed = "EVENT_MALFORMED";

}  // namespace specom::reporting

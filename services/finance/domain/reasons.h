// The registry of finance's error reasons: ErrorInfo.reason on the wire, stable once released.
#pragma once

#include <string_view>

namespace specom::finance {

// A total differs from the sum of its parts: nothing was returned. Names both sides.
inline constexpr std::string_view kInvariantBroken = "INVARIANT_BROKEN";
// The figures leave the range that whole pence can hold exactly.
inline constexpr std::string_view kAmountOutOfRange = "AMOUNT_OUT_OF_RANGE";
// The ICB has no part in these inputs.
inline constexpr std::string_view kIcbNotFound = "ICB_NOT_FOUND";
// The operation needs a fair shares target and the policy says that the stream has none.
inline constexpr std::string_view kStreamHasNoTarget = "STREAM_HAS_NO_TARGET";
// The stated assumptions stop making sense before the last year that was asked for.
inline constexpr std::string_view kProjectionNotPossible = "PROJECTION_NOT_POSSIBLE";
// Only runs of one stream can be compared.
inline constexpr std::string_view kStreamsDiffer = "STREAMS_DIFFER";

}  // namespace specom::finance

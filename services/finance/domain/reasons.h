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
// The shares that an ICB's successors receive of its figures do not add up to 1.
inline constexpr std::string_view kFootprintIncomplete = "FOOTPRINT_INCOMPLETE";

// The run has changed since the caller read it.
inline constexpr std::string_view kStaleEtag = "STALE_ETAG";
// The run's state does not allow the action; metadata: state, action and remedy.
inline constexpr std::string_view kRunState = "RUN_STATE";
// A run is approved by somebody other than the person who created it.
inline constexpr std::string_view kApproverIsAuthor = "APPROVER_IS_AUTHOR";
// The run was computed by another version of the method and cannot be worked through again.
inline constexpr std::string_view kMethodChanged = "METHOD_CHANGED";
// The caller may not see this resource; said alike whether or not it exists.
inline constexpr std::string_view kNotVisible = "NOT_VISIBLE";
inline constexpr std::string_view kRunNotFound = "RUN_NOT_FOUND";
inline constexpr std::string_view kInputSetNotFound = "INPUT_SET_NOT_FOUND";
inline constexpr std::string_view kPolicyNotFound = "POLICY_NOT_FOUND";
// No inputs ship with the platform for this stream and year.
inline constexpr std::string_view kNoReferenceInputs = "NO_REFERENCE_INPUTS";
// Stored inputs no longer give the digest that names them.
inline constexpr std::string_view kInputsDamaged = "INPUTS_DAMAGED";
// Later footprints were asked for and the service was not told where portfolio is; or it does not answer.
inline constexpr std::string_view kNoPortfolioEndpoint = "NO_PORTFOLIO_ENDPOINT";
inline constexpr std::string_view kPortfolioUnavailable = "PORTFOLIO_UNAVAILABLE";

}  // namespace specom::finance

// W3C trace context: one trace from the first caller through calls, events and statements.
// https://www.w3.org/TR/trace-context/
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace specom::observe {

struct TraceContext {
  // 32 lower-case hexadecimal digits, not all zero.
  std::string trace_id;
  // 16 lower-case hexadecimal digits, not all zero.
  std::string span_id;
  bool sampled = true;

  // "00-<trace>-<span>-01"
  std::string Traceparent() const;

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// Nothing when the text is not a valid traceparent. A version above 00 is read by its first four
// fields, as the standard has it; version ff is invalid.
std::optional<TraceContext> ParseTraceparent(std::string_view text);

// The trace id of a valid traceparent; "" of a text that is too short to be one.
std::string_view TraceIdOf(std::string_view traceparent);

// The first span of a new trace.
TraceContext NewTrace();
// A new span of the same trace.
TraceContext ChildOf(const TraceContext& parent);
// A child of what the text says, or a new trace where it says nothing valid.
TraceContext ContinueTrace(std::string_view traceparent);

}  // namespace specom::observe

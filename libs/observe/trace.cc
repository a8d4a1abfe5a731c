#include "libs/observe/trace.h"

#include <algorithm>
#include <cstdint>

#include "libs/base/random.h"

namespace specom::observe {
namespace {

// version "-" trace-id "-" parent-id "-" flags: 2 + 32 + 16 + 2 digits and three hyphens.
constexpr std::size_t kLength = 55;

// 16 hexadecimal digits, not all zero.
void AppendNewId(std::string& text) {
  std::uint64_t value = 0;
  while (value == 0) value = Random64();
  for (int i = 0; i < 16; ++i, value >>= 4) text += "0123456789abcdef"[value & 0xf];
}

std::string NewId(int size_in_words) {
  std::string id;
  id.reserve(static_cast<std::size_t>(size_in_words) * 16);
  for (int i = 0; i < size_in_words; ++i) AppendNewId(id);
  return id;
}

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) {
  return text.find_first_not_of('0') == text.npos;
}

}  // namespace

std::string TraceContext::Traceparent() const {
  std::string text;
  text.reserve(kLength);
  text.append("00-").append(trace_id).append("-").append(span_id).append(sampled ? "-01" : "-00");
  return text;
}

std::optional<TraceContext> ParseTraceparent(std::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::string_view version = text.substr(0, 2);
  std::string_view trace = text.substr(3, 32);
  std::string_view span = text.substr(36, 16);
  std::string_view flags = text.substr(53, 2);
  if (!IsLowerHex(version) || !IsLowerHex(trace) || !IsLowerHex(span) || !IsLowerHex(flags))
    return std::nullopt;
  if (version == "ff" || IsZero(trace) || IsZero(span)) return std::nullopt;
  if (version == "00" && text.size() != kLength) return std::nullopt;
  if (text.size() > kLength && text[kLength] != '-') return std::nullopt;
  bool sampled = std::string_view("13579bdf").find(flags[1]) != std::string_view::npos;
  return TraceContext{std::string(trace), std::string(span), sampled};
}

std::string_view TraceIdOf(std::string_view traceparent) {
  return traceparent.size() < kLength ? std::string_view() : traceparent.substr(3, 32);
}

TraceContext NewTrace() {
  return {NewId(2), NewId(1), true};
}

TraceContext ChildOf(const TraceContext& parent) {
  return {parent.trace_id, NewId(1), parent.sampled};
}

TraceContext ContinueTrace(std::string_view traceparent) {
  auto parent = ParseTraceparent(traceparent);
  return parent ? ChildOf(*parent) : NewTrace();
}

}  // namespace specom::observe

#include "libs/observe/trace.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <random>

#include "absl/strings/str_format.h"

namespace specom::observe {
namespace {

// Not a secret: it only has to be different each time.
std::uint64_t NonZeroRandom() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::array<std::uint32_t, 8> seed;
    std::generate(seed.begin(), seed.end(), std::ref(device));
    std::seed_seq sequence(seed.begin(), seed.end());
    return std::mt19937_64(sequence);
  }();
  std::uint64_t value = 0;
  while (value == 0) value = generator();
  return value;
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
  return "00-" + trace_id + "-" + span_id + (sampled ? "-01" : "-00");
}

std::optional<TraceContext> ParseTraceparent(std::string_view text) {
  // version "-" trace-id "-" parent-id "-" flags: 2 + 32 + 16 + 2 digits and three hyphens.
  constexpr std::size_t kLength = 55;
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

TraceContext NewTrace() {
  return {absl::StrFormat("%016x%016x", NonZeroRandom(), NonZeroRandom()),
          absl::StrFormat("%016x", NonZeroRandom()), true};
}

TraceContext ChildOf(const TraceContext& parent) {
  return {parent.trace_id, absl::StrFormat("%016x", NonZeroRandom()), parent.sampled};
}

TraceContext ContinueTrace(std::string_view traceparent) {
  auto parent = ParseTraceparent(traceparent);
  return parent ? ChildOf(*parent) : NewTrace();
}

}  // namespace specom::observe

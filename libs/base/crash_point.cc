#include "libs/base/crash_point.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace specom {
namespace {

constexpr char kVariable[] = "SPECOM_CRASH_AT";
constexpr std::array<std::string_view, 9> kNames = {"before_begin",  "after_state",  "after_outbox",
                                                    "before_commit", "after_commit", "after_publish",
                                                    "before_mark",   "after_handle", "before_ack"};

struct Plan {
  std::string_view point;
  int visit = 1;
};

// "after_commit" or "after_commit:3". A process that was told something else must not run as if it
// had been told nothing.
Plan ReadPlan() {
  const char* text = std::getenv(kVariable);
  Plan plan{.point = text == nullptr ? "" : text};
  if (auto colon = plan.point.find(':'); colon != std::string_view::npos) {
    std::string_view number = plan.point.substr(colon + 1);
    plan.point = plan.point.substr(0, colon);
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), plan.visit);
    if (error != std::errc() || end != number.data() + number.size()) plan.visit = 0;
  }
  bool known = false;
  for (std::string_view name : kNames) known = known || name == plan.point;
  if (!known || plan.visit < 1) {
    std::fprintf(stderr, "%s=%s names no crash point; write e.g. after_commit:3\n", kVariable, text);
    std::_Exit(2);
  }
  return plan;
}

}  // namespace

std::string_view ToString(CrashPoint point) {
  return kNames[static_cast<std::size_t>(point)];
}

namespace internal {

const bool crash_is_planned = std::getenv(kVariable) != nullptr;

void VisitCrashPoint(CrashPoint point) {
  static const Plan plan = ReadPlan();
  static std::atomic<int> visits = 0;
  if (ToString(point) == plan.point && ++visits == plan.visit) kill(getpid(), SIGKILL);
}

}  // namespace internal
}  // namespace specom

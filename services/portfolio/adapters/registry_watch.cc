#include "services/portfolio/adapters/registry_watch.h"

#include <string>

namespace specom::portfolio {
namespace {

constexpr absl::Duration kLookTime = absl::Seconds(10);

}  // namespace

RegistryWatch::RegistryWatch(LiveRegistry& live, const Clock& clock, observe::Logger& logger,
                             observe::Metrics& metrics, absl::Duration interval)
    : live_(live),
      clock_(clock),
      logger_(logger),
      change_(metrics.GetGauge("specom_portfolio_registry_change",
                               "Number of the last change that this process answers from.")),
      interval_(interval) {}

void RegistryWatch::Start() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

void RegistryWatch::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status RegistryWatch::RunOnce() {
  RequestContext context;
  context.principal = {.user = "specom/portfolio", .roles = {Role::kService}, .organisation = ""};
  context.method = "specom.portfolio/Watch";
  context.received_at = clock_.Now();
  context.deadline = context.received_at + kLookTime;
  absl::Status status = live_.Refresh(context);
  change_.Set(static_cast<double>(live_.Current()->change()));
  return status;
}

void RegistryWatch::Run() {
  bool failing = false;
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval_)) return;
    }
    absl::Status status = RunOnce();
    // Reads go on from memory; the trouble is told once.
    if (!status.ok() && !failing) {
      logger_.Log(observe::LogLevel::kWarning, "registry may be behind",
                  {{"error", std::string(status.message())}});
    }
    failing = !status.ok();
  }
}

}  // namespace specom::portfolio

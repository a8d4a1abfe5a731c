#include "services/portfolio/adapters/registry_watch.h"

#include <string>

#include "services/portfolio/adapters/answer_cache.h"

namespace specom::portfolio {
namespace {

constexpr absl::Duration kLookTime = absl::Seconds(10);

}  // namespace

RegistryWatch::RegistryWatch(LiveRegistry& live, cache::Cache& cache, const Clock& clock,
                             observe::Logger& logger, observe::Metrics& metrics, absl::Duration interval)
    : live_(live),
      cache_(cache),
      clock_(clock),
      logger_(logger),
      change_(metrics.GetGauge("specom_portfolio_registry_change",
                               "Number of the last change that this process answers from.")),
      interval_(interval) {}

void RegistryWatch::Start() {
  waker_.Restart();
  advances_ = cache_.OnAdvance(kRegistrySpace, [this](std::int64_t) { Wake(); });
  thread_ = std::thread([this] { Run(); });
}

void RegistryWatch::Wake() {
  waker_.Wake();
}

void RegistryWatch::Tell() {
  const std::int64_t change = live_.Current()->change();
  // Where Redis is away, the cache tells it later.
  cache_.Advance(kRegistrySpace, change);
  told_ = change;
}

void RegistryWatch::Stop() {
  advances_.reset();
  waker_.Stop();
  if (thread_.joinable()) thread_.join();
}

absl::Status RegistryWatch::RunOnce() {
  RequestContext context;
  context.principal = {.user = "specom/portfolio", .roles = {Role::kService}, .organisation = ""};
  context.method = "specom.portfolio/Watch";
  context.received_at = clock_.Now();
  context.deadline = context.received_at + kLookTime;
  absl::Status status = live_.Refresh(context);
  const std::int64_t change = live_.Current()->change();
  change_.Set(static_cast<double>(change));
  if (change > told_) Tell();
  return status;
}

void RegistryWatch::Run() {
  bool failing = false;
  while (true) {
    waker_.WaitOrWake(interval_);
    if (waker_.Stopped()) return;
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

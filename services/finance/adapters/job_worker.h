// Finance workers: consumers of one group that take runs off the work queue and compute them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/events/bus.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "services/finance/app/compute_run.h"

namespace specom::finance {

inline constexpr std::string_view kWorkerGroup = "finance-workers";

struct WorkerOptions {
  // Unique among the processes that work; the workers are "{name}-1" and so on.
  std::string name;
  // How many runs are computed at the same time.
  int workers = 1;
  // A run that another worker took up and did not finish for this long is taken over.
  absl::Duration claim_after = absl::Seconds(30);
};

class JobWorkers {
 public:
  // All references outlive the workers.
  JobWorkers(events::Bus& bus, ComputeRun& compute, const Clock& clock, observe::Logger& logger,
             observe::Metrics& metrics, WorkerOptions options);

  // The errors of Bus::Subscribe.
  absl::Status Start();
  // Takes up no further run and waits for those in hand.
  void Stop();

 private:
  absl::Status Handle(const events::Event& event, const std::string& worker);

  events::Bus& bus_;
  ComputeRun& compute_;
  const Clock& clock_;
  observe::Logger& logger_;
  const WorkerOptions options_;
  // specom_finance_jobs_total {outcome}, specom_finance_job_duration_seconds
  observe::Counter done_;
  observe::Counter retried_;
  observe::Counter malformed_;
  observe::Histogram duration_;
  std::vector<std::unique_ptr<events::Subscription>> subscriptions_;
};

}  // namespace specom::finance

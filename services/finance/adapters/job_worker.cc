// A job names a run; everything else is decided by the run's own state.
#include "services/finance/adapters/job_worker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/adapters/outbox_run_events.h"
#include "services/finance/adapters/resource_names.h"
#include "specom/events/v1/events.pb.h"

namespace specom::finance {
namespace {

// A store that is away fails a job for as long as it is away, and no job is lost for it. Jobs whose
// workers die are ended by kMaxRunAttempts.
constexpr int kMaxDeliveries = 1'000'000;

// A run takes a second or two. Whoever has not finished by then is cut off from a database that does
// not answer; claim_after, where it is longer, says that runs may take longer.
constexpr absl::Duration kLeastTimePerJob = absl::Seconds(10);

constexpr char kJobsMetric[] = "specom_finance_jobs_total";
constexpr char kJobsHelp[] = "Jobs that workers took up, by how it ended.";

}  // namespace

JobWorkers::JobWorkers(events::Bus& bus, ComputeRun& compute, const Clock& clock, observe::Logger& logger,
                       observe::Metrics& metrics, WorkerOptions options)
    : bus_(bus),
      compute_(compute),
      clock_(clock),
      logger_(logger),
      options_(std::move(options)),
      done_(metrics.GetCounter(kJobsMetric, kJobsHelp, {{"outcome", "done"}})),
      retried_(metrics.GetCounter(kJobsMetric, kJobsHelp, {{"outcome", "retried"}})),
      malformed_(metrics.GetCounter(kJobsMetric, kJobsHelp, {{"outcome", "malformed"}})),
      duration_(metrics.GetHistogram("specom_finance_job_duration_seconds",
                                     "How long a worker had a job in hand.")) {}

absl::Status JobWorkers::Start() {
  for (int i = 1; i <= options_.workers; ++i) {
    events::SubscribeOptions options;
    options.consumer = absl::StrCat(options_.name, "-", i);
    options.claim_after = options_.claim_after;
    options.max_deliveries = kMaxDeliveries;
    ASSIGN_OR_RETURN(std::unique_ptr<events::Subscription> subscription,
                     bus_.Subscribe(kJobsTopic, kWorkerGroup, options,
                                    [this, worker = options.consumer](const events::Event& event) {
                                      return Handle(event, worker);
                                    }));
    subscriptions_.push_back(std::move(subscription));
  }
  return absl::OkStatus();
}

void JobWorkers::Stop() {
  for (auto& subscription : subscriptions_) subscription->Stop();
  subscriptions_.clear();
}

absl::Status JobWorkers::Handle(const events::Event& event, const std::string& worker) {
  events::v1::RunRequested job;
  absl::StatusOr<RunId> run = job.ParseFromString(event.data)
                                  ? ParseRunName("run", job.run())
                                  : absl::InvalidArgumentError("the payload is no RunRequested");
  if (!run.ok()) {
    // It would never be one: set aside, so that the jobs behind it are taken up.
    malformed_.Increment();
    logger_.Error("job is malformed",
                  {{"event_id", event.id}, {"error", std::string(run.status().message())}});
    return absl::OkStatus();
  }
  RequestContext context;
  context.principal.user = worker;
  context.principal.roles = {Role::kService};
  context.method = "specom.finance.worker/ComputeRun";
  context.request_id = event.id;
  context.traceparent = event.traceparent;
  context.received_at = clock_.Now();
  context.deadline = context.received_at + std::max(options_.claim_after, kLeastTimePerJob);
  absl::Status status = compute_.Execute(context, *run, worker);
  duration_.Observe(clock_.Now() - context.received_at);
  if (status.ok()) {
    done_.Increment();
    logger_.Info("job is done", {{"run", ResourceName(*run)}, {"worker", worker}});
  } else {
    retried_.Increment();
    logger_.Warning(
        "job is to be tried again",
        {{"run", ResourceName(*run)}, {"worker", worker}, {"error", std::string(status.message())}});
  }
  return status;
}

}  // namespace specom::finance

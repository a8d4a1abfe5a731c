#include "libs/rpc/denial_audit.h"

#include <map>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/status.h"

namespace specom::rpc {
namespace {

struct Waiting {
  RequestContext context;
  store::AuditEntry entry;
  std::function<void()> then;
};

// The denials as records: those of unknown callers that differ in nothing that matters are one.
std::vector<const Waiting*> Distinct(const std::vector<Waiting>& batch,
                                     std::map<const Waiting*, int>& times) {
  std::map<std::tuple<std::string, std::string, std::string>, const Waiting*> seen;
  std::vector<const Waiting*> distinct;
  for (const Waiting& denial : batch) {
    if (denial.context.principal.user.empty()) {
      const auto [first, fresh] =
          seen.try_emplace({denial.context.method, denial.entry.reason, denial.context.workload}, &denial);
      ++times[first->second];
      if (!fresh) continue;
    }
    distinct.push_back(&denial);
  }
  return distinct;
}

}  // namespace

// One service's chain and the thread that writes to it.
class DenialAudit::Chain {
 public:
  Chain(std::string service, store::Store& store, const DenialAudit& owner)
      : service_(std::move(service)), store_(store), owner_(owner), thread_([this] { Work(); }) {}
  ~Chain() { Stop(); }

  const std::string& service() const { return service_; }

  bool Take(Waiting denial) {
    absl::MutexLock lock(&mutex_);
    if (stopping_ || waiting_.size() >= owner_.options_.queue_limit) return false;
    waiting_.push_back(std::move(denial));
    return true;
  }

  void Stop() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Work() {
    while (true) {
      std::vector<Waiting> batch;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(
            +[](Chain* chain) ABSL_EXCLUSIVE_LOCKS_REQUIRED(chain->mutex_) {
              return chain->stopping_ || !chain->waiting_.empty();
            },
            this));
        if (waiting_.empty()) return;
        batch.swap(waiting_);
      }
      Write(batch);
      for (Waiting& denial : batch) denial.then();
    }
  }

  void Write(const std::vector<Waiting>& batch) {
    std::map<const Waiting*, int> times;
    const std::vector<const Waiting*> records = Distinct(batch, times);
    absl::Status status = Commit(records, times);
    // One that cannot be stored must not take the others with it.
    if (!status.ok() && records.size() > 1 && !IsAway(status)) {
      for (const Waiting* record : records) Report(Commit({record}, times), std::max(1, times[record]));
      return;
    }
    Report(status, batch.size());
  }

  absl::Status Commit(const std::vector<const Waiting*>& records,
                      const std::map<const Waiting*, int>& times) {
    RequestContext bounds;
    bounds.deadline = owner_.clock_.Now() + owner_.options_.time_limit;
    return store_.Write(bounds, [&](store::UnitOfWork& work) -> absl::Status {
      for (const Waiting* record : records) {
        store::AuditEntry entry = record->entry;
        const auto repeated = times.find(record);
        if (repeated != times.end() && repeated->second > 1) {
          absl::StrAppend(&entry.reason, " (", repeated->second, " times)");
        }
        RETURN_IF_ERROR(work.Audit(record->context, entry));
      }
      return absl::OkStatus();
    });
  }

  static bool IsAway(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
           absl::IsResourceExhausted(status);
  }

  void Report(const absl::Status& status, std::size_t count) {
    if (status.ok()) return;
    observe::Counter unwritten = owner_.unwritten_;
    unwritten.Increment(static_cast<double>(count));
    owner_.logger_.Error("denials are not in the audit record", {{"service", service_},
                                                                 {"count", static_cast<std::int64_t>(count)},
                                                                 {"error", std::string(status.message())}});
  }

  const std::string service_;
  store::Store& store_;
  const DenialAudit& owner_;
  absl::Mutex mutex_;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

DenialAudit::DenialAudit(const Clock& clock, observe::Logger& logger, observe::Metrics& metrics,
                         Options options)
    : clock_(clock),
      logger_(logger),
      options_(options),
      unwritten_(metrics.GetCounter("specom_audit_denials_unwritten_total",
                                    "Denials that could not be written to the audit record.")) {}

DenialAudit::~DenialAudit() = default;

void DenialAudit::AddChain(const std::string& service, store::Store& store) {
  for (const auto& chain : chains_) {
    if (chain->service() == service) return;
  }
  chains_.push_back(std::make_unique<Chain>(service, store, *this));
}

DenialAudit::Chain* DenialAudit::ChainOf(const std::string& method) {
  for (const auto& chain : chains_) {
    if (method.starts_with(absl::StrCat("specom.", chain->service(), "."))) return chain.get();
  }
  return chains_.empty() ? nullptr : chains_.front().get();
}

bool DenialAudit::Record(const RequestContext& context, store::AuditEntry entry, std::function<void()> then) {
  Chain* chain = ChainOf(context.method);
  if (chain == nullptr) return false;
  Waiting denial{context, std::move(entry), std::move(then)};
  // The record is made whether the caller waits for its refusal or not.
  denial.context.is_cancelled = nullptr;
  if (chain->Take(std::move(denial))) return true;
  unwritten_.Increment();
  logger_.Error("a denial is not in the audit record", {{"service", chain->service()},
                                                        {"method", context.method},
                                                        {"user", context.principal.user},
                                                        {"request_id", context.request_id},
                                                        {"error", "too many wait to be written"}});
  return false;
}

void DenialAudit::Stop() {
  for (const auto& chain : chains_) chain->Stop();
}

}  // namespace specom::rpc

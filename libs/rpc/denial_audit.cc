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

// What tells denials of unknown callers apart: method, reason, workload.
using Kind = std::tuple<std::string, std::string, std::string>;

// Denials of a kind that were recorded lately.
struct Recent {
  absl::Time recorded_at;
  // Those that came since then, and the last of them.
  int held = 0;
  RequestContext context = {};
  store::AuditEntry entry = {};
};

// A record to be made.
struct Line {
  const RequestContext* context;
  const store::AuditEntry* entry;
  // How many denials it tells of.
  int times = 1;
  // Null: the caller is known.
  const Kind* kind = nullptr;
};

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
      bool ending = false;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.AwaitWithTimeout(absl::Condition(
                                    +[](Chain* chain) ABSL_EXCLUSIVE_LOCKS_REQUIRED(chain->mutex_) {
                                      return chain->stopping_ || !chain->waiting_.empty();
                                    },
                                    this),
                                recent_.empty() ? absl::InfiniteDuration() : owner_.options_.repeat_pause);
        batch.swap(waiting_);
        ending = stopping_ && batch.empty();
      }
      Write(LinesOf(batch, owner_.clock_.Now(), ending));
      for (Waiting& denial : batch) denial.then();
      if (ending) return;
    }
  }

  // What is to be recorded of the batch and, of those held before, of the kinds that are due. The lines
  // refer to the batch and to recent_.
  std::vector<Line> LinesOf(const std::vector<Waiting>& batch, absl::Time now, bool ending) {
    std::vector<Line> lines;
    for (auto it = recent_.begin(); it != recent_.end();) {
      auto& [kind, recent] = *it;
      // A clock that was set back holds nothing up.
      const bool due =
          ending || now < recent.recorded_at || now - recent.recorded_at >= owner_.options_.repeat_pause;
      if (due && recent.held == 0) {
        it = recent_.erase(it);
        continue;
      }
      if (due) {
        lines.push_back({&recent.context, &recent.entry, std::exchange(recent.held, 0), &kind});
        recent.recorded_at = now;
      }
      ++it;
    }
    for (const Waiting& denial : batch) {
      if (denial.context.principal.user.empty()) {
        Gather(denial, now, lines);
      } else {
        lines.push_back({&denial.context, &denial.entry});
      }
    }
    return lines;
  }

  void Gather(const Waiting& denial, absl::Time now, std::vector<Line>& lines) {
    Kind kind{denial.context.method, denial.entry.reason, denial.context.workload};
    auto found = recent_.find(kind);
    if (found == recent_.end()) {
      if (recent_.size() >= owner_.options_.queue_limit) {
        return Report(absl::ResourceExhaustedError("too many kinds of unknown callers"), 1);
      }
      found = recent_.emplace(std::move(kind), Recent{.recorded_at = now}).first;
      lines.push_back({&denial.context, &denial.entry, 1, &found->first});
      return;
    }
    for (Line& line : lines) {
      if (line.kind == &found->first) {
        ++line.times;
        return;
      }
    }
    Recent& recent = found->second;
    ++recent.held;
    recent.context = denial.context;
    recent.entry = denial.entry;
  }

  void Write(const std::vector<Line>& lines) {
    if (lines.empty()) return;
    const absl::Status status = Commit(lines);
    // One that cannot be stored must not take the others with it.
    if (!status.ok() && lines.size() > 1 && !IsAway(status)) {
      for (const Line& line : lines) Conclude({line}, Commit({line}));
    } else {
      Conclude(lines, status);
    }
  }

  absl::Status Commit(const std::vector<Line>& lines) {
    RequestContext bounds;
    bounds.deadline = owner_.clock_.Now() + owner_.options_.time_limit;
    return store_.Write(bounds, [&](store::UnitOfWork& work) -> absl::Status {
      for (const Line& line : lines) {
        store::AuditEntry entry = *line.entry;
        if (line.times > 1) absl::StrAppend(&entry.reason, " (", line.times, " times)");
        RETURN_IF_ERROR(work.Audit(*line.context, entry));
      }
      return absl::OkStatus();
    });
  }

  void Conclude(const std::vector<Line>& lines, const absl::Status& status) {
    if (status.ok()) return;
    int count = 0;
    for (const Line& line : lines) {
      count += line.times;
      // The next of a kind that has no record is the first again.
      if (line.kind != nullptr) recent_.erase(recent_.find(*line.kind));
    }
    Report(status, count);
  }

  static bool IsAway(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
           absl::IsResourceExhausted(status);
  }

  void Report(const absl::Status& status, int count) {
    observe::Counter unwritten = owner_.unwritten_;
    unwritten.Increment(count);
    owner_.logger_.Error(
        "denials are not in the audit record",
        {{"service", service_}, {"count", std::int64_t{count}}, {"error", std::string(status.message())}});
  }

  const std::string service_;
  store::Store& store_;
  const DenialAudit& owner_;
  absl::Mutex mutex_;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the thread only.
  std::map<Kind, Recent> recent_;
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

#include "tests/bench/load_driver.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <optional>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace specom::bench {
namespace {

// More calls in flight than this are no load any more but a queue in the driver.
constexpr int kMostInFlight = 50'000;

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool HasRetryInfo(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return false;
  for (const auto& detail : details.details()) {
    if (detail.Is<google::rpc::RetryInfo>()) return true;
  }
  return false;
}

}  // namespace

// The calls of one loop. A slot is one call at a time, with all that it needs.
class LoadDriver::Run {
 public:
  Run(LoadDriver& driver, const Call& call)
      : driver_(driver), method_("/" + call.method), call_(call), request_(ToBuffer(call.request)) {}

  std::unique_ptr<Load> Closed(int in_flight, absl::Duration warm_up, absl::Duration measured) {
    again_ = true;
    for (int i = 0; i < in_flight; ++i) Start(Take(), absl::Now());
    absl::SleepFor(warm_up);
    counting_ = true;
    const absl::Time began = absl::Now();
    absl::SleepFor(measured);
    counting_ = false;
    load_->seconds = absl::ToDoubleSeconds(absl::Now() - began);
    again_ = false;
    return End();
  }

  std::unique_ptr<Load> Open(double rate, absl::Duration warm_up, absl::Duration measured) {
    const absl::Time began = absl::Now();
    const absl::Time count_from = began + warm_up;
    const absl::Time end = count_from + measured;
    const absl::Duration interval = absl::Seconds(1) / rate;
    for (std::int64_t i = 0;; ++i) {
      const absl::Time due = began + i * interval;
      if (due >= end) break;
      absl::SleepFor(due - absl::Now());
      if (InFlight() >= kMostInFlight) {
        ++load_->unsent;
        continue;
      }
      Slot* slot = Take();
      slot->counts = due >= count_from;
      Start(slot, due);
    }
    load_->seconds = absl::ToDoubleSeconds(measured);
    return End();
  }

 private:
  struct Slot {
    std::size_t stub = 0;
    std::optional<grpc::ClientContext> context;
    grpc::ByteBuffer response;
    absl::Time began;
    bool counts = false;
  };

  int InFlight() {
    absl::MutexLock lock(&mutex_);
    return in_flight_;
  }

  Slot* Take() {
    absl::MutexLock lock(&mutex_);
    ++in_flight_;
    if (free_.empty()) {
      slots_.emplace_back().stub = slots_.size() % driver_.stubs_.size();
      return &slots_.back();
    }
    Slot* slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void Give(Slot* slot) {
    absl::MutexLock lock(&mutex_);
    free_.push_back(slot);
    --in_flight_;
  }

  void Start(Slot* slot, absl::Time began) {
    slot->context.emplace();
    slot->context->set_deadline(absl::ToChronoTime(began + call_.timeout));
    for (const auto& [key, value] : call_.metadata) slot->context->AddMetadata(key, value);
    slot->response.Clear();
    slot->began = began;
    driver_.stubs_[slot->stub]->UnaryCall(&*slot->context, method_, {}, &request_, &slot->response,
                                          [this, slot](const grpc::Status& status) { Ended(slot, status); });
  }

  void Ended(Slot* slot, const grpc::Status& status) {
    const absl::Time now = absl::Now();
    if (again_ ? counting_.load(std::memory_order_relaxed) : slot->counts) Count(status, now - slot->began);
    if (again_) return Start(slot, now);
    Give(slot);
  }

  void Count(const grpc::Status& status, absl::Duration took) {
    if (status.ok()) return load_->accepted.Add(took);
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
      load_->refused.Add(took);
      // A look at every refusal would take the processor from the server.
      if (looked_at_.fetch_add(1) % 64 == 0 && !HasRetryInfo(status)) ++load_->refused_without_retry;
      return;
    }
    if (load_->failed.fetch_add(1) == 0) {
      load_->failure = std::to_string(status.error_code()) + " " + status.error_message();
    }
  }

  std::unique_ptr<Load> End() {
    absl::MutexLock lock(&mutex_);
    auto all_back = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return in_flight_ == 0; };
    mutex_.Await(absl::Condition(&all_back));
    return std::move(load_);
  }

  LoadDriver& driver_;
  const std::string method_;
  const Call& call_;
  const grpc::ByteBuffer request_;
  std::unique_ptr<Load> load_ = std::make_unique<Load>();
  std::atomic<bool> again_ = false;
  std::atomic<bool> counting_ = false;
  std::atomic<std::uint64_t> looked_at_ = 0;

  absl::Mutex mutex_;
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::vector<Slot*> free_ ABSL_GUARDED_BY(mutex_);
};

LoadDriver::LoadDriver(const std::string& address, int channels,
                       const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  for (int i = 0; i < channels; ++i) {
    grpc::ChannelArguments arguments;
    // Else channels with the same arguments share one connection.
    arguments.SetInt("specom.bench.channel", i);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs_.push_back(std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
        address, credentials ? credentials : grpc::InsecureChannelCredentials(), arguments)));
  }
}

LoadDriver::~LoadDriver() = default;

absl::StatusOr<std::string> LoadDriver::Once(const Call& call) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(absl::Now() + call.timeout));
  for (const auto& [key, value] : call.metadata) context.AddMetadata(key, value);
  const grpc::ByteBuffer request = ToBuffer(call.request);
  grpc::ByteBuffer response;
  grpc::Status status;
  std::promise<void> done;
  stubs_[0]->UnaryCall(&context, "/" + call.method, {}, &request, &response, [&](grpc::Status ended) {
    status = std::move(ended);
    done.set_value();
  });
  done.get_future().wait();
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok()) return absl::InternalError("the response has no bytes");
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

std::unique_ptr<Load> LoadDriver::ClosedLoop(const Call& call, int in_flight, absl::Duration warm_up,
                                             absl::Duration measured) {
  return Run(*this, call).Closed(in_flight, warm_up, measured);
}

std::unique_ptr<Load> LoadDriver::OpenLoop(const Call& call, double rate, absl::Duration warm_up,
                                           absl::Duration measured) {
  return Run(*this, call).Open(rate, warm_up, measured);
}

}  // namespace specom::bench

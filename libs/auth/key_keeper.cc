#include "libs/auth/key_keeper.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "libs/base/status.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"

namespace specom {
namespace {

// How long a call waits for keys that its token made necessary.
constexpr absl::Duration kLongestWait = absl::Seconds(3);
// After a failure the source is asked sooner than usual, but not at the least pause.
constexpr int kPausesAfterFailure = 3;

}  // namespace

struct KeyKeeper::Instruments {
  explicit Instruments(observe::Metrics& metrics)
      : keys(metrics.GetGauge("specom_token_keys", "Keys by which tokens are verified.")),
        read_at(metrics.GetGauge("specom_token_keys_read_timestamp_seconds",
                                 "When the keys were last read well, in seconds since 1970.")),
        changed(Outcome(metrics, "changed")),
        unchanged(Outcome(metrics, "unchanged")),
        failed(Outcome(metrics, "failed")) {}

  static observe::Counter Outcome(observe::Metrics& metrics, const char* outcome) {
    return metrics.GetCounter("specom_token_key_refreshes_total", "Readings of the tokens' keys.",
                              {{"outcome", outcome}});
  }

  observe::Gauge keys;
  observe::Gauge read_at;
  observe::Counter changed;
  observe::Counter unchanged;
  observe::Counter failed;
};

KeyKeeper::KeyKeeper(std::string source, JwksReader reader, const KeyPauses& pauses, const Clock& clock,
                     observe::Logger* logger, observe::Metrics* metrics)
    : source_(std::move(source)),
      reader_(std::move(reader)),
      pauses_(pauses),
      clock_(clock),
      logger_(logger),
      instruments_(metrics == nullptr ? nullptr : std::make_unique<Instruments>(*metrics)) {}

absl::StatusOr<std::unique_ptr<KeyKeeper>> KeyKeeper::Start(const std::string& source, JwksReader reader,
                                                            const KeyPauses& pauses, const Clock& clock,
                                                            observe::Logger* logger,
                                                            observe::Metrics* metrics) {
  std::unique_ptr<KeyKeeper> keeper(new KeyKeeper(source, std::move(reader), pauses, clock, logger, metrics));
  if (absl::Status read = keeper->ReadOnce(); !read.ok()) {
    return MakeError(absl::StatusCode::kUnavailable, "NO_KEYS",
                     "The keys of the tokens' issuer could not be read from " + source + ": " +
                         std::string(read.message()) + ". Without them no caller can be known.",
                     {{"source", source}});
  }
  keeper->thread_ = std::thread([raw = keeper.get()] { raw->Run(); });
  return keeper;
}

KeyKeeper::~KeyKeeper() {
  stopping_ = true;
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

KeyKeeper::Snapshot KeyKeeper::Current() const {
  absl::MutexLock lock(&mutex_);
  return {keys_, generation()};
}

KeyKeeper::Refresh KeyKeeper::RefreshNow() {
  absl::MutexLock lock(&mutex_);
  if (wanted_ || reading_) return Refresh::kUnderWay;
  const absl::Time now = clock_.Now();
  // A clock that was set back does not stop readings.
  if (now >= last_begun_ && now - last_begun_ < pauses_.least) return Refresh::kTooSoon;
  wanted_ = true;
  auto over = [this, before = readings_]()
                  ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return readings_ > before || stop_; };
  return mutex_.AwaitWithTimeout(absl::Condition(&over), kLongestWait) ? Refresh::kDone : Refresh::kUnderWay;
}

absl::Status KeyKeeper::ReadOnce() {
  {
    absl::MutexLock lock(&mutex_);
    wanted_ = false;
    reading_ = true;
    last_begun_ = clock_.Now();
  }
  auto json = reader_(stopping_);
  absl::Status outcome = json.ok() ? Adopt(*json) : json.status();
  if (!outcome.ok() && !stopping_) {
    if (instruments_) instruments_->failed.Increment();
    if (logger_) {
      logger_->Warning("token keys could not be read; the last good ones are kept",
                       {{"source", source_}, {"error", std::string(outcome.message())}});
    }
  }
  absl::MutexLock lock(&mutex_);
  reading_ = false;
  ++readings_;
  return outcome;
}

absl::Status KeyKeeper::Adopt(const std::string& json) {
  std::shared_ptr<const KeySet> read;
  ASSIGN_OR_RETURN(read, KeySet::Parse(json));
  const std::size_t count = read->size();
  bool changed = false;
  {
    absl::MutexLock lock(&mutex_);
    changed = keys_ == nullptr || keys_->json() != read->json();
    if (changed) {
      keys_.swap(read);
      generation_.fetch_add(1, std::memory_order_release);
    }
  }
  if (instruments_) {
    (changed ? instruments_->changed : instruments_->unchanged).Increment();
    instruments_->keys.Set(static_cast<double>(count));
    instruments_->read_at.Set(absl::ToDoubleSeconds(clock_.Now() - absl::UnixEpoch()));
  }
  if (changed && logger_) {
    logger_->Info("token keys have changed",
                  {{"source", source_}, {"keys", static_cast<std::int64_t>(count)}});
  }
  return absl::OkStatus();
}

absl::Duration KeyKeeper::NextPause(bool well) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const absl::Duration pause = well ? pauses_.between_readings
                                    : std::min(pauses_.between_readings, kPausesAfterFailure * pauses_.least);
  return pause * std::uniform_real_distribution<double>(0.9, 1.1)(random);
}

void KeyKeeper::Run() {
  bool well = true;
  while (true) {
    {
      auto due = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stop_ || wanted_; };
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&due), NextPause(well));
      if (stop_) return;
    }
    well = ReadOnce().ok();
  }
}

}  // namespace specom

// The order of a Get: near, Redis, the loader; and of a version: it is taken up before anybody who
// asks afterwards is answered.
#include "libs/cache/state.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/cache/lifetime.h"

namespace specom::cache {
namespace {

// How often, and after what first pause (it doubles), a loader is asked again that brings less than is
// known: 0.6 seconds in all.
constexpr int kBehindAttempts = 8;
constexpr absl::Duration kBehindPause = absl::Milliseconds(5);

observe::Counter Requests(observe::Metrics& metrics, std::string_view space, std::string_view outcome) {
  return metrics.GetCounter(
      "specom_cache_requests_total",
      "Requests to the cache by where their answer came from: near, Redis, a load, or another's load.",
      {{"space", std::string(space)}, {"outcome", std::string(outcome)}});
}

// It says nothing about what the others would have got.
bool IsOfTheCaller(const absl::Status& failure) {
  return absl::IsCancelled(failure) || absl::IsDeadlineExceeded(failure);
}

}  // namespace

class Cache::State::Watcher final : public Watch {
 public:
  Watcher(State& state, std::string_view space, std::function<void(std::int64_t)> callback)
      : state_(state), space_(space), callback_(std::move(callback)) {
    std::lock_guard lock(state_.watch_mutex_);
    told_ = state_.KnownVersion(space_);
    state_.watchers_.push_back(this);
  }
  ~Watcher() override {
    std::lock_guard lock(state_.watch_mutex_);
    state_.watchers_.remove(this);
  }

  // Under the lock of watchers.
  void Tell(const Versions& versions, const std::map<std::string, std::int64_t>& advanced_here) {
    if (const auto own = advanced_here.find(space_); own != advanced_here.end()) {
      told_ = std::max(told_, own->second);
    }
    const auto there = versions.of.find(space_);
    if (there == versions.of.end() || there->second <= told_) return;
    told_ = there->second;
    callback_(told_);
  }

 private:
  State& state_;
  const std::string space_;
  const std::function<void(std::int64_t)> callback_;
  std::int64_t told_ = 0;
};

Cache::State::Space::Space(std::string_view name, observe::Metrics& metrics)
    : near(Requests(metrics, name, "near")),
      redis(Requests(metrics, name, "redis")),
      loaded(Requests(metrics, name, "loaded")),
      waited(Requests(metrics, name, "waited")),
      behind(
          metrics.GetCounter("specom_cache_behind_total",
                             "Answers whose source was still behind the version known, and so were not kept.",
                             {{"space", std::string(name)}})) {}

Cache::State::State(CacheOptions options, std::optional<events::RedisEndpoint> endpoint)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? *options_.clock : boot_clock_),
      metrics_(options_.metrics != nullptr ? *options_.metrics : own_metrics_),
      near_bytes_(metrics_.GetGauge("specom_cache_near_bytes", "Bytes that the near cache holds.")),
      believed_(
          metrics_.GetGauge("specom_cache_believed",
                            "1 while rises of versions are heard of, so that near answers are believed.")),
      invalidations_heard_(
          metrics_.GetCounter("specom_cache_invalidations_total", "Rises of versions that were heard of.")),
      near_(options_.near_bytes) {
  believed_.Set(endpoint ? 0 : 1);
  near_bytes_.Set(0);
  if (!endpoint) {
    metrics_
        .GetGauge("specom_cache_breaker_open",
                  "1 while the cache leaves Redis alone because it failed, otherwise 0.")
        .Set(0);
    return;
  }
  redis_ = std::make_unique<RedisTier>(*endpoint, options_.name_space, options_.command_timeout,
                                       options_.breaker, clock_, metrics_);
  invalidations_ = std::make_unique<Invalidations>(
      Invalidations::Options{*std::move(endpoint), options_.name_space, options_.max_silence}, clock_,
      options_.logger, *this);
  invalidations_->Start();
}

Cache::State::~State() = default;

Cache::State::Space& Cache::State::SpaceOf(std::string_view name) const {
  auto found = spaces_.find(name);
  if (found == spaces_.end()) found = spaces_.emplace(name, Space(name, metrics_)).first;
  return found->second;
}

bool Cache::State::Hears() const {
  return redis_ == nullptr || (session_ != 0 && fresh_ && clock_.Now() < believed_until_);
}

bool Cache::State::Believes() const {
  absl::MutexLock lock(&mutex_);
  return Hears();
}

std::int64_t Cache::State::KnownVersion(std::string_view space) const {
  absl::MutexLock lock(&mutex_);
  return SpaceOf(space).known;
}

Cache::State::Basis Cache::State::BasisOf(const Query& query, const Space& space) const {
  Basis basis;
  basis.version = query.version.value_or(space.known);
  // Without Redis nobody else can be heard: only what is advanced in this process is known to be current.
  basis.sure = query.version.has_value() || (Hears() && (redis_ != nullptr || space.advanced > 0));
  basis.session = session_;
  basis.incarnation = incarnation_;
  basis.flight_name = absl::StrCat(query.version.has_value() ? "at"
                                   : basis.sure              ? "sure"
                                                             : "unsure",
                                   " ", session_, " ", EntryName(query.space, basis.version, query.key));
  return basis;
}

std::pair<std::shared_ptr<Cache::State::Flight>, bool> Cache::State::Board(const Basis& basis) {
  const absl::Time now = clock_.Now();
  std::shared_ptr<Flight>& flight = flights_[basis.flight_name];
  // What was loaded before the silence that is borne may be older than it may be.
  if (flight != nullptr && (basis.sure || now - flight->began < options_.max_silence)) return {flight, false};
  flight = std::make_shared<Flight>();
  flight->began = now;
  return {flight, true};
}

void Cache::State::Land(const Basis& basis, const std::shared_ptr<Flight>& flight,
                        absl::StatusOr<Found> outcome) {
  absl::MutexLock lock(&mutex_);
  flight->outcome = std::move(outcome);
  flight->landed = true;
  const auto entry = flights_.find(basis.flight_name);
  if (entry != flights_.end() && entry->second == flight) flights_.erase(entry);
}

std::optional<absl::StatusOr<Found>> Cache::State::Await(Flight& flight, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const absl::Duration left = std::max(deadline - boot_clock_.Now(), absl::ZeroDuration());
  if (!mutex_.AwaitWithTimeout(absl::Condition(&flight.landed), left)) return std::nullopt;
  return flight.outcome;
}

absl::StatusOr<Found> Cache::State::Get(const Query& query, const Loader& loader) {
  const absl::Time deadline = boot_clock_.Now() + query.timeout;
  while (true) {
    Space* space = nullptr;
    Basis basis;
    std::shared_ptr<Flight> flight;
    bool leads = false;
    {
      absl::MutexLock lock(&mutex_);
      space = &SpaceOf(query.space);
      basis = BasisOf(query, *space);
      if (basis.sure) {
        if (Bytes bytes = near_.Find(query.space, basis.version, query.key, clock_.Now())) {
          space->near.Increment();
          return Found{basis.version, std::move(bytes)};
        }
      }
      std::tie(flight, leads) = Board(basis);
    }
    if (leads) {
      Brought brought{absl::InternalError("the loader did not return")};
      {
        // Whatever happens, those who wait are told.
        const absl::Cleanup land = [&] { Land(basis, flight, brought.found); };
        brought = Bring(query, basis, loader, *space);
      }
      if (brought.loaded && brought.found.ok()) PutIntoRedis(query, basis, *brought.found);
      return std::move(brought.found);
    }
    std::optional<absl::StatusOr<Found>> outcome = Await(*flight, deadline);
    if (!outcome) return absl::DeadlineExceededError("another caller's load of the same took too long");
    if (IsOfTheCaller(outcome->status())) continue;
    space->waited.Increment();
    return *std::move(outcome);
  }
}

Cache::State::Brought Cache::State::Bring(const Query& query, Basis& basis, const Loader& loader,
                                          Space& space) {
  if (redis_ != nullptr) {
    if (std::optional<Found> found = FromRedis(query, basis)) {
      space.redis.Increment();
      Keep(query, basis, *found);
      return {*std::move(found), false};
    }
  }
  absl::StatusOr<Loaded> loaded = Load(query, basis, loader, space);
  if (!loaded.ok()) return {std::move(loaded).status(), false};
  space.loaded.Increment();
  Found found{loaded->version, std::make_shared<const std::string>(std::move(loaded->bytes))};
  Keep(query, basis, found);
  return {std::move(found), true};
}

std::optional<Found> Cache::State::FromRedis(const Query& query, Basis& basis) {
  if (basis.sure) {
    if (!query.version && basis.version == 0) return std::nullopt;
    absl::StatusOr<std::optional<std::string>> bytes =
        redis_->GetAt(query.version ? "" : basis.incarnation, query.space, basis.version, query.key);
    if (!bytes.ok() || !bytes->has_value()) return std::nullopt;
    return Found{basis.version, std::make_shared<const std::string>(**std::move(bytes))};
  }
  absl::StatusOr<RedisTier::Current> current = redis_->GetCurrent(query.space, query.key);
  if (!current.ok()) return std::nullopt;
  // What is loaded from here on is of this incarnation or a later one.
  basis.incarnation = current->incarnation;
  if (current->version < basis.version) return std::nullopt;
  basis.version = current->version;
  if (!current->bytes) return std::nullopt;
  return Found{current->version, std::make_shared<const std::string>(*std::move(current->bytes))};
}

absl::StatusOr<Loaded> Cache::State::Load(const Query& query, const Basis& basis, const Loader& loader,
                                          Space& space) {
  absl::Duration pause = kBehindPause;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    absl::StatusOr<Loaded> loaded = loader();
    if (!loaded.ok() || query.version || loaded->version == 0 || loaded->version >= basis.version)
      return loaded;
    // The source has not heard of the change yet. In the end it is right: a database that was restored
    // has lower versions.
    if (attempt == kBehindAttempts) {
      space.behind.Increment();
      return loaded;
    }
    absl::SleepFor(pause);
  }
}

void Cache::State::Keep(const Query& query, const Basis& basis, const Found& found) {
  if (found.version == 0 && !query.version) return;
  const absl::Duration lifetime = LifetimeOf(query);
  absl::MutexLock lock(&mutex_);
  if (query.version) {
    if (found.version != *query.version) return;
  } else {
    Learn(query.space, found.version);
    const Space& space = SpaceOf(query.space);
    const bool may = redis_ == nullptr ? space.advanced > 0 : session_ != 0 && basis.session == session_;
    if (!may || found.version < space.known) return;
  }
  near_.Put(query.space, found.version, query.key, found.bytes, clock_.Now() + lifetime);
  ShowState();
}

void Cache::State::PutIntoRedis(const Query& query, const Basis& basis, const Found& found) {
  if (redis_ == nullptr || found.bytes->size() > options_.largest_in_redis) return;
  const absl::Duration lifetime = LifetimeOf(query);
  // A failure is counted; the answer is there all the same.
  if (query.version) {
    if (found.version == *query.version) {
      redis_->PutAt(query.space, found.version, query.key, *found.bytes, lifetime).IgnoreError();
    }
    return;
  }
  if (basis.incarnation.empty() || found.version == 0 || found.version < basis.version) return;
  const absl::StatusOr<std::int64_t> held =
      redis_->PutCurrent(basis.incarnation, query.space, found.version, query.key, *found.bytes, lifetime);
  if (!held.ok()) return;
  absl::MutexLock lock(&mutex_);
  Learn(query.space, *held);
}

absl::Duration Cache::State::LifetimeOf(const Query& query) {
  absl::MutexLock lock(&mutex_);
  return Jittered(query.lifetime.value_or(options_.lifetime), options_.jitter, random_);
}

void Cache::State::Learn(std::string_view name, std::int64_t version) {
  Space& space = SpaceOf(name);
  if (version <= space.known) return;
  space.known = version;
  near_.DropBelow(name, version);
  ShowState();
}

bool Cache::State::Advance(std::string_view name, std::int64_t version) {
  {
    absl::MutexLock lock(&mutex_);
    Learn(name, version);
    Space& space = SpaceOf(name);
    space.advanced = std::max(space.advanced, version);
  }
  if (redis_ == nullptr) return true;
  const absl::StatusOr<std::int64_t> held = redis_->Raise(name, version);
  if (!held.ok()) return false;
  absl::MutexLock lock(&mutex_);
  Learn(name, *held);
  return true;
}

std::map<std::string, std::int64_t> Cache::State::Advanced() {
  absl::MutexLock lock(&mutex_);
  std::map<std::string, std::int64_t> advanced;
  for (const auto& [name, space] : spaces_) {
    if (space.advanced > 0) advanced[name] = space.advanced;
  }
  return advanced;
}

void Cache::State::TakeUp(const Versions& versions) {
  for (const auto& [name, version] : versions.of) Learn(name, version);
  fresh_ = true;
}

void Cache::State::Began(const Versions& versions, absl::Time since) {
  redis_->Heard();
  {
    absl::MutexLock lock(&mutex_);
    near_.Clear();
    session_ = ++sessions_;
    incarnation_ = versions.incarnation;
    believed_until_ = since + options_.max_silence;
    TakeUp(versions);
    ShowState();
  }
  TellWatchers(versions);
}

void Cache::State::Stale() {
  absl::MutexLock lock(&mutex_);
  fresh_ = false;
}

void Cache::State::Read(const Versions& versions) {
  invalidations_heard_.Increment();
  {
    absl::MutexLock lock(&mutex_);
    TakeUp(versions);
  }
  TellWatchers(versions);
}

void Cache::State::Alive(absl::Time since) {
  absl::MutexLock lock(&mutex_);
  believed_until_ = since + options_.max_silence;
  ShowState();
}

void Cache::State::Ended() {
  absl::MutexLock lock(&mutex_);
  session_ = 0;
  incarnation_.clear();
  fresh_ = false;
  believed_until_ = absl::InfinitePast();
  ShowState();
}

void Cache::State::TellWatchers(const Versions& versions) {
  const std::map<std::string, std::int64_t> advanced = Advanced();
  std::lock_guard lock(watch_mutex_);
  for (Watcher* watcher : watchers_) watcher->Tell(versions, advanced);
}

std::unique_ptr<Watch> Cache::State::OnAdvance(std::string_view space,
                                               std::function<void(std::int64_t version)> callback) {
  return std::make_unique<Watcher>(*this, space, std::move(callback));
}

void Cache::State::ShowState() {
  near_bytes_.Set(static_cast<double>(near_.bytes()));
  believed_.Set(Hears() ? 1 : 0);
}

}  // namespace specom::cache

#include "libs/store/socket_watch.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace specom::store {
namespace {

// Far enough for every limit; the clock's range is not.
constexpr absl::Duration kLongest = absl::Hours(24 * 365);

}  // namespace

SocketWatch::SocketWatch() : thread_([this] { Run(); }) {}

SocketWatch::~SocketWatch() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  earlier_.notify_one();
  thread_.join();
}

void SocketWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (limits_.empty()) {
      earlier_.wait(lock);
      continue;
    }
    const auto first = limits_.begin();
    if (first->first > std::chrono::steady_clock::now()) {
      earlier_.wait_until(lock, Time(first->first));
      continue;
    }
    SocketLimit& limit = *first->second;
    limits_.erase(first);
    limit.place_ = limits_.end();
    limit.passed_ = true;
    // Under the lock: the limit's owner closes the socket only after it has taken the limit away.
    shutdown(limit.socket_, SHUT_RDWR);
  }
}

SocketLimit::SocketLimit(std::shared_ptr<SocketWatch> watch, int socket)
    : watch_(std::move(watch)), socket_(socket), place_(watch_->limits_.end()) {}

SocketLimit::~SocketLimit() {
  Clear();
}

void SocketLimit::Set(absl::Duration after) {
  bool earlier = false;
  {
    std::lock_guard lock(watch_->mutex_);
    auto& limits = watch_->limits_;
    if (place_ != limits.end()) limits.erase(place_);
    place_ = limits.end();
    if (after == absl::InfiniteDuration()) return;
    const auto at = std::chrono::steady_clock::now() +
                    absl::ToChronoNanoseconds(std::clamp(after, absl::ZeroDuration(), kLongest));
    place_ = limits.emplace(at, this);
    earlier = place_ == limits.begin();
  }
  if (earlier) watch_->earlier_.notify_one();
}

bool SocketLimit::Passed() const {
  std::lock_guard lock(watch_->mutex_);
  return passed_;
}

}  // namespace specom::store

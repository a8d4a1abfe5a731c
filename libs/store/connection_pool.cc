#include "libs/store/connection_pool.h"

#include <algorithm>

#include "libs/base/status.h"

namespace specom::store {
namespace {

// A caller that has gone is noticed this soon.
constexpr absl::Duration kLook = absl::Milliseconds(50);

}  // namespace

ConnectionPool::Lease::~Lease() {
  if (connection_ != nullptr) pool_->Return(std::move(connection_));
}

absl::StatusOr<ConnectionPool::Lease> ConnectionPool::Acquire(const Bounds& bounds) {
  std::unique_ptr<Connection> connection;
  {
    absl::MutexLock lock(&mutex_);
    const auto available = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return free_ > 0; };
    do {
      RETURN_IF_ERROR(bounds.Check());
    } while (!mutex_.AwaitWithTimeout(absl::Condition(&available), std::min(kLook, bounds.Remaining())));
    --free_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection != nullptr) return Lease(*this, std::move(connection), false);
  absl::StatusOr<std::unique_ptr<Connection>> made = connect_();
  if (!made.ok()) {
    Return(nullptr);
    return made.status();
  }
  return Lease(*this, *std::move(made), true);
}

void ConnectionPool::DropIdle() {
  std::vector<std::unique_ptr<Connection>> idle;
  absl::MutexLock lock(&mutex_);
  idle.swap(idle_);
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  // Closed without the lock.
  if (connection != nullptr && connection->lost()) connection = nullptr;
  absl::MutexLock lock(&mutex_);
  ++free_;
  if (connection != nullptr) idle_.push_back(std::move(connection));
}

}  // namespace specom::store

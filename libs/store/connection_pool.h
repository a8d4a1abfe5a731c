// A bounded number of connections, made when they are first needed and made anew when they break.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/store/connection.h"

namespace specom::store {

class ConnectionPool {
 public:
  using Connect = std::function<absl::StatusOr<std::unique_ptr<Connection>>()>;

  // A connection while it is used; goes back to the pool unless it is lost.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection, bool fresh)
        : pool_(&pool), connection_(std::move(connection)), fresh_(fresh) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    // True when it was made for this lease.
    bool fresh() const { return fresh_; }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
    bool fresh_;
  };

  ConnectionPool(int size, Connect connect) : free_(size), connect_(std::move(connect)) {}

  // Waits for a connection within the bounds.
  absl::StatusOr<Lease> Acquire(const Bounds& bounds);
  // Closes the connections that nobody uses: they are likely to be broken like one that was.
  void DropIdle();

 private:
  void Return(std::unique_ptr<Connection> connection);

  absl::Mutex mutex_;
  // How many more may be leased.
  int free_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  const Connect connect_;
};

}  // namespace specom::store

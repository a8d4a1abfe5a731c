// What the pipeline knows of the methods that it serves, from their first call on.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/observe/metrics.h"
#include "libs/rpc/method_traits.h"

namespace specom::rpc {

struct Method {
  Method(const char* full_method, observe::Metrics& all_metrics);

  // Its operation answers at once, from memory.
  bool IsInline() const { return traits.ok() && traits->execution == common::v1::EXECUTION_INLINE; }

  const std::string name;
  const absl::StatusOr<MethodTraits> traits;
  // Who answers for the reasons of its errors.
  const std::string domain;
  const std::unique_ptr<observe::MethodMetrics> metrics;
};

// Looking a method up takes no lock: the table is replaced when a method is new, and the old tables are
// kept, because somebody may still be reading them. Methods are few.
class MethodTable {
 public:
  // metrics outlive the table.
  explicit MethodTable(observe::Metrics& metrics);

  // The same object for the same name, which lives as long as the table.
  const Method& Find(const char* full_method) {
    const Table& table = *current_.load(std::memory_order_acquire);
    auto found = table.find(full_method);
    return found == table.end() ? Meet(full_method) : *found->second;
  }

 private:
  using Table = std::unordered_map<std::string_view, const Method*>;

  const Method& Meet(const char* full_method);

  observe::Metrics& metrics_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<const Method>> methods_ ABSL_GUARDED_BY(mutex_);
  // The last one is the current one.
  std::vector<std::unique_ptr<const Table>> tables_ ABSL_GUARDED_BY(mutex_);
  std::atomic<const Table*> current_;
};

}  // namespace specom::rpc

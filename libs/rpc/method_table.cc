#include "libs/rpc/method_table.h"

#include <utility>

namespace specom::rpc {

Method::Method(const char* full_method, observe::Metrics& all_metrics)
    : name(full_method),
      traits(TraitsOf(full_method)),
      domain(traits.ok() ? traits->Domain() : "platform.specom"),
      // A label value is a method that exists, or one word for all others.
      metrics(all_metrics.GetMethod(traits.ok() ? full_method : "unknown/unknown")) {}

MethodTable::MethodTable(observe::Metrics& metrics) : metrics_(metrics) {
  absl::MutexLock lock(&mutex_);
  tables_.push_back(std::make_unique<const Table>());
  current_ = tables_.back().get();
}

const Method& MethodTable::Meet(const char* full_method) {
  absl::MutexLock lock(&mutex_);
  const Table& latest = *tables_.back();
  // Somebody else may have met it meanwhile.
  if (auto found = latest.find(full_method); found != latest.end()) return *found->second;
  const Method& method = *methods_.emplace_back(std::make_unique<const Method>(full_method, metrics_));
  auto table = std::make_unique<Table>(latest);
  table->emplace(method.name, &method);
  tables_.push_back(std::move(table));
  current_.store(tables_.back().get(), std::memory_order_release);
  return method;
}

}  // namespace specom::rpc

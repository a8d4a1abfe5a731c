// Counts and times of this process for Prometheus. Metric names are a contract with operators, who
// build dashboards on them; label values come from the program, never from a request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace specom::observe {

using Labels = std::map<std::string, std::string>;

// Handles are small, may be copied, and live as long as their Metrics. All are safe for any thread.
class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  // by: 0 or more.
  void Increment(double by = 1);

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void Set(double value);
  void Add(double change);

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void Observe(absl::Duration duration);

 private:
  prometheus::Histogram* histogram_;
};

// What is measured of one RPC method:
//   specom_rpc_started_total, specom_rpc_active, specom_rpc_duration_seconds {service, method}
//   specom_rpc_finished_total {service, method, code}
class MethodMetrics {
 public:
  virtual ~MethodMetrics() = default;
  virtual void Started() = 0;
  virtual void Finished(absl::StatusCode code, absl::Duration took) = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The series of this name and these labels; the same one for the same arguments. name:
  // "specom_" and lower case with underscores, unit last, counters end in "_total"; a name belongs
  // to one kind. help: one sentence.
  Counter GetCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge GetGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  // Of durations, in seconds, 0.5 ms to 120 s.
  Histogram GetHistogram(std::string_view name, std::string_view help, const Labels& labels = {});

  // full_method: "specom.finance.v1.FinanceService/ApproveRun". The object is the caller's; the
  // series are the same for the same method.
  std::unique_ptr<MethodMetrics> GetMethod(std::string_view full_method);

  // Every series in Prometheus' text format.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace specom::observe

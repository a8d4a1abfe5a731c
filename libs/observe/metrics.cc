#include "libs/observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cstddef>

#include "libs/base/check.h"

namespace specom::observe {
namespace {

// Upper bounds in seconds.
prometheus::Histogram::BucketBoundaries Buckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 30, 60, 120};
}

// The canonical codes, 0 to 16.
constexpr std::size_t kCodes = 17;

class PrometheusMethod final : public MethodMetrics {
 public:
  PrometheusMethod(Metrics& metrics, const Labels& labels)
      : started_(metrics.GetCounter("specom_rpc_started_total", "Calls that arrived.", labels)),
        active_(metrics.GetGauge("specom_rpc_active", "Calls being served.", labels)),
        duration_(metrics.GetHistogram("specom_rpc_duration_seconds", "From arrival to reply.", labels)) {
    finished_.reserve(kCodes);
    for (std::size_t code = 0; code < kCodes; ++code) {
      Labels with_code = labels;
      with_code["code"] = code == 0 ? "OK" : absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
      finished_.push_back(metrics.GetCounter("specom_rpc_finished_total",
                                             "Calls that were answered, by status code.", with_code));
    }
  }

  void Started() override {
    started_.Increment();
    active_.Add(1);
  }

  void Finished(absl::StatusCode code, absl::Duration took) override {
    active_.Add(-1);
    duration_.Observe(took);
    auto index = static_cast<std::size_t>(code);
    SPECOM_CHECK(index < kCodes);
    finished_[index].Increment();
  }

 private:
  Counter started_;
  Gauge active_;
  Histogram duration_;
  std::vector<Counter> finished_;
};

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
};

void Counter::Increment(double by) {
  counter_->Increment(by);
}
void Gauge::Set(double value) {
  gauge_->Set(value);
}
void Gauge::Add(double change) {
  gauge_->Increment(change);
}
void Histogram::Observe(absl::Duration duration) {
  histogram_->Observe(absl::ToDoubleSeconds(duration));
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter Metrics::GetCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return Counter(prometheus::BuildCounter()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->registry)
                     .Add(labels));
}

Gauge Metrics::GetGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return Gauge(prometheus::BuildGauge()
                   .Name(std::string(name))
                   .Help(std::string(help))
                   .Register(state_->registry)
                   .Add(labels));
}

Histogram Metrics::GetHistogram(std::string_view name, std::string_view help, const Labels& labels) {
  return Histogram(prometheus::BuildHistogram()
                       .Name(std::string(name))
                       .Help(std::string(help))
                       .Register(state_->registry)
                       .Add(labels, Buckets()));
}

std::unique_ptr<MethodMetrics> Metrics::GetMethod(std::string_view full_method) {
  auto slash = full_method.find('/');
  Labels labels;
  labels["service"] = full_method.substr(0, slash);
  labels["method"] = slash == full_method.npos ? "" : full_method.substr(slash + 1);
  return std::make_unique<PrometheusMethod>(*this, labels);
}

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace specom::observe

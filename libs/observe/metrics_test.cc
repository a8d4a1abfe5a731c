// Proves the names that operators' dashboards rely on, and that series add up.
#include "libs/observe/metrics.h"

#include <gmock/gmock.h>

namespace specom::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, TheSameNameAndLabelsAreTheSameSeries) {
  Metrics metrics;
  metrics.GetCounter("specom_runs_total", "Runs.", {{"stream", "core"}}).Increment();
  metrics.GetCounter("specom_runs_total", "Runs.", {{"stream", "core"}}).Increment(2);
  metrics.GetCounter("specom_runs_total", "Runs.", {{"stream", "specialised"}}).Increment();
  metrics.GetGauge("specom_queue_depth", "Waiting.").Set(7);
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_runs_total{stream=\"core\"} 3"));
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_runs_total{stream=\"specialised\"} 1"));
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_queue_depth 7"));
}

TEST(Metrics, MeasuresAMethodUnderTheDocumentedNames) {
  Metrics metrics;
  auto method = metrics.GetMethod("specom.finance.v1.FinanceService/GetRun");
  method->Started();
  method->Started();
  method->Finished(absl::StatusCode::kOk, absl::Milliseconds(3));
  const std::string labels = "{method=\"GetRun\",service=\"specom.finance.v1.FinanceService\"";
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_rpc_started_total" + labels + "} 2"));
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_rpc_active" + labels + "} 1"));
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_rpc_duration_seconds_count" + labels + "} 1"));
  EXPECT_THAT(metrics.Text(), HasSubstr("specom_rpc_finished_total{code=\"OK\",method=\"GetRun\","
                                        "service=\"specom.finance.v1.FinanceService\"} 1"));
  method->Finished(absl::StatusCode::kUnauthenticated, absl::Milliseconds(3));
  EXPECT_THAT(metrics.Text(),
              HasSubstr("specom_rpc_finished_total{code=\"UNAUTHENTICATED\",method=\"GetRun\","
                        "service=\"specom.finance.v1.FinanceService\"} 1"));
}

}  // namespace
}  // namespace specom::observe

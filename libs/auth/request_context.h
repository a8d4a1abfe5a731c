// What an operation knows of the call it serves: made by the pipeline (or by a worker for its own
// work) and passed by reference, never global.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "libs/auth/principal.h"

namespace specom {

// What makes a repeated write return the first outcome.
struct IdempotencyKey {
  // The caller's request_id; empty: a repeat is a new request.
  std::string request_id;
  // SHA-256 of the method and the request without its request_id.
  std::string fingerprint;
};

struct RequestContext {
  Principal principal;
  // The process that calls, by its certificate, e.g. "spiffe://specom.prod/svc/gateway"; empty without one.
  std::string workload;
  // The full method name, e.g. "specom.finance.v1.FinanceService/ApproveRun".
  std::string method;
  std::string request_id;
  // W3C, e.g. "00-<trace>-<span>-01".
  std::string traceparent;
  absl::Time received_at;
  absl::Time deadline = absl::InfiniteFuture();
  IdempotencyKey idempotency;
  // True when the caller has gone; long work asks at safe points. May be empty.
  std::function<bool()> is_cancelled;

  absl::Duration Remaining(absl::Time now) const { return deadline - now; }
  bool Cancelled() const { return is_cancelled && is_cancelled(); }
};

}  // namespace specom

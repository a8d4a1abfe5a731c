// Signs now and then, and at a clean stop, how far the audit chains of a process go, into a file outside
// their databases.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/signature.h"
#include "libs/base/waker.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/store/audit.h"

namespace specom::rpc {

struct AuditSettings {
  // The file of the checkpoints; it is only added to. Empty: none are made.
  std::string checkpoints = {};
  // PEM file of the Ed25519 key that signs them.
  std::string signing_key = {};
  absl::Duration interval = absl::Minutes(10);

  bool enabled() const { return !checkpoints.empty(); }
  // All problems at once, each with its setting and the remedy; empty: sound.
  std::vector<std::string> Verify() const;
};

class AuditCheckpoints {
 public:
  // Reads the key. INVALID_ARGUMENT when there is none, FAILED_PRECONDITION when it cannot be read. All but
  // the settings outlive it; metrics, by service:
  //   specom_audit_checkpoint_sequence             how far the last checkpoint goes
  //   specom_audit_checkpoint_timestamp_seconds    when the chain last ended where a checkpoint says
  static absl::StatusOr<std::unique_ptr<AuditCheckpoints>> Open(const AuditSettings& settings,
                                                                const Clock& clock, observe::Logger& logger,
                                                                observe::Metrics& metrics);
  // Stop()s.
  ~AuditCheckpoints();

  // Before Start; once is enough. The store outlives Stop.
  void AddChain(const std::string& service, store::Store& store);
  // Makes checkpoints at once, and then at every interval, in a thread of its own. What fails is logged and
  // done at the next.
  void Start();
  // Makes the last ones.
  void Stop();

  // A checkpoint of every chain that has grown since its last one. The first error, after all were tried.
  absl::Status WriteNow();

 private:
  struct Chain {
    std::string service;
    store::Store* store;
    observe::Gauge sequence;
    observe::Gauge timestamp;
    store::AuditHead last;
  };

  AuditCheckpoints(AuditSettings settings, SigningKey key, const Clock& clock, observe::Logger& logger,
                   observe::Metrics& metrics);
  absl::Status Write(Chain& chain);
  void WriteOrLog();

  const AuditSettings settings_;
  const SigningKey key_;
  const Clock& clock_;
  observe::Logger& logger_;
  observe::Metrics& metrics_;
  absl::Mutex mutex_;
  std::vector<Chain> chains_ ABSL_GUARDED_BY(mutex_);
  Waker stop_;
  std::thread thread_;
};

}  // namespace specom::rpc

// Writes denials to the audit record of the service that they were denied by, all that wait in one
// transaction, so that a flood of refusals costs few commits and holds up nobody.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/rpc/denial_sink.h"
#include "libs/store/store.h"

namespace specom::rpc {

class DenialAudit final : public DenialSink {
 public:
  struct Options {
    // Denials of one service that may wait; those beyond are refused without a record.
    std::size_t queue_limit = 256;
    // How long a refused caller waits at most for a database that does not answer.
    absl::Duration time_limit = absl::Seconds(2);
    // How long the next record of unknown callers' denials of one kind waits after the last one.
    absl::Duration repeat_pause = absl::Minutes(1);
  };

  // All outlive it. What is not written is logged, and counted in specom_audit_denials_unwritten_total.
  DenialAudit(const Clock& clock, observe::Logger& logger, observe::Metrics& metrics, Options options);
  DenialAudit(const Clock& clock, observe::Logger& logger, observe::Metrics& metrics)
      : DenialAudit(clock, logger, metrics, Options{}) {}
  // Stop()s.
  ~DenialAudit() override;

  // Denials of the methods specom.<service>.… go to this store, those of no such service to the store that
  // was added first. Before calls arrive; once is enough. The store outlives Stop.
  void AddChain(const std::string& service, store::Store& store);

  // Denials whose callers are not known and that differ in nothing that matters are of one kind. The first is
  // recorded as any other; those that come within repeat_pause of a record are told at once, and the next
  // record, made when that time is over or at Stop, says how many they are. Of up to queue_limit kinds within
  // that time: whoever has no account cannot fill the disk.
  bool Record(const RequestContext& context, store::AuditEntry entry, std::function<void()> then) override;

  // Writes what waits; takes no more.
  void Stop();

 private:
  class Chain;
  Chain* ChainOf(const std::string& method);

  const Clock& clock_;
  observe::Logger& logger_;
  const Options options_;
  observe::Counter unwritten_;
  std::vector<std::unique_ptr<Chain>> chains_;
};

}  // namespace specom::rpc

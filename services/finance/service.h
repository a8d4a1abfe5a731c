// Finance as a module of a process: what it is made of and what it can be told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/rpc/module.h"
#include "libs/rpc/process.h"
#include "libs/store/store.h"

namespace specom::finance {

// api: answers calls; worker: computes runs.
enum class ProcessRole { kApi, kWorker, kBoth };

struct FinanceConfig {
  ProcessRole role = ProcessRole::kBoth;
  // How many runs this process computes at the same time.
  int workers = 1;
  // A run that a worker took up and did not finish for this long is taken over by another. Longer
  // than a run takes.
  absl::Duration claim_after = absl::Seconds(30);
  // Unique among the processes that work; empty: made of the host's name and the process id.
  std::string worker_name;
  // Where portfolio answers, "host:port"; asked for when it is needed, so that it may become known
  // after the start. None or "": figures on the ICBs of another date are refused
  // (NO_PORTFOLIO_ENDPOINT).
  std::function<std::string()> portfolio_endpoint;

  // All problems at once, each with its remedy; empty: sound.
  std::vector<std::string> Verify() const;
};

// The store holds finance's own database; it and the host outlive the module. INVALID_ARGUMENT when
// the config does not verify.
absl::StatusOr<std::unique_ptr<rpc::Module>> NewFinanceModule(const FinanceConfig& config,
                                                              store::Store& store, rpc::Host& host);

// specom-finance: role, workers, claim_after_seconds, worker_name and portfolio_endpoint beside the
// standard settings.
rpc::ServiceProgram FinanceProgram();

}  // namespace specom::finance

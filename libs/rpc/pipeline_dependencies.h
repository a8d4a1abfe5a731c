// What a Pipeline needs; all of it outlives the pipeline.
#pragma once

#include "libs/auth/authenticator.h"
#include "libs/base/clock.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/pipeline.h"

namespace specom::rpc {

class DenialSink;

struct Pipeline::Dependencies {
  const Authenticator& authenticator;
  Executor& executor;
  const Clock& clock;
  observe::Logger& logger;
  observe::Metrics& metrics;
  // Null: denials stand in the log only.
  DenialSink* denials = nullptr;
};

}  // namespace specom::rpc

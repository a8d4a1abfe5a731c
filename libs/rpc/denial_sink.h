// Where the pipeline hands a refused call's record before it replies.
#pragma once

#include <functional>

#include "libs/auth/request_context.h"
#include "libs/store/audit.h"

namespace specom::rpc {

class DenialSink {
 public:
  virtual ~DenialSink() = default;

  // Takes the denial and returns at once. True: `then` is called once, in another thread, when the record
  // is durable or cannot be made. False: it was not taken, and `then` is never called.
  virtual bool Record(const RequestContext& context, store::AuditEntry entry, std::function<void()> then) = 0;
};

}  // namespace specom::rpc

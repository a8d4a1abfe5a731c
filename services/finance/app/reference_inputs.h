// The inputs that ship with the platform, stored as reference input sets on first use.
#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class ReferenceInputs {
 public:
  ReferenceInputs(store::Store& store, const ReferenceLibrary& library, InputSetRepository& inputs,
                  const Clock& clock)
      : store_(store), library_(library), inputs_(inputs), clock_(clock) {}

  // Stores every set that is not stored yet; the number stored.
  absl::StatusOr<int> ImportAll(const RequestContext& context);
  // The stored set of the stream and year, storing it first where needed.
  // NOT_FOUND/NO_REFERENCE_INPUTS lists what ships.
  absl::StatusOr<InputSetRecord> Ensure(store::UnitOfWork& work, const RequestContext& context,
                                        const std::string& stream, FinancialYear year);
  // The head that the stored set has or would have.
  absl::StatusOr<InputSetRecord> Describe(store::UnitOfWork& work, const std::string& stream,
                                          FinancialYear year);

 private:
  store::Store& store_;
  const ReferenceLibrary& library_;
  InputSetRepository& inputs_;
  const Clock& clock_;
};

}  // namespace specom::finance

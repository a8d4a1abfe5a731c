// The record of changes as rows that are only ever added.
#pragma once

#include "libs/base/clock.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class SqlChangeRecord final : public ChangeRecord {
 public:
  explicit SqlChangeRecord(const Clock& clock) : clock_(clock) {}

  absl::Status Append(store::UnitOfWork& work, const RequestContext& context, const std::string& resource,
                      const std::string& note) override;

 private:
  const Clock& clock_;
};

}  // namespace specom::finance

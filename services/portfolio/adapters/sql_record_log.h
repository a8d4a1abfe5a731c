// The log of records in SQL, alike on SQLite and PostgreSQL.
#pragma once

#include "services/portfolio/app/ports.h"

namespace specom::portfolio {

class SqlRecordLog final : public RecordLog {
 public:
  absl::StatusOr<Change> LastChange(store::UnitOfWork& work) override;
  absl::StatusOr<Records> LoadAfter(store::UnitOfWork& work, std::int64_t change) override;
  absl::Status Append(store::UnitOfWork& work, const RequestContext& context, const Change& change,
                      const std::string& note, const Records& records) override;
  absl::StatusOr<int> ReferencePackVersion(store::UnitOfWork& work) override;
  absl::Status SetReferencePackVersion(store::UnitOfWork& work, int version, const Change& change) override;
};

}  // namespace specom::portfolio

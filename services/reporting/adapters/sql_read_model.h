// The read model in SQLite or PostgreSQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/reporting/app/read_model.h"

namespace specom::reporting {

class SqlReadModel final : public ReadModel {
 public:
  absl::Status Keep(store::UnitOfWork& work, const EventStamp& stamp, const Fact& fact) override;
  absl::StatusOr<std::optional<PublishedRun>> FindCurrentRun(store::UnitOfWork& work,
                                                             const std::string& stream,
                                                             FinancialYear year) override;
  absl::StatusOr<std::vector<Allocation>> AllocationsOf(store::UnitOfWork& work, const RunName& run,
                                                        const RegionCode& region) override;
  absl::StatusOr<Commissioning> LoadCommissioning(store::UnitOfWork& work) override;
  absl::StatusOr<std::vector<ReportSummary>> ListReports(store::UnitOfWork& work, const RegionCode& region,
                                                         const std::optional<ReportKey>& after,
                                                         int limit) override;
};

}  // namespace specom::reporting

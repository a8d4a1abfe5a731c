// What portfolio's operations need of storage and of the outbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/request_context.h"
#include "libs/store/store.h"
#include "services/portfolio/domain/registry.h"

namespace specom::portfolio {

// A change of the registry: all that one request taught it.
struct Change {
  // From 1, without gaps; 0: before the first.
  std::int64_t number = 0;
  absl::Time recorded_at = absl::InfinitePast();
};

// The durable log of records; nothing in it is ever edited or removed.
class RecordLog {
 public:
  virtual ~RecordLog() = default;

  virtual absl::StatusOr<Change> LastChange(store::UnitOfWork& work) = 0;
  // The records of all changes after the number.
  virtual absl::StatusOr<Records> LoadAfter(store::UnitOfWork& work, std::int64_t change) = 0;
  // Adds the records as change.number, which follows the last one, with who made it and why.
  virtual absl::Status Append(store::UnitOfWork& work, const RequestContext& context, const Change& change,
                              const std::string& note, const Records& records) = 0;

  // The version of the reference pack that was loaded last; 0: none.
  virtual absl::StatusOr<int> ReferencePackVersion(store::UnitOfWork& work) = 0;
  virtual absl::Status SetReferencePackVersion(store::UnitOfWork& work, int version,
                                               const Change& change) = 0;
};

// Tells other services, in the transaction of the change.
class RegistryEvents {
 public:
  virtual ~RegistryEvents() = default;

  // registry: with the change in it.
  virtual absl::Status OrganisationsChanged(
      store::UnitOfWork& work, const RequestContext& context, const Registry& registry,
      const std::vector<const Record<Organisation>*>& organisations) = 0;
  virtual absl::Status DecisionRecorded(store::UnitOfWork& work, const RequestContext& context,
                                        const Registry& registry, const Record<Decision>& decision) = 0;
};

}  // namespace specom::portfolio

// What a round has to itself: the databases of both services and a bus. A world is new, alike for
// every round, and gone when the object goes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/store/store.h"

namespace specom::crash {

// kEmbedded: SQLite and the bus in the process. kProduction: PostgreSQL and Redis, of
// SPECOM_TEST_POSTGRESQL and SPECOM_TEST_REDIS.
enum class Setting { kEmbedded, kProduction };
// "embedded"
std::string_view ToString(Setting setting);

class World {
 public:
  virtual ~World() = default;

  // What the child is told of it, but for the number of handlers.
  virtual std::vector<std::string> Arguments() const = 0;
  // The bus forgets all that it has, as a Redis that was restarted empty. The bus in the process
  // does so with every death.
  virtual absl::Status LoseBus() = 0;
  // For the judge, once no child runs.
  virtual absl::StatusOr<std::unique_ptr<store::Store>> OpenLedger() = 0;
  virtual absl::StatusOr<std::unique_ptr<store::Store>> OpenStatements() = 0;
};

// Makes worlds of one setting; outlives them.
class Worlds {
 public:
  virtual ~Worlds() = default;
  virtual absl::StatusOr<std::unique_ptr<World>> Make() = 0;
};

// FAILED_PRECONDITION when a server is not named, or UNAVAILABLE when it does not answer.
absl::StatusOr<std::unique_ptr<Worlds>> NewWorlds(Setting setting);

}  // namespace specom::crash

// Lists services with how far they were delegated on a day, by service.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

struct ListServiceStatusesQuery {
  Question question;
  std::optional<ServiceCommissioning> commissioning;
  // Behind this service; empty: from the first.
  std::string after;
  std::size_t limit = 0;
};

struct ServiceStatusList {
  Snapshot registry;
  Viewpoint at;
  std::vector<ServiceStatus> statuses;
};

class ListServiceStatuses {
 public:
  explicit ListServiceStatuses(const LiveRegistry& live) : live_(live) {}

  ServiceStatusList Execute(const ListServiceStatusesQuery& query) const;

 private:
  const LiveRegistry& live_;
};

}  // namespace specom::portfolio

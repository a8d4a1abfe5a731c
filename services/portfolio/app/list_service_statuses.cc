#include "services/portfolio/app/list_service_statuses.h"

namespace specom::portfolio {

ServiceStatusList ListServiceStatuses::Execute(const ListServiceStatusesQuery& query) const {
  ServiceStatusList list;
  list.registry = live_.Current();
  list.at = live_.ViewpointOf(query.question, *list.registry);
  for (const ServiceStatus& status : list.registry->ListServiceStatuses(list.at)) {
    if (list.statuses.size() == query.limit) break;
    if (!query.after.empty() && status.service->id <= query.after) continue;
    if (query.commissioning && status.commissioning != *query.commissioning) continue;
    list.statuses.push_back(status);
  }
  return list;
}

}  // namespace specom::portfolio

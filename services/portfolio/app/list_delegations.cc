#include "services/portfolio/app/list_delegations.h"

namespace specom::portfolio {

DelegationList ListDelegations::Execute(const ListDelegationsQuery& query) const {
  DelegationList list;
  list.registry = live_.Current();
  list.at = live_.ViewpointOf(query.question, *list.registry);
  list.delegations = list.registry->ListDelegations(query.filter, list.at, query.after, query.limit);
  return list;
}

}  // namespace specom::portfolio

// Lists who commissions what for whom on a day, by ICB, then service line.
#pragma once

#include <optional>
#include <vector>

#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

struct ListDelegationsQuery {
  Question question;
  DelegationFilter filter;
  std::optional<DelegationCursor> after;
  std::size_t limit = 0;
};

struct DelegationList {
  Snapshot registry;
  Viewpoint at;
  std::vector<Delegation> delegations;
};

class ListDelegations {
 public:
  explicit ListDelegations(const LiveRegistry& live) : live_(live) {}

  DelegationList Execute(const ListDelegationsQuery& query) const;

 private:
  const LiveRegistry& live_;
};

}  // namespace specom::portfolio

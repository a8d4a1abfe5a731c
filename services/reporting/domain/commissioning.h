// Who commissions how many services for an ICB on a date, from the decisions that are known.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/date.h"
#include "libs/base/id.h"
#include "services/reporting/domain/event_stamp.h"

namespace specom::reporting {

// e.g. "PSS-29"
using ServiceId = Id<struct ServiceIdTag>;
// decisions/{decision_id}
using DecisionName = Id<struct DecisionNameTag>;

// Delegation with conditions is delegation.
enum class CommissioningForm { kNhsEngland, kJoint, kDelegated };

// A dated decision on who commissions which services for whom.
struct Decision {
  DecisionName name;
  CommissioningForm form = CommissioningForm::kNhsEngland;
  Date decided_on;
  absl::Time recorded_at;
  DateSpan effective;
  std::set<IcbCode> icbs;
  // Every service that it covers wholly or in part.
  std::set<ServiceId> services;
  // It names single service lines, so that it may cover some of its services in part.
  bool names_lines = false;
  EventStamp learnt_from;

  friend bool operator==(const Decision&, const Decision&) = default;
};

// An ICB that took the place of another from a day on.
struct Succession {
  IcbCode predecessor;
  IcbCode successor;
  Date from;

  friend bool operator==(const Succession&, const Succession&) = default;
};

class Commissioning {
 public:
  using Forms = std::map<ServiceId, CommissioningForm>;

  // decisions: those that are known and were not replaced by a correction.
  Commissioning(std::vector<Decision> decisions, std::vector<Succession> successions);

  // The form in which each service is commissioned for the ICB on the date; services that no
  // decision covers are NHS England's alone and are left out. Of decisions that cover a service the
  // one taken last prevails (of one day, the one recorded last); one that may cover the service in
  // part leaves the rest of it to the earlier ones, and a service of which a part is delegated is
  // delegated, else joint where a part is joint. An ICB that succeeded others has their form where
  // no decision covers it and they agree.
  Forms On(const IcbCode& icb, Date date) const;

  // The latest event among the decisions that cover the ICB or a predecessor of it, on any date.
  std::optional<EventStamp> LatestEvent(const IcbCode& icb) const;

 private:
  Forms On(const IcbCode& icb, Date date, std::set<IcbCode>& seen) const;
  Forms Inherited(const IcbCode& icb, Date date, std::set<IcbCode>& seen) const;
  std::set<IcbCode> WithPredecessors(const IcbCode& icb) const;

  // Latest taken first.
  std::vector<Decision> decisions_;
  std::multimap<IcbCode, Succession> by_successor_;
};

struct ServiceCounts {
  int delegated = 0;
  int joint = 0;

  friend bool operator==(const ServiceCounts&, const ServiceCounts&) = default;
};

ServiceCounts CountServices(const Commissioning::Forms& forms);

}  // namespace specom::reporting

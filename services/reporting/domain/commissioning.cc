// Who commissions how many services for an ICB on a date, from the decisions that are known.
#include "services/reporting/domain/commissioning.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace specom::reporting {

Commissioning::Commissioning(std::vector<Decision> decisions, std::vector<Succession> successions)
    : decisions_(std::move(decisions)) {
  std::ranges::sort(decisions_, [](const Decision& a, const Decision& b) {
    return std::tie(a.decided_on, a.recorded_at, a.name) > std::tie(b.decided_on, b.recorded_at, b.name);
  });
  for (Succession& succession : successions) {
    if (succession.predecessor == succession.successor) continue;
    IcbCode successor = succession.successor;
    by_successor_.emplace(std::move(successor), std::move(succession));
  }
}

Commissioning::Forms Commissioning::On(const IcbCode& icb, Date date) const {
  std::set<IcbCode> seen;
  return On(icb, date, seen);
}

Commissioning::Forms Commissioning::On(const IcbCode& icb, Date date, std::set<IcbCode>& seen) const {
  Forms forms;
  std::set<ServiceId> settled;
  for (const Decision& decision : decisions_) {
    if (!decision.effective.Contains(date) || !decision.icbs.contains(icb)) continue;
    for (const ServiceId& service : decision.services) {
      if (settled.contains(service)) continue;
      const auto [known, _] = forms.try_emplace(service, decision.form);
      known->second = std::max(known->second, decision.form);
      if (!decision.names_lines) settled.insert(service);
    }
  }
  // What was decided for the ICB itself stays.
  forms.merge(Inherited(icb, date, seen));
  return forms;
}

Commissioning::Forms Commissioning::Inherited(const IcbCode& icb, Date date, std::set<IcbCode>& seen) const {
  // A circle of successions, which no registry should hold, ends here.
  if (!seen.insert(icb).second) return {};
  std::optional<Forms> agreed;
  const auto [first, last] = by_successor_.equal_range(icb);
  for (auto it = first; it != last; ++it) {
    if (date < it->second.from) continue;
    Forms forms = On(it->second.predecessor, date, seen);
    if (agreed) {
      std::erase_if(*agreed, [&](const auto& entry) {
        const auto other = forms.find(entry.first);
        return other == forms.end() || other->second != entry.second;
      });
    } else {
      agreed = std::move(forms);
    }
  }
  seen.erase(icb);
  return agreed.value_or(Forms{});
}

std::set<IcbCode> Commissioning::WithPredecessors(const IcbCode& icb) const {
  std::set<IcbCode> found = {icb};
  std::vector<IcbCode> open = {icb};
  while (!open.empty()) {
    const IcbCode next = open.back();
    open.pop_back();
    const auto [first, last] = by_successor_.equal_range(next);
    for (auto it = first; it != last; ++it) {
      if (found.insert(it->second.predecessor).second) open.push_back(it->second.predecessor);
    }
  }
  return found;
}

std::optional<EventStamp> Commissioning::LatestEvent(const IcbCode& icb) const {
  std::optional<EventStamp> latest;
  const std::set<IcbCode> covered = WithPredecessors(icb);
  for (const Decision& decision : decisions_) {
    const bool covers =
        std::ranges::any_of(decision.icbs, [&](const IcbCode& code) { return covered.contains(code); });
    if (covers && (!latest || IsLater(decision.learnt_from, *latest))) latest = decision.learnt_from;
  }
  return latest;
}

ServiceCounts CountServices(const Commissioning::Forms& forms) {
  ServiceCounts counts;
  for (const auto& [_, form] : forms) {
    if (form == CommissioningForm::kDelegated) ++counts.delegated;
    if (form == CommissioningForm::kJoint) ++counts.joint;
  }
  return counts;
}

}  // namespace specom::reporting

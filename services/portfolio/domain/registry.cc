#include "services/portfolio/domain/registry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "services/portfolio/domain/reasons.h"
#include "services/portfolio/domain/text.h"
#include "services/portfolio/domain/words.h"

namespace specom::portfolio {
namespace {

// Successors of successors, far beyond any real chain: an end for records that go in circles.
constexpr int kLongestChain = 8;

std::uint64_t Pair(int icb, int other) {
  return static_cast<std::uint64_t>(icb) << 32 | static_cast<std::uint32_t>(other);
}

template <class T>
void AddEnds(const Record<T>& record, absl::Time as_known_at, auto& days) {
  if (!record.KnownAt(as_known_at)) return;
  days.push_back(record.effective.from);
  if (record.effective.to) days.push_back(record.effective.to->Plus(1));
}

// Of two decisions on the same matter the one taken later prevails; of one day, the one learnt later.
bool PrevailsOver(const Record<Decision>& a, const Record<Decision>& b) {
  return std::tie(a.value.decided_on, a.recorded_at, a.id) >
         std::tie(b.value.decided_on, b.recorded_at, b.id);
}

bool HoldSame(const Delegation& a, const Delegation& b) {
  auto conditions = [](const Delegation& d) {
    return d.decision == nullptr ? std::vector<std::string>() : d.decision->value.conditions;
  };
  return a.form == b.form && a.funding_basis == b.funding_basis && conditions(a) == conditions(b);
}

bool IsDelegated(DelegationForm form) {
  return form == DelegationForm::kDelegated || form == DelegationForm::kDelegatedWithConditions;
}

}  // namespace

template <>
const History<Organisation>& Registry::Of() const {
  return organisations_;
}
template <>
const History<Succession>& Registry::Of() const {
  return successions_;
}
template <>
const History<Programme>& Registry::Of() const {
  return programmes_;
}
template <>
const History<ClinicalReferenceGroup>& Registry::Of() const {
  return clinical_reference_groups_;
}
template <>
const History<Service>& Registry::Of() const {
  return services_;
}
template <>
const History<ServiceLine>& Registry::Of() const {
  return service_lines_;
}
template <>
const History<Specification>& Registry::Of() const {
  return specifications_;
}
template <>
const History<ProviderEligibility>& Registry::Of() const {
  return provider_eligibilities_;
}
template <>
const History<AssessmentCriterion>& Registry::Of() const {
  return assessment_criteria_;
}
template <>
const History<ServiceAssessment>& Registry::Of() const {
  return service_assessments_;
}
template <>
const History<Decision>& Registry::Of() const {
  return decisions_;
}

std::shared_ptr<const Registry> Registry::Build(Records records, std::int64_t change, absl::Time learnt_at) {
  auto registry = std::make_shared<Registry>();
  registry->change_ = change;
  registry->learnt_at_ = learnt_at;
  registry->organisations_ = History(std::move(records.organisations));
  registry->successions_ = History(std::move(records.successions));
  registry->programmes_ = History(std::move(records.programmes));
  registry->clinical_reference_groups_ = History(std::move(records.clinical_reference_groups));
  registry->services_ = History(std::move(records.services));
  registry->service_lines_ = History(std::move(records.service_lines));
  registry->specifications_ = History(std::move(records.specifications));
  registry->provider_eligibilities_ = History(std::move(records.provider_eligibilities));
  registry->assessment_criteria_ = History(std::move(records.assessment_criteria));
  registry->service_assessments_ = History(std::move(records.service_assessments));
  registry->decisions_ = History(std::move(records.decisions));
  registry->Index();
  return registry;
}

std::shared_ptr<const Registry> Registry::With(Records more, std::int64_t change,
                                               absl::Time learnt_at) const {
  Records all{organisations_.records(),
              successions_.records(),
              programmes_.records(),
              clinical_reference_groups_.records(),
              services_.records(),
              service_lines_.records(),
              specifications_.records(),
              provider_eligibilities_.records(),
              assessment_criteria_.records(),
              service_assessments_.records(),
              decisions_.records()};
  auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(all.organisations, more.organisations);
  append(all.successions, more.successions);
  append(all.programmes, more.programmes);
  append(all.clinical_reference_groups, more.clinical_reference_groups);
  append(all.services, more.services);
  append(all.service_lines, more.service_lines);
  append(all.specifications, more.specifications);
  append(all.provider_eligibilities, more.provider_eligibilities);
  append(all.assessment_criteria, more.assessment_criteria);
  append(all.service_assessments, more.service_assessments);
  append(all.decisions, more.decisions);
  return Build(std::move(all), change, learnt_at);
}

void Registry::Index() {
  all_known_at_ = learnt_at_;
  const auto know = [this](const auto& history) {
    for (const auto& record : history.records()) all_known_at_ = std::max(all_known_at_, record.recorded_at);
  };
  know(organisations_);
  know(successions_);
  know(programmes_);
  know(clinical_reference_groups_);
  know(services_);
  know(service_lines_);
  know(specifications_);
  know(provider_eligibilities_);
  know(assessment_criteria_);
  know(service_assessments_);
  know(decisions_);
  auto number = [this](std::string_view id) {
    return numbers_.emplace(id, static_cast<int>(numbers_.size())).first->second;
  };
  for (const auto& decision : decisions_.records()) {
    for (const auto& icb : decision.value.icbs) {
      for (const auto& service : decision.value.services) {
        decisions_on_service_[Pair(number(icb), number(service))].push_back(&decision);
      }
      for (const auto& line : decision.value.service_lines) {
        decisions_on_line_[Pair(number(icb), number(line))].push_back(&decision);
      }
    }
  }
  for (const auto& succession : successions_.records()) {
    by_predecessor_[succession.value.predecessor].push_back(&succession);
    by_successor_[succession.value.successor].push_back(&succession);
  }
  for (const auto& organisation : organisations_.records()) {
    if (organisation.value.kind == OrganisationKind::kIcb) {
      if (icbs_.empty() || icbs_.back() != organisation.id) icbs_.push_back(organisation.id);
    }
    for (const auto& member : organisation.value.members) committees_of_icb_[member].push_back(&organisation);
  }
  for (const auto& line : service_lines_.records()) {
    auto& lines = lines_of_service_[line.value.service];
    if (lines.empty() || lines.back() != line.id) lines.push_back(line.id);
  }
}

const Record<Organisation>* Registry::FindOrganisation(std::string_view code, Viewpoint at) const {
  const Record<Organisation>* found = organisations_.At(code, at);
  if (found == nullptr) return nullptr;
  std::optional<Date> replaced = ReplacedOn(code, at.as_known_at);
  return replaced && *replaced <= at.as_of ? nullptr : found;
}

DateSpan Registry::OrganisationSpan(const Record<Organisation>& organisation, Viewpoint at) const {
  DateSpan span = organisations_.SpanAround(organisation, at);
  std::optional<Date> replaced = ReplacedOn(organisation.id, at.as_known_at);
  if (replaced && (!span.to || *replaced <= *span.to) && span.from < *replaced) span.to = replaced->Plus(-1);
  return span;
}

std::optional<Date> Registry::ReplacedOn(std::string_view code, absl::Time as_known_at) const {
  std::optional<Date> day;
  auto it = by_predecessor_.find(code);
  if (it == by_predecessor_.end()) return day;
  for (const auto* succession : it->second) {
    if (!succession->KnownAt(as_known_at)) continue;
    if (!day || succession->effective.from < *day) day = succession->effective.from;
  }
  return day;
}

std::vector<const Record<Succession>*> Registry::SuccessorsOf(std::string_view code,
                                                              absl::Time as_known_at) const {
  std::vector<const Record<Succession>*> successors;
  auto it = by_predecessor_.find(code);
  if (it == by_predecessor_.end()) return successors;
  for (const auto* succession : it->second) {
    if (succession->KnownAt(as_known_at)) successors.push_back(succession);
  }
  return successors;
}

const Record<Organisation>* Registry::CommitteeOf(std::string_view icb, Viewpoint at) const {
  auto it = committees_of_icb_.find(icb);
  if (it == committees_of_icb_.end()) return nullptr;
  for (const auto* candidate : it->second) {
    if (FindOrganisation(candidate->id, at) == candidate) return candidate;
  }
  return nullptr;
}

std::vector<const Record<ServiceLine>*> Registry::LinesOf(std::string_view service, Viewpoint at) const {
  std::vector<const Record<ServiceLine>*> lines;
  auto it = lines_of_service_.find(service);
  if (service.empty() || it == lines_of_service_.end()) return lines;
  for (std::string_view code : it->second) {
    const auto* line = service_lines_.At(code, at);
    if (line != nullptr && line->value.service == service) lines.push_back(line);
  }
  return lines;
}

bool Registry::HasDelegableLine(std::string_view service, Viewpoint at) const {
  auto it = lines_of_service_.find(service);
  if (service.empty() || it == lines_of_service_.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](std::string_view code) {
    const auto* line = service_lines_.At(code, at);
    return line != nullptr && line->value.service == service &&
           line->value.DelegableIn(FinancialYear::Of(at.as_of));
  });
}

std::vector<std::string> Registry::ServicesCoveredBy(const Record<Decision>& decision,
                                                     absl::Time as_known_at) const {
  std::set<std::string> services(decision.value.services.begin(), decision.value.services.end());
  for (const auto& code : decision.value.service_lines) {
    const auto* line = service_lines_.At(code, {decision.effective.from, as_known_at});
    if (line != nullptr && !line->value.service.empty()) services.insert(line->value.service);
  }
  return {services.begin(), services.end()};
}

const Registry::DecisionList* Registry::DecisionsOn(std::string_view icb, std::string_view service) const {
  auto icb_number = numbers_.find(icb);
  auto service_number = numbers_.find(service);
  if (icb_number == numbers_.end() || service_number == numbers_.end()) return nullptr;
  auto it = decisions_on_service_.find(Pair(icb_number->second, service_number->second));
  return it == decisions_on_service_.end() ? nullptr : &it->second;
}

const Registry::DecisionList* Registry::DecisionsOnLine(std::string_view icb, std::string_view line) const {
  auto icb_number = numbers_.find(icb);
  auto line_number = numbers_.find(line);
  if (icb_number == numbers_.end() || line_number == numbers_.end()) return nullptr;
  auto it = decisions_on_line_.find(Pair(icb_number->second, line_number->second));
  return it == decisions_on_line_.end() ? nullptr : &it->second;
}

bool Registry::CoversByService(const Record<Decision>& decision, const Record<ServiceLine>& line,
                               Viewpoint at) const {
  return line.value.DelegableIn(FinancialYear::Of(at.as_of)) ||
         (line.value.MayBeHandedOver() &&
          !HasDelegableLine(line.value.service, {decision.effective.from, at.as_known_at}));
}

const Record<Decision>* Registry::PrevailingDecision(std::string_view icb, const Record<ServiceLine>& line,
                                                     Viewpoint at) const {
  const Record<Decision>* best = nullptr;
  auto consider = [&](const DecisionList* list, auto covers) {
    if (list == nullptr) return;
    for (const auto* decision : *list) {
      if (!decision->KnownAt(at.as_known_at) || !decision->effective.Contains(at.as_of)) continue;
      if (best != nullptr && !PrevailsOver(*decision, *best)) continue;
      if (covers(*decision)) best = decision;
    }
  };
  if (line.value.highly_specialised) return nullptr;
  consider(DecisionsOnLine(icb, line.id), [](const Record<Decision>&) { return true; });
  consider(DecisionsOn(icb, line.value.service),
           [&](const Record<Decision>& decision) { return CoversByService(decision, line, at); });
  return best;
}

absl::InlinedVector<const Record<Succession>*, 4> Registry::PredecessorsOf(std::string_view icb,
                                                                           Viewpoint at) const {
  absl::InlinedVector<const Record<Succession>*, 4> predecessors;
  if (!HasPredecessors(icb, at.as_known_at)) return predecessors;
  for (const auto* succession : by_successor_.find(icb)->second) {
    if (succession->KnownAt(at.as_known_at) && succession->effective.from <= at.as_of) {
      predecessors.push_back(succession);
    }
  }
  return predecessors;
}

bool Registry::HasPredecessors(std::string_view icb, absl::Time as_known_at) const {
  auto it = by_successor_.find(icb);
  if (it == by_successor_.end()) return false;
  std::optional<Date> established;
  for (const auto& record : organisations_.Versions(icb)) {
    if (!record.KnownAt(as_known_at)) continue;
    if (!established || record.effective.from < *established) established = record.effective.from;
  }
  // An ICB that was there before its neighbour's parts came to it goes on as itself.
  return established && std::any_of(it->second.begin(), it->second.end(), [&](const auto* succession) {
           return succession->KnownAt(as_known_at) && succession->effective.from <= *established;
         });
}

std::optional<DateSpan> Registry::DaysOfIcb(std::string_view icb, absl::Time as_known_at) const {
  std::optional<Date> first;
  const Record<Organisation>* latest = nullptr;
  for (const auto& record : organisations_.Versions(icb)) {
    if (!record.KnownAt(as_known_at) || record.value.kind != OrganisationKind::kIcb) continue;
    if (!first || record.effective.from < *first) first = record.effective.from;
    if (latest == nullptr || record.effective.from > latest->effective.from) latest = &record;
  }
  if (latest == nullptr) return std::nullopt;
  DateSpan days{HasPredecessors(icb, as_known_at) ? *first : PrescribedServicesBegan(), latest->effective.to};
  if (std::optional<Date> replaced = ReplacedOn(icb, as_known_at)) {
    if (!days.to || *replaced <= *days.to) days.to = replaced->Plus(-1);
  }
  return days;
}

const Record<Organisation>* Registry::IcbRecord(std::string_view code, Viewpoint at) const {
  if (const auto* record = organisations_.At(code, at)) return record;
  const Record<Organisation>* earliest = nullptr;
  for (const auto& record : organisations_.Versions(code)) {
    if (!record.KnownAt(at.as_known_at)) continue;
    if (earliest == nullptr || record.effective.from < earliest->effective.from) earliest = &record;
  }
  return earliest;
}

Delegation Registry::Answer(const Record<Organisation>* icb, std::string_view code,
                            const Record<ServiceLine>& line, Viewpoint at, int depth) const {
  Delegation answer;
  answer.icb = icb;
  answer.line = &line;
  answer.inferred = line.inferred;
  if (line.value.highly_specialised) {
    answer.rule = DelegationRule::kHighlySpecialised;
    return answer;
  }
  if (const auto* decision = PrevailingDecision(code, line, at)) {
    const Decision& decided = decision->value;
    answer.decision = decision;
    answer.form = decided.form;
    answer.funding_basis = decided.funding_basis;
    answer.rule = DelegationRule::kDecision;
    answer.inferred = answer.inferred || decision->inferred;
    bool named = std::find(decided.service_lines.begin(), decided.service_lines.end(), line.id) !=
                 decided.service_lines.end();
    if (!named) answer.inferred = answer.inferred || line.value.service_inferred;
    if (IsDelegated(decided.form)) {
      answer.commissioner = icb->id;
    } else if (decided.form == DelegationForm::kJoint) {
      if (const auto* committee = CommitteeOf(code, at)) {
        answer.commissioner = committee->id;
        answer.inferred = answer.inferred || committee->inferred;
      }
    }
    return answer;
  }
  auto predecessors =
      depth < kLongestChain ? PredecessorsOf(code, at) : absl::InlinedVector<const Record<Succession>*, 4>();
  if (!predecessors.empty()) {
    std::optional<Delegation> common;
    bool agree = true;
    bool inferred = false;
    for (const auto* succession : predecessors) {
      const std::string& predecessor = succession->value.predecessor;
      const auto* record = IcbRecord(predecessor, at);
      if (record == nullptr) continue;
      Delegation held = Answer(record, predecessor, line, at, depth + 1);
      inferred = inferred || succession->inferred || held.inferred;
      if (!common) {
        common = held;
      } else if (!HoldSame(*common, held)) {
        agree = false;
      } else if (held.decision != nullptr && PrevailsOver(*held.decision, *common->decision)) {
        common->decision = held.decision;
      }
    }
    if (common && !agree) {
      answer.rule = DelegationRule::kPredecessorsDisagree;
      answer.inferred = true;
      return answer;
    }
    if (common) {
      Delegation inherited = *common;
      inherited.icb = icb;
      if (inherited.decision != nullptr) {
        inherited.rule = DelegationRule::kInherited;
        inherited.inferred = inferred;
        if (IsDelegated(inherited.form)) inherited.commissioner = icb->id;
        if (inherited.form == DelegationForm::kJoint) {
          const auto* committee = CommitteeOf(code, at);
          if (committee != nullptr) inherited.commissioner = committee->id;
        }
      }
      return inherited;
    }
  }
  if (line.value.kind != ServiceLineKind::kService) {
    answer.rule = DelegationRule::kReportingLine;
  } else if (!line.value.DelegableIn(FinancialYear::Of(at.as_of))) {
    answer.rule = DelegationRule::kRetained;
  } else {
    answer.rule = DelegationRule::kNoDecision;
  }
  return answer;
}

void Registry::CollectBoundaries(std::string_view icb, std::string_view line, absl::Time as_known_at,
                                 Boundaries& days, int depth) const {
  auto add_decisions = [&](const DecisionList* list) {
    if (list == nullptr) return;
    for (const auto* decision : *list) AddEnds(*decision, as_known_at, days);
  };
  add_decisions(DecisionsOnLine(icb, line));
  for (const auto& version : service_lines_.Versions(line)) {
    if (!version.KnownAt(as_known_at)) continue;
    AddEnds(version, as_known_at, days);
    add_decisions(DecisionsOn(icb, version.value.service));
    for (const auto& status : version.value.statuses) days.push_back(status.year.FirstDay());
  }
  if (auto it = committees_of_icb_.find(icb); it != committees_of_icb_.end()) {
    for (const auto* committee : it->second) {
      for (const auto& version : organisations_.Versions(committee->id)) AddEnds(version, as_known_at, days);
    }
  }
  for (const auto& version : organisations_.Versions(icb)) AddEnds(version, as_known_at, days);
  if (std::optional<Date> replaced = ReplacedOn(icb, as_known_at)) days.push_back(*replaced);
  if (depth >= kLongestChain || !HasPredecessors(icb, as_known_at)) return;
  for (const auto* succession : by_successor_.find(icb)->second) {
    if (!succession->KnownAt(as_known_at)) continue;
    days.push_back(succession->effective.from);
    CollectBoundaries(succession->value.predecessor, line, as_known_at, days, depth + 1);
  }
}

DateSpan Registry::SpanOf(const Delegation& answer, std::string_view icb, Viewpoint at) const {
  DateSpan icb_days = DaysOfIcb(icb, at.as_known_at).value_or(DateSpan{at.as_of, at.as_of});
  Boundaries days;
  days.push_back(icb_days.from);
  if (icb_days.to) days.push_back(icb_days.to->Plus(1));
  CollectBoundaries(icb, answer.line->id, at.as_known_at, days);
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());

  auto same_on = [&](Date day) {
    if (!icb_days.Contains(day)) return false;
    Viewpoint then{day, at.as_known_at};
    const auto* line = service_lines_.At(answer.line->id, then);
    if (line == nullptr) return false;
    return Answer(IcbRecord(icb, then), icb, *line, then).SameAnswerAs(answer);
  };
  auto next = std::upper_bound(days.begin(), days.end(), at.as_of);
  auto lower = next;
  SPECOM_CHECK(lower != days.begin());
  --lower;
  while (lower != days.begin() && same_on(lower->Plus(-1))) --lower;
  while (next != days.end() && same_on(*next)) ++next;
  DateSpan span{*lower, std::nullopt};
  if (next != days.end()) span.to = next->Plus(-1);
  return span;
}

absl::StatusOr<Delegation> Registry::Resolve(const IcbCode& icb, const ServiceLineCode& line,
                                             Viewpoint at) const {
  std::optional<DateSpan> days = DaysOfIcb(icb.value(), at.as_known_at);
  if (!days) {
    return WithResource(MakeError(absl::StatusCode::kNotFound, kIcbNotFound,
                                  Concat({"no ICB with the code \"", icb.value(),
                                          "\" is known; list organisations of kind ICB"}),
                                  {{"icb", icb.value()}}),
                        "organisation", Concat({"organisations/", icb.value()}));
  }
  std::string day = at.as_of.ToString();
  if (at.as_of < PrescribedServicesBegan()) {
    return MakeError(absl::StatusCode::kNotFound, kBeforePrescribedServices,
                     Concat({"the registry begins on 2013-04-01, and the question is about ", day,
                             "; ask for a later day"}),
                     {{"as_of", day}});
  }
  if (days->to && *days->to < at.as_of) {
    std::vector<std::string> successors;
    for (const auto* succession : SuccessorsOf(icb.value(), at.as_known_at)) {
      successors.push_back(succession->value.successor);
    }
    std::string last = days->to->ToString();
    return WithResource(
        MakeError(absl::StatusCode::kNotFound, kIcbReplaced,
                  Concat({"the ICB ", icb.value(), " ended on ", last, "; on ", day, " ask for ",
                          successors.empty() ? "another ICB" : Join(successors, ", "), ", or for ",
                          icb.value(), " up to that day"}),
                  {{"icb", icb.value()},
                   {"as_of", day},
                   {"last_day", last},
                   {"successors", Join(successors, ", ")}}),
        "organisation", Concat({"organisations/", icb.value()}));
  }
  if (at.as_of < days->from) {
    std::string first = days->from.ToString();
    return WithResource(MakeError(absl::StatusCode::kNotFound, kIcbNotYetEstablished,
                                  Concat({"the ICB ", icb.value(), " begins on ", first, "; on ", day,
                                          " ask for the ICBs that it replaced"}),
                                  {{"icb", icb.value()}, {"as_of", day}, {"first_day", first}}),
                        "organisation", Concat({"organisations/", icb.value()}));
  }
  const auto* line_record = service_lines_.At(line.value(), at);
  if (line_record == nullptr) {
    bool known = service_lines_.Latest(line.value(), at.as_known_at) != nullptr;
    return WithResource(MakeError(absl::StatusCode::kNotFound, kServiceLineNotFound,
                                  Concat({known ? "the service line " : "no service line with the code ",
                                          line.value(), known ? " is not in use on " : " is known on ", day,
                                          "; list service lines as of that day"}),
                                  {{"service_line", line.value()}, {"as_of", day}}),
                        "service line", Concat({"serviceLines/", line.value()}));
  }
  Delegation answer = Answer(IcbRecord(icb.value(), at), icb.value(), *line_record, at);
  answer.effective = SpanOf(answer, icb.value(), at);
  return answer;
}

std::vector<Delegation> Registry::ListDelegations(const DelegationFilter& filter, Viewpoint at,
                                                  const std::optional<DelegationCursor>& after,
                                                  std::size_t limit) const {
  std::vector<Delegation> list;
  if (at.as_of < PrescribedServicesBegan()) return list;
  auto icb = after ? std::lower_bound(icbs_.begin(), icbs_.end(), after->icb) : icbs_.begin();
  for (; icb != icbs_.end(); ++icb) {
    if (!filter.icb.empty() && *icb != filter.icb) continue;
    std::optional<DateSpan> days = DaysOfIcb(*icb, at.as_known_at);
    if (!days || !days->Contains(at.as_of)) continue;
    const auto* record = IcbRecord(*icb, at);
    if (!filter.region.empty() && record->value.region != filter.region) continue;
    const auto& lines = service_lines_.ids();
    auto line = after && *icb == after->icb
                    ? std::upper_bound(lines.begin(), lines.end(), after->service_line)
                    : lines.begin();
    for (; line != lines.end(); ++line) {
      const auto* line_record = service_lines_.At(*line, at);
      if (line_record == nullptr) continue;
      if (!filter.service.empty() && line_record->value.service != filter.service) continue;
      Delegation answer = Answer(record, *icb, *line_record, at);
      if (filter.form && answer.form != *filter.form) continue;
      if (list.size() == limit) return list;
      answer.effective = SpanOf(answer, *icb, at);
      list.push_back(answer);
    }
  }
  return list;
}

std::vector<ServiceStatus> Registry::ListServiceStatuses(Viewpoint at) const {
  std::vector<const Record<Organisation>*> icbs;
  for (std::string_view icb : icbs_) {
    std::optional<DateSpan> days = DaysOfIcb(icb, at.as_known_at);
    if (days && days->Contains(at.as_of)) icbs.push_back(IcbRecord(icb, at));
  }
  std::vector<ServiceStatus> statuses;
  for (std::string_view id : services_.ids()) {
    ServiceStatus status;
    status.service = services_.At(id, at);
    if (status.service == nullptr) continue;
    auto lines = LinesOf(id, at);
    for (const auto* icb : icbs) {
      bool delegated = false;
      bool joint = false;
      for (const auto* line : lines) {
        DelegationForm form = Answer(icb, icb->id, *line, at).form;
        delegated = delegated || IsDelegated(form);
        joint = joint || form == DelegationForm::kJoint;
      }
      status.icbs_delegated += delegated ? 1 : 0;
      status.icbs_joint += joint && !delegated ? 1 : 0;
    }
    status.commissioning = status.icbs_delegated > 0 ? ServiceCommissioning::kDelegated
                           : status.icbs_joint > 0   ? ServiceCommissioning::kJoint
                                                     : ServiceCommissioning::kRetained;
    statuses.push_back(status);
  }
  return statuses;
}

void Registry::AddFootprint(std::string_view from, std::string_view code, double share, std::string basis,
                            bool inferred, Viewpoint at, int depth, std::vector<FootprintPart>& parts) const {
  std::optional<Date> replaced = ReplacedOn(code, at.as_known_at);
  if (!replaced || *replaced > at.as_of || depth == kLongestChain) {
    const auto* record = IcbRecord(code, at);
    for (auto& part : parts) {
      if (part.from_icb != from || part.to_icb != code) continue;
      part.share += share;
      part.inferred = part.inferred || inferred;
      return;
    }
    parts.push_back({.from_icb = std::string(from),
                     .to_icb = std::string(code),
                     .share = share,
                     .basis = basis.empty() ? "unchanged" : std::move(basis),
                     .inferred = inferred,
                     .to_name = record == nullptr ? "" : record->value.name,
                     .to_region = record == nullptr ? "" : record->value.region});
    return;
  }
  for (const auto* succession : SuccessorsOf(code, at.as_known_at)) {
    std::string step =
        basis.empty() ? succession->value.basis : Concat({basis, ", then ", succession->value.basis});
    AddFootprint(from, succession->value.successor, share * succession->value.share, std::move(step),
                 inferred || succession->inferred, at, depth + 1, parts);
  }
}

absl::StatusOr<std::vector<FootprintPart>> Registry::RestateFootprint(const std::vector<IcbCode>& icbs,
                                                                      Viewpoint at) const {
  std::vector<std::string> codes;
  for (const auto& icb : icbs) {
    std::optional<DateSpan> days = DaysOfIcb(icb.value(), at.as_known_at);
    if (!days) {
      return WithResource(MakeError(absl::StatusCode::kNotFound, kIcbNotFound,
                                    Concat({"no ICB with the code \"", icb.value(),
                                            "\" is known; list organisations of kind ICB"}),
                                    {{"icb", icb.value()}}),
                          "organisation", Concat({"organisations/", icb.value()}));
    }
    if (at.as_of < days->from) {
      return MakeError(
          absl::StatusCode::kFailedPrecondition, kIcbNotYetEstablished,
          Concat({"the ICB ", icb.value(), " begins on ", days->from.ToString(),
                  " and figures are restated on later footprints only; ask for a day from then on, not ",
                  at.as_of.ToString()}),
          {{"icb", icb.value()}, {"first_day", days->from.ToString()}, {"as_of", at.as_of.ToString()}});
    }
    codes.push_back(icb.value());
  }
  if (icbs.empty()) {
    for (std::string_view icb : icbs_) {
      std::optional<DateSpan> days = DaysOfIcb(icb, at.as_known_at);
      if (days && days->from <= at.as_of) codes.emplace_back(icb);
    }
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  std::vector<FootprintPart> parts;
  for (const auto& code : codes) AddFootprint(code, code, 1, "", false, at, 0, parts);
  std::stable_sort(parts.begin(), parts.end(), [](const FootprintPart& a, const FootprintPart& b) {
    return std::tie(a.from_icb, a.to_icb) < std::tie(b.from_icb, b.to_icb);
  });
  return parts;
}

std::string Registry::Explain(const Delegation& delegation, Viewpoint at) const {
  const ServiceLine& line = delegation.line->value;
  const std::string& code = delegation.line->id;
  FinancialYear year = FinancialYear::Of(at.as_of);
  auto decided = [&] {
    const Decision& decision = delegation.decision->value;
    std::string what;
    switch (delegation.form) {
      case DelegationForm::kNhsEngland:
        what = "NHS England commissions it alone";
        break;
      case DelegationForm::kJoint:
        what = Concat({"the joint committee ", delegation.commissioner, " commissions it"});
        break;
      case DelegationForm::kDelegated:
        what = "it is delegated to the ICB";
        break;
      case DelegationForm::kDelegatedWithConditions:
        what = "it is delegated to the ICB with conditions";
        break;
    }
    return Concat({decision.decided_by, " decided on ", decision.decided_on.ToString(), " (",
                   delegation.decision->id, "): ", what,
                   decision.agreement.empty() ? "" : Concat({", under the ", decision.agreement})});
  };
  switch (delegation.rule) {
    case DelegationRule::kDecision:
      return Concat({decided(), "."});
    case DelegationRule::kInherited: {
      std::vector<std::string> predecessors;
      for (const auto* succession : PredecessorsOf(delegation.icb->id, at)) {
        predecessors.push_back(succession->value.predecessor);
      }
      return Concat({decided(), "; ", delegation.icb->id, " takes it over from ", Join(predecessors, ", "),
                     ", which held it alike."});
    }
    case DelegationRule::kPredecessorsDisagree:
      return Concat({"The ICBs that ", delegation.icb->id, " replaced held ", code,
                     " differently and no decision names the new ICB, so NHS England commissions it."});
    case DelegationRule::kHighlySpecialised:
      return Concat({code, " is highly specialised: NHS England commissions it for everybody."});
    case DelegationRule::kRetained: {
      std::string_view colour = line.ColourIn(year);
      return Concat({"The status of ", code, " that stands in ", year.ToString(), " is ",
                     colour.empty() ? "not listed" : colour, ": NHS England keeps it."});
    }
    case DelegationRule::kReportingLine:
      return Concat({code, " is a line of the kind ", ToWord(line.kind),
                     ", for reporting only: it is never delegated."});
    case DelegationRule::kNoDecision:
      return Concat({"No decision that was known covers ", code, " for ", delegation.icb->id, " on ",
                     at.as_of.ToString(), ", so NHS England commissions it alone."});
  }
  SPECOM_CHECK(false);
  return {};
}

}  // namespace specom::portfolio

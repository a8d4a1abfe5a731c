// What events of portfolio and finance say, in reporting's terms.
#include "services/reporting/adapters/event_facts.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/reporting/adapters/date_proto.h"
#include "services/reporting/domain/reasons.h"
#include "specom/events/v1/events.pb.h"

namespace specom::reporting {
namespace {

namespace finance = ::specom::finance::v1;
namespace portfolio = ::specom::portfolio::v1;

constexpr std::string_view kOrganisationPrefix = "organisations/";

std::optional<Pence> PenceIf(bool present, std::int64_t pence) {
  return present ? std::optional(Pence(pence)) : std::nullopt;
}

std::optional<double> RatioIf(bool present, double ratio) {
  return present ? std::optional(ratio) : std::nullopt;
}

absl::StatusOr<Allocation> AllocationOf(const finance::Allocation& proto) {
  for (double ratio :
       {proto.opening_distance(), proto.base_growth(), proto.convergence(), proto.closing_distance()}) {
    if (!std::isfinite(ratio)) {
      return absl::InvalidArgumentError(absl::StrCat("a ratio of ", proto.code(), " is not a number"));
    }
  }
  Allocation a;
  a.code = proto.code();
  a.name = proto.name();
  a.region = RegionCode(proto.region_code());
  a.region_name = proto.region();
  a.baseline = Pence(proto.baseline_pence());
  a.target = PenceIf(proto.has_opening_target_pence(), proto.opening_target_pence());
  a.opening_distance = RatioIf(proto.has_opening_distance(), proto.opening_distance());
  a.base_growth = proto.base_growth();
  a.convergence = RatioIf(proto.has_convergence(), proto.convergence());
  a.allocation = Pence(proto.allocation_pence());
  a.closing_distance = RatioIf(proto.has_closing_distance(), proto.closing_distance());
  a.taken_out = Pence(proto.taken_out_pence());
  ASSIGN_OR_RETURN(a.added, Add(Pence(proto.pass_through_pence()), Pence(proto.adjustments_pence())));
  a.resource_allocation = Pence(proto.resource_allocation_pence());
  return a;
}

absl::StatusOr<Fact> FactFrom(const events::v1::AllocationPublished& payload) {
  AllocationsPublished published;
  published.run.name = RunName(payload.run().name());
  published.run.stream = payload.run().stream();
  ASSIGN_OR_RETURN(published.run.year, FinancialYear::Parse(payload.run().financial_year()));
  published.run.publish_time = TimeOf(payload.run().publish_time());
  for (const finance::Allocation& allocation : payload.allocations()) {
    // England as a whole belongs to no region.
    if (allocation.region_code().empty()) continue;
    ASSIGN_OR_RETURN(Allocation learnt, AllocationOf(allocation));
    published.allocations.push_back(std::move(learnt));
  }
  if (published.run.name.empty()) return absl::InvalidArgumentError("run.name is empty");
  if (published.run.stream.empty()) return absl::InvalidArgumentError("run.stream is empty");
  return published;
}

absl::StatusOr<Fact> FactFrom(const events::v1::RunSuperseded& payload) {
  if (payload.run().name().empty()) return absl::InvalidArgumentError("run.name is empty");
  return RunSuperseded{RunName(payload.run().name())};
}

absl::StatusOr<CommissioningForm> FormOf(portfolio::DelegationForm form) {
  switch (form) {
    case portfolio::DELEGATION_FORM_NHS_ENGLAND:
      return CommissioningForm::kNhsEngland;
    case portfolio::DELEGATION_FORM_JOINT:
      return CommissioningForm::kJoint;
    case portfolio::DELEGATION_FORM_DELEGATED:
    case portfolio::DELEGATION_FORM_DELEGATED_WITH_CONDITIONS:
      return CommissioningForm::kDelegated;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("decision.form ", static_cast<int>(form), " is not known"));
  }
}

absl::StatusOr<Fact> FactFrom(const events::v1::DecisionRecorded& payload) {
  const portfolio::Decision& proto = payload.decision();
  if (proto.name().empty()) return absl::InvalidArgumentError("decision.name is empty");
  DecisionLearnt learnt;
  Decision& decision = learnt.decision;
  decision.name = DecisionName(proto.name());
  ASSIGN_OR_RETURN(decision.form, FormOf(proto.form()));
  ASSIGN_OR_RETURN(decision.decided_on, DateOf(proto.decided_on()));
  decision.recorded_at = TimeOf(proto.validity().recorded_at());
  ASSIGN_OR_RETURN(decision.effective.from, DateOf(proto.effective_from()));
  if (proto.has_effective_to()) {
    ASSIGN_OR_RETURN(decision.effective.to, DateOf(proto.effective_to()));
  }
  for (const std::string& icb : proto.icbs()) decision.icbs.insert(IcbCode(icb));
  for (const std::string& service : proto.services()) decision.services.insert(ServiceId(service));
  decision.names_lines = proto.service_lines_size() > 0;
  // A correction under the decision's own name replaces it by being its later state.
  if (payload.corrects() != proto.name()) learnt.corrects = DecisionName(payload.corrects());
  return learnt;
}

absl::StatusOr<Fact> FactFrom(const events::v1::OrganisationsChanged& payload) {
  // Of several records of an ICB the one that holds last comes last.
  std::map<IcbCode, IcbLearnt> last;
  for (const portfolio::Organisation& organisation : payload.organisations()) {
    if (organisation.kind() != portfolio::ORGANISATION_KIND_ICB) continue;
    const IcbCode code(organisation.code());
    IcbLearnt learnt{code, {}};
    for (const portfolio::Succession& proto : organisation.successions()) {
      std::string_view successor = proto.successor();
      if (successor.starts_with(kOrganisationPrefix)) successor.remove_prefix(kOrganisationPrefix.size());
      ASSIGN_OR_RETURN(const Date from, DateOf(proto.date()));
      learnt.successions.push_back({code, IcbCode(std::string(successor)), from});
    }
    last.insert_or_assign(code, std::move(learnt));
  }
  IcbsLearnt fact;
  for (auto& [_, learnt] : last) fact.icbs.push_back(std::move(learnt));
  return fact;
}

absl::Status Malformed(const events::Event& event, const absl::Status& why) {
  const std::string cause(why.message());
  return MakeError(absl::StatusCode::kInvalidArgument, kEventMalformed,
                   absl::StrCat("event ", event.id, " is no sound ", event.type, ": ", cause,
                                "; its source and this service disagree on the contract"),
                   {{"event_id", event.id}, {"type", event.type}, {"cause", cause}});
}

template <class Payload>
absl::StatusOr<std::optional<Fact>> Parse(const events::Event& event) {
  Payload payload;
  if (!payload.ParseFromString(event.data)) {
    return Malformed(event, absl::InvalidArgumentError("the bytes are no such message"));
  }
  absl::StatusOr<Fact> fact = FactFrom(payload);
  if (!fact.ok()) return Malformed(event, fact.status());
  return *std::move(fact);
}

}  // namespace

EventStamp StampOf(const events::Event& event) {
  return {.id = event.id,
          .time = absl::FromUnixMicros(absl::ToUnixMicros(event.time)),
          .sequence = event.sequence};
}

absl::StatusOr<std::optional<Fact>> FactOf(const events::Event& event) {
  using Reader = absl::StatusOr<std::optional<Fact>> (*)(const events::Event&);
  static const std::map<std::string_view, Reader>& readers = *new std::map<std::string_view, Reader>{
      {"specom.events.v1.AllocationPublished", &Parse<events::v1::AllocationPublished>},
      {"specom.events.v1.RunSuperseded", &Parse<events::v1::RunSuperseded>},
      {"specom.events.v1.DecisionRecorded", &Parse<events::v1::DecisionRecorded>},
      {"specom.events.v1.OrganisationsChanged", &Parse<events::v1::OrganisationsChanged>},
  };
  const auto reader = readers.find(event.type);
  if (reader == readers.end()) return std::nullopt;
  return reader->second(event);
}

}  // namespace specom::reporting

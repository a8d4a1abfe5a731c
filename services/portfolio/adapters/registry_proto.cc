#include "services/portfolio/adapters/registry_proto.h"

#include <string>

#include "services/portfolio/app/kinds.h"
#include "services/portfolio/domain/decision_rules.h"

namespace specom::portfolio {
namespace {

// The domain's enumerations count from 0 in the contract's order, whose 0 is UNSPECIFIED.
template <class Proto, class Enum>
Proto EnumToProto(Enum value) {
  return static_cast<Proto>(static_cast<int>(value) + 1);
}
template <class Enum, class Proto>
std::optional<Enum> EnumFromProto(Proto value) {
  if (static_cast<int>(value) == 0) return std::nullopt;
  return static_cast<Enum>(static_cast<int>(value) - 1);
}

static_assert(static_cast<int>(OrganisationKind::kTrust) + 1 == v1::ORGANISATION_KIND_TRUST);
static_assert(static_cast<int>(Suitability::kHighlySpecialised) + 1 == v1::SUITABILITY_HIGHLY_SPECIALISED);
static_assert(static_cast<int>(PlanningTier::kOverTenMillion) + 1 == v1::PLANNING_TIER_OVER_TEN_MILLION);
static_assert(static_cast<int>(SpecificationKind::kPolicy) + 1 == v1::SPECIFICATION_KIND_POLICY);
static_assert(static_cast<int>(ServiceLineKind::kNotAttributable) + 1 ==
              v1::SERVICE_LINE_KIND_NOT_ATTRIBUTABLE);
static_assert(static_cast<int>(DelegationForm::kDelegatedWithConditions) + 1 ==
              v1::DELEGATION_FORM_DELEGATED_WITH_CONDITIONS);
static_assert(static_cast<int>(FundingBasis::kPopulationIcb) + 1 == v1::FUNDING_BASIS_POPULATION_ICB);
static_assert(static_cast<int>(ServiceCommissioning::kDelegated) + 1 == v1::SERVICE_COMMISSIONING_DELEGATED);

void SetList(google::protobuf::RepeatedPtrField<std::string>* to, const std::vector<std::string>& from) {
  to->Assign(from.begin(), from.end());
}

std::string Text(std::string_view text) {
  return std::string(text);
}

template <class T>
v1::Validity ValidityOf(const Record<T>& record, DateSpan effective, Viewpoint at) {
  v1::Validity validity;
  *validity.mutable_effective_from() = ToProto(effective.from);
  if (effective.to) *validity.mutable_effective_to() = ToProto(*effective.to);
  *validity.mutable_recorded_at() = ToProto(record.recorded_at);
  if (record.superseded_at && *record.superseded_at <= at.as_known_at) {
    *validity.mutable_superseded_at() = ToProto(*record.superseded_at);
  }
  validity.set_provenance(record.provenance);
  validity.set_inferred(record.inferred);
  return validity;
}

// Where the record holds on another day than that of the viewpoint, its own days count.
template <class T>
v1::Validity ValidityOf(const Registry& registry, const Record<T>& record, Viewpoint at) {
  DateSpan span = record.effective;
  if (span.Contains(at.as_of)) span = registry.Of<T>().SpanAround(record, at);
  return ValidityOf(record, span, at);
}

}  // namespace

common::v1::Date ToProto(Date date) {
  common::v1::Date message;
  message.set_year(date.year());
  message.set_month(date.month());
  message.set_day(date.day());
  return message;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp message;
  std::int64_t seconds = absl::ToUnixSeconds(time);
  message.set_seconds(seconds);
  message.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return message;
}

Date FromProto(const common::v1::Date& date) {
  return Date::Make(date.year(), date.month(), date.day()).value();
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

v1::Organisation ToProto(const Registry& registry, const Record<Organisation>& record, Viewpoint at) {
  const Organisation& value = record.value;
  v1::Organisation message;
  message.set_name(ResourceName<Organisation>(record.id));
  message.set_code(record.id);
  message.set_kind(EnumToProto<v1::OrganisationKind>(value.kind));
  message.set_display_name(value.name);
  message.set_short_name(value.short_name);
  message.set_region(value.region);
  message.set_icb(value.icb);
  message.set_ons_code(value.ons_code);
  message.set_population(value.population);
  SetList(message.mutable_members(), value.members);
  for (const auto* succession : registry.SuccessorsOf(record.id, at.as_known_at)) {
    auto* added = message.add_successions();
    added->set_successor(ResourceName<Organisation>(succession->value.successor));
    added->set_share(succession->value.share);
    *added->mutable_date() = ToProto(succession->effective.from);
    added->set_basis(succession->value.basis);
  }
  for (const auto& [name, text] : value.attributes) (*message.mutable_attributes())[name] = text;
  Viewpoint on_its_day = at;
  if (!record.effective.Contains(at.as_of)) on_its_day.as_of = record.effective.from;
  *message.mutable_validity() = ValidityOf(record, registry.OrganisationSpan(record, on_its_day), at);
  return message;
}

v1::Programme ToProto(const Registry& registry, const Record<Programme>& record, Viewpoint at) {
  v1::Programme message;
  message.set_name(ResourceName<Programme>(record.id));
  message.set_letter(record.id);
  message.set_display_name(record.value.name);
  message.set_note(record.value.note);
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::ClinicalReferenceGroup ToProto(const Registry& registry, const Record<ClinicalReferenceGroup>& record,
                                   Viewpoint at) {
  v1::ClinicalReferenceGroup message;
  message.set_name(ResourceName<ClinicalReferenceGroup>(record.id));
  message.set_code(record.id);
  message.set_display_name(record.value.name);
  message.set_programme(record.value.programme);
  message.set_operating_model(record.value.operating_model);
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::Service ToProto(const Registry& registry, const Record<Service>& record, Viewpoint at) {
  const Service& value = record.value;
  v1::Service message;
  message.set_name(ResourceName<Service>(record.id));
  message.set_service_id(record.id);
  message.set_manual_number(value.manual_number);
  message.set_display_name(value.name);
  message.set_programme(value.programme);
  SetList(message.mutable_clinical_reference_groups(), value.clinical_reference_groups);
  message.set_highly_specialised(value.highly_specialised);
  message.set_suitability(EnumToProto<v1::Suitability>(value.suitability));
  if (value.planning_tier) message.set_planning_tier(EnumToProto<v1::PlanningTier>(*value.planning_tier));
  for (const auto* line : registry.LinesOf(record.id, at)) message.add_service_lines(line->id);
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::ServiceLine ToProto(const Registry& registry, const Record<ServiceLine>& record, Viewpoint at) {
  const ServiceLine& value = record.value;
  v1::ServiceLine message;
  message.set_name(ResourceName<ServiceLine>(record.id));
  message.set_code(record.id);
  message.set_display_name(value.name);
  message.set_kind(EnumToProto<v1::ServiceLineKind>(value.kind));
  message.set_service(value.service);
  message.set_service_inferred(value.service_inferred);
  message.set_programme(value.programme);
  SetList(message.mutable_clinical_reference_groups(), value.clinical_reference_groups);
  message.set_highly_specialised(value.highly_specialised);
  message.set_grouping(value.grouping);
  for (const auto& status : value.statuses) {
    auto* added = message.add_statuses();
    added->set_financial_year(status.year.ToString());
    added->set_colour(status.colour);
  }
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::Specification ToProto(const Registry& registry, const Record<Specification>& record, Viewpoint at) {
  const Specification& value = record.value;
  v1::Specification message;
  message.set_name(ResourceName<Specification>(record.id));
  message.set_specification_id(record.id);
  message.set_service(value.service);
  message.set_kind(EnumToProto<v1::SpecificationKind>(value.kind));
  message.set_title(value.title);
  message.set_version(value.version);
  message.set_clinical_reference_group(value.clinical_reference_group);
  *message.mutable_published_on() = ToProto(value.published_on);
  if (value.review_on) *message.mutable_review_on() = ToProto(*value.review_on);
  message.set_due(value.DueOn(at.as_of));
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::ProviderEligibility ToProto(const Registry& registry, const Record<ProviderEligibility>& record,
                                Viewpoint at) {
  v1::ProviderEligibility message;
  message.set_name(ResourceName<ProviderEligibility>(record.id));
  message.set_eligibility_id(record.id);
  message.set_provider(record.value.provider);
  message.set_service_line(record.value.service_line);
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::ServiceAssessment ToProto(const Registry& registry, const Record<ServiceAssessment>& record,
                              Viewpoint at) {
  const ServiceAssessment& value = record.value;
  v1::ServiceAssessment message;
  message.set_name(ResourceName<ServiceAssessment>(record.id));
  message.set_assessment_id(record.id);
  message.set_service(value.service);
  for (const auto& finding : value.findings) {
    auto* added = message.add_findings();
    added->set_criterion(finding.criterion);
    added->set_score(finding.score);
    added->set_evidence(finding.evidence);
    added->set_comment(finding.comment);
  }
  message.set_reviewer(value.reviewer);
  message.set_outcome(EnumToProto<v1::Suitability>(value.outcome));
  *message.mutable_assessed_on() = ToProto(value.assessed_on);
  message.set_version(record.version);
  *message.mutable_validity() = ValidityOf(registry, record, at);
  return message;
}

v1::Decision ToProto(const Registry&, const Record<Decision>& record, Viewpoint at) {
  const Decision& value = record.value;
  v1::Decision message;
  message.set_name(ResourceName<Decision>(record.id));
  message.set_decision_id(record.id);
  message.set_title(value.title);
  message.set_decided_by(value.decided_by);
  *message.mutable_decided_on() = ToProto(value.decided_on);
  message.set_form(EnumToProto<v1::DelegationForm>(value.form));
  message.set_funding_basis(EnumToProto<v1::FundingBasis>(value.funding_basis));
  SetList(message.mutable_icbs(), value.icbs);
  SetList(message.mutable_services(), value.services);
  SetList(message.mutable_service_lines(), value.service_lines);
  message.set_agreement(value.agreement);
  SetList(message.mutable_conditions(), value.conditions);
  *message.mutable_effective_from() = ToProto(record.effective.from);
  if (record.effective.to) *message.mutable_effective_to() = ToProto(*record.effective.to);
  if (record.supersedes != 0) {
    message.set_corrects(ResourceName<Decision>(record.id));
    message.set_correction_reason(value.correction_reason);
  }
  *message.mutable_validity() = ValidityOf(record, record.effective, at);
  message.set_etag(EtagOf(record));
  message.set_source(value.source);
  return message;
}

v1::Delegation ToProto(const Registry& registry, const Delegation& delegation, Viewpoint at) {
  v1::Delegation message;
  message.set_icb(delegation.icb->id);
  message.set_service(delegation.line->value.service);
  message.set_service_line(delegation.line->id);
  message.set_form(EnumToProto<v1::DelegationForm>(delegation.form));
  message.set_funding_basis(EnumToProto<v1::FundingBasis>(delegation.funding_basis));
  message.set_commissioner(Text(delegation.commissioner));
  if (delegation.decision != nullptr) {
    message.set_decision(ResourceName<Decision>(delegation.decision->id));
    message.set_agreement(delegation.decision->value.agreement);
    SetList(message.mutable_conditions(), delegation.decision->value.conditions);
  }
  *message.mutable_effective_from() = ToProto(delegation.effective.from);
  if (delegation.effective.to) *message.mutable_effective_to() = ToProto(*delegation.effective.to);
  message.set_inferred(delegation.inferred);
  message.set_explanation(registry.Explain(delegation, at));
  return message;
}

v1::ServiceStatus ToProto(const Registry& registry, const ServiceStatus& status, Viewpoint at) {
  v1::ServiceStatus message;
  *message.mutable_service() = ToProto(registry, *status.service, at);
  message.set_commissioning(EnumToProto<v1::ServiceCommissioning>(status.commissioning));
  message.set_icbs_delegated(status.icbs_delegated);
  message.set_icbs_joint(status.icbs_joint);
  return message;
}

v1::FootprintPart ToProto(const FootprintPart& part) {
  v1::FootprintPart message;
  message.set_from_icb(part.from_icb);
  message.set_to_icb(part.to_icb);
  message.set_share(part.share);
  message.set_basis(part.basis);
  message.set_inferred(part.inferred);
  message.set_to_name(part.to_name);
  message.set_to_region(part.to_region);
  return message;
}

DecisionDraft FromProto(const v1::Decision& message) {
  DecisionDraft draft;
  draft.id = DecisionId(message.decision_id());
  draft.effective.from = FromProto(message.effective_from());
  if (message.has_effective_to()) draft.effective.to = FromProto(message.effective_to());
  Decision& decision = draft.decision;
  decision.title = message.title();
  decision.decided_by = message.decided_by();
  decision.decided_on = FromProto(message.decided_on());
  decision.form = FromProto(message.form()).value_or(DelegationForm::kNhsEngland);
  decision.icbs.assign(message.icbs().begin(), message.icbs().end());
  decision.services.assign(message.services().begin(), message.services().end());
  decision.service_lines.assign(message.service_lines().begin(), message.service_lines().end());
  decision.agreement = message.agreement();
  decision.conditions.assign(message.conditions().begin(), message.conditions().end());
  decision.source = message.source();
  draft.funding_basis = FromProto(message.funding_basis());
  return draft;
}

std::optional<OrganisationKind> FromProto(v1::OrganisationKind kind) {
  return EnumFromProto<OrganisationKind>(kind);
}
std::optional<ServiceLineKind> FromProto(v1::ServiceLineKind kind) {
  return EnumFromProto<ServiceLineKind>(kind);
}
std::optional<SpecificationKind> FromProto(v1::SpecificationKind kind) {
  return EnumFromProto<SpecificationKind>(kind);
}
std::optional<Suitability> FromProto(v1::Suitability suitability) {
  return EnumFromProto<Suitability>(suitability);
}
std::optional<DelegationForm> FromProto(v1::DelegationForm form) {
  return EnumFromProto<DelegationForm>(form);
}
std::optional<FundingBasis> FromProto(v1::FundingBasis basis) {
  return EnumFromProto<FundingBasis>(basis);
}
std::optional<ServiceCommissioning> FromProto(v1::ServiceCommissioning commissioning) {
  return EnumFromProto<ServiceCommissioning>(commissioning);
}

}  // namespace specom::portfolio

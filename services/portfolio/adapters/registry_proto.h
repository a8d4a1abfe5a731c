// Registry records and answers as messages of the contract, and requests back into the domain.
#pragma once

#include <optional>

#include "google/protobuf/timestamp.pb.h"
#include "services/portfolio/app/operations.h"
#include "specom/common/v1/date.pb.h"
#include "specom/portfolio/v1/portfolio_service.pb.h"
#include "specom/portfolio/v1/resources.pb.h"

namespace specom::portfolio {

common::v1::Date ToProto(Date date);
google::protobuf::Timestamp ToProto(absl::Time time);
// The message holds a valid date.
Date FromProto(const common::v1::Date& date);
absl::Time FromProto(const google::protobuf::Timestamp& time);

// Each record as the registry knows it from the viewpoint.
v1::Organisation ToProto(const Registry& registry, const Record<Organisation>& record, Viewpoint at);
v1::Programme ToProto(const Registry& registry, const Record<Programme>& record, Viewpoint at);
v1::ClinicalReferenceGroup ToProto(const Registry& registry, const Record<ClinicalReferenceGroup>& record,
                                   Viewpoint at);
v1::Service ToProto(const Registry& registry, const Record<Service>& record, Viewpoint at);
v1::ServiceLine ToProto(const Registry& registry, const Record<ServiceLine>& record, Viewpoint at);
// `due` is worked out for the viewpoint's day.
v1::Specification ToProto(const Registry& registry, const Record<Specification>& record, Viewpoint at);
v1::ProviderEligibility ToProto(const Registry& registry, const Record<ProviderEligibility>& record,
                                Viewpoint at);
v1::ServiceAssessment ToProto(const Registry& registry, const Record<ServiceAssessment>& record,
                              Viewpoint at);
v1::Decision ToProto(const Registry& registry, const Record<Decision>& record, Viewpoint at);
v1::Delegation ToProto(const Registry& registry, const Delegation& delegation, Viewpoint at);
v1::ServiceStatus ToProto(const Registry& registry, const ServiceStatus& status, Viewpoint at);
v1::FootprintPart ToProto(const FootprintPart& part);

DecisionDraft FromProto(const v1::Decision& decision);

// Nothing for UNSPECIFIED.
std::optional<OrganisationKind> FromProto(v1::OrganisationKind kind);
std::optional<ServiceLineKind> FromProto(v1::ServiceLineKind kind);
std::optional<SpecificationKind> FromProto(v1::SpecificationKind kind);
std::optional<Suitability> FromProto(v1::Suitability suitability);
std::optional<DelegationForm> FromProto(v1::DelegationForm form);
std::optional<FundingBasis> FromProto(v1::FundingBasis basis);
std::optional<ServiceCommissioning> FromProto(v1::ServiceCommissioning commissioning);

}  // namespace specom::portfolio

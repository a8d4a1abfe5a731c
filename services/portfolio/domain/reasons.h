// The reasons of portfolio's errors: part of its contract, never renamed.
#pragma once

#include <string_view>

namespace specom::portfolio {

inline constexpr std::string_view kOrganisationNotFound = "ORGANISATION_NOT_FOUND";
inline constexpr std::string_view kProgrammeNotFound = "PROGRAMME_NOT_FOUND";
inline constexpr std::string_view kClinicalReferenceGroupNotFound = "CLINICAL_REFERENCE_GROUP_NOT_FOUND";
inline constexpr std::string_view kServiceNotFound = "SERVICE_NOT_FOUND";
inline constexpr std::string_view kServiceLineNotFound = "SERVICE_LINE_NOT_FOUND";
inline constexpr std::string_view kSpecificationNotFound = "SPECIFICATION_NOT_FOUND";
inline constexpr std::string_view kProviderEligibilityNotFound = "PROVIDER_ELIGIBILITY_NOT_FOUND";
inline constexpr std::string_view kServiceAssessmentNotFound = "SERVICE_ASSESSMENT_NOT_FOUND";
inline constexpr std::string_view kDecisionNotFound = "DECISION_NOT_FOUND";
inline constexpr std::string_view kIcbNotFound = "ICB_NOT_FOUND";
// metadata: successors, replaced_on.
inline constexpr std::string_view kIcbReplaced = "ICB_REPLACED";
inline constexpr std::string_view kIcbNotYetEstablished = "ICB_NOT_YET_ESTABLISHED";
inline constexpr std::string_view kBeforePrescribedServices = "BEFORE_PRESCRIBED_SERVICES";
inline constexpr std::string_view kDecisionExists = "DECISION_EXISTS";
inline constexpr std::string_view kDecisionUnchanged = "DECISION_UNCHANGED";
inline constexpr std::string_view kEtagMismatch = "ETAG_MISMATCH";
// The program ships a reference pack that breaks rules: a fault of its makers.
inline constexpr std::string_view kReferencePack = "REFERENCE_PACK";

}  // namespace specom::portfolio

// What each kind of record is called, in resource names and in errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/portfolio/domain/reasons.h"
#include "services/portfolio/domain/records.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {

template <class T>
struct Kind;

template <>
struct Kind<Organisation> {
  static constexpr std::string_view kCollection = "organisations";
  static constexpr std::string_view kNoun = "organisation";
  static constexpr std::string_view kNotFound = kOrganisationNotFound;
};
template <>
struct Kind<Programme> {
  static constexpr std::string_view kCollection = "programmes";
  static constexpr std::string_view kNoun = "programme of care";
  static constexpr std::string_view kNotFound = kProgrammeNotFound;
};
template <>
struct Kind<ClinicalReferenceGroup> {
  static constexpr std::string_view kCollection = "clinicalReferenceGroups";
  static constexpr std::string_view kNoun = "clinical reference group";
  static constexpr std::string_view kNotFound = kClinicalReferenceGroupNotFound;
};
template <>
struct Kind<Service> {
  static constexpr std::string_view kCollection = "services";
  static constexpr std::string_view kNoun = "service";
  static constexpr std::string_view kNotFound = kServiceNotFound;
};
template <>
struct Kind<ServiceLine> {
  static constexpr std::string_view kCollection = "serviceLines";
  static constexpr std::string_view kNoun = "service line";
  static constexpr std::string_view kNotFound = kServiceLineNotFound;
};
template <>
struct Kind<Specification> {
  static constexpr std::string_view kCollection = "specifications";
  static constexpr std::string_view kNoun = "specification";
  static constexpr std::string_view kNotFound = kSpecificationNotFound;
};
template <>
struct Kind<ProviderEligibility> {
  static constexpr std::string_view kCollection = "providerEligibilities";
  static constexpr std::string_view kNoun = "provider eligibility";
  static constexpr std::string_view kNotFound = kProviderEligibilityNotFound;
};
template <>
struct Kind<ServiceAssessment> {
  static constexpr std::string_view kCollection = "serviceAssessments";
  static constexpr std::string_view kNoun = "service assessment";
  static constexpr std::string_view kNotFound = kServiceAssessmentNotFound;
};
template <>
struct Kind<Decision> {
  static constexpr std::string_view kCollection = "decisions";
  static constexpr std::string_view kNoun = "decision";
  static constexpr std::string_view kNotFound = kDecisionNotFound;
};

// "changes/17": all that one import taught the registry.
inline std::string ChangeName(std::int64_t number) {
  return Concat({"changes/", std::to_string(number)});
}

// "organisations/QOQ"
template <class T>
std::string ResourceName(std::string_view id) {
  return Concat({Kind<T>::kCollection, "/", id});
}

}  // namespace specom::portfolio

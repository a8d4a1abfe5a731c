#include "services/portfolio/domain/words.h"

#include <array>
#include <utility>

#include "libs/base/check.h"

namespace specom::portfolio {
namespace {

template <class Enum>
struct Words;

template <>
struct Words<OrganisationKind> {
  static constexpr std::array<std::pair<OrganisationKind, std::string_view>, 6> kTable = {{
      {OrganisationKind::kRegion, "region"},
      {OrganisationKind::kIcb, "icb"},
      {OrganisationKind::kSubIcb, "sub_icb"},
      {OrganisationKind::kHub, "hub"},
      {OrganisationKind::kJointCommittee, "joint_committee"},
      {OrganisationKind::kTrust, "trust"},
  }};
};
template <>
struct Words<Suitability> {
  static constexpr std::array<std::pair<Suitability, std::string_view>, 4> kTable = {{
      {Suitability::kSuitableAndReady, "suitable_and_ready"},
      {Suitability::kSuitableNotYetReady, "suitable_not_yet_ready"},
      {Suitability::kRetained, "retained"},
      {Suitability::kHighlySpecialised, "highly_specialised"},
  }};
};
template <>
struct Words<PlanningTier> {
  static constexpr std::array<std::pair<PlanningTier, std::string_view>, 3> kTable = {{
      {PlanningTier::kFromOneMillion, "1m_to_2.5m"},
      {PlanningTier::kFromTwoAndAHalfMillion, "2.5m_to_10m"},
      {PlanningTier::kOverTenMillion, "over_10m"},
  }};
};
template <>
struct Words<SpecificationKind> {
  static constexpr std::array<std::pair<SpecificationKind, std::string_view>, 2> kTable = {{
      {SpecificationKind::kSpecification, "specification"},
      {SpecificationKind::kPolicy, "policy"},
  }};
};
template <>
struct Words<AssessmentAspect> {
  static constexpr std::array<std::pair<AssessmentAspect, std::string_view>, 2> kTable = {{
      {AssessmentAspect::kSuitability, "suitability"},
      {AssessmentAspect::kReadiness, "readiness"},
  }};
};
template <>
struct Words<ServiceLineKind> {
  static constexpr std::array<std::pair<ServiceLineKind, std::string_view>, 5> kTable = {{
      {ServiceLineKind::kService, "service"},
      {ServiceLineKind::kTopUp, "top_up"},
      {ServiceLineKind::kNetwork, "network"},
      {ServiceLineKind::kRetired, "retired"},
      {ServiceLineKind::kNotAttributable, "not_attributable"},
  }};
};
template <>
struct Words<DelegationForm> {
  static constexpr std::array<std::pair<DelegationForm, std::string_view>, 4> kTable = {{
      {DelegationForm::kNhsEngland, "nhs_england"},
      {DelegationForm::kJoint, "joint"},
      {DelegationForm::kDelegated, "delegated"},
      {DelegationForm::kDelegatedWithConditions, "delegated_with_conditions"},
  }};
};
template <>
struct Words<FundingBasis> {
  static constexpr std::array<std::pair<FundingBasis, std::string_view>, 3> kTable = {{
      {FundingBasis::kHostProvider, "host_provider"},
      {FundingBasis::kPopulationRegion, "population_region"},
      {FundingBasis::kPopulationIcb, "population_icb"},
  }};
};

template <class Enum>
std::string_view WordOf(Enum value) {
  for (const auto& [candidate, word] : Words<Enum>::kTable) {
    if (candidate == value) return word;
  }
  SPECOM_CHECK(false);
  return {};
}

}  // namespace

std::string_view ToWord(OrganisationKind value) {
  return WordOf(value);
}
std::string_view ToWord(Suitability value) {
  return WordOf(value);
}
std::string_view ToWord(PlanningTier value) {
  return WordOf(value);
}
std::string_view ToWord(SpecificationKind value) {
  return WordOf(value);
}
std::string_view ToWord(AssessmentAspect value) {
  return WordOf(value);
}
std::string_view ToWord(ServiceLineKind value) {
  return WordOf(value);
}
std::string_view ToWord(DelegationForm value) {
  return WordOf(value);
}
std::string_view ToWord(FundingBasis value) {
  return WordOf(value);
}

template <class Enum>
std::optional<Enum> ParseWord(std::string_view word) {
  for (const auto& [value, candidate] : Words<Enum>::kTable) {
    if (candidate == word) return value;
  }
  return std::nullopt;
}

template <class Enum>
std::string ListWords() {
  std::string list;
  const auto& table = Words<Enum>::kTable;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (i > 0) list += i + 1 == table.size() ? " or " : ", ";
    list += table[i].second;
  }
  return list;
}

template std::optional<OrganisationKind> ParseWord(std::string_view);
template std::optional<Suitability> ParseWord(std::string_view);
template std::optional<PlanningTier> ParseWord(std::string_view);
template std::optional<SpecificationKind> ParseWord(std::string_view);
template std::optional<AssessmentAspect> ParseWord(std::string_view);
template std::optional<ServiceLineKind> ParseWord(std::string_view);
template std::optional<DelegationForm> ParseWord(std::string_view);
template std::optional<FundingBasis> ParseWord(std::string_view);
template std::string ListWords<OrganisationKind>();
template std::string ListWords<Suitability>();
template std::string ListWords<PlanningTier>();
template std::string ListWords<SpecificationKind>();
template std::string ListWords<AssessmentAspect>();
template std::string ListWords<ServiceLineKind>();
template std::string ListWords<DelegationForm>();
template std::string ListWords<FundingBasis>();

}  // namespace specom::portfolio

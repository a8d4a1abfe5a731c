// The words for the registry's kinds and forms, in files and in messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/portfolio/domain/records.h"

namespace specom::portfolio {

// e.g. "sub_icb", "suitable_and_ready", "top_up", "delegated_with_conditions", "population_icb".
std::string_view ToWord(OrganisationKind value);
std::string_view ToWord(Suitability value);
std::string_view ToWord(PlanningTier value);
std::string_view ToWord(ServiceLineKind value);
std::string_view ToWord(SpecificationKind value);
std::string_view ToWord(AssessmentAspect value);
std::string_view ToWord(DelegationForm value);
std::string_view ToWord(FundingBasis value);

// The inverse; nothing for a word that is none of them.
template <class Enum>
std::optional<Enum> ParseWord(std::string_view word);
// "region, icb or trust", for messages.
template <class Enum>
std::string ListWords();

}  // namespace specom::portfolio

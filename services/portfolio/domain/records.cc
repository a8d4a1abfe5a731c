#include "services/portfolio/domain/records.h"

namespace specom::portfolio {

Date PrescribedServicesBegan() {
  static const Date began = Date::Make(2013, 4, 1).value();
  return began;
}

std::string_view ServiceLine::ColourIn(FinancialYear year) const {
  if (statuses.empty()) return {};
  const PublishedStatus* standing = &statuses.front();
  for (const PublishedStatus& status : statuses) {
    if (status.year <= year) standing = &status;
  }
  return standing->colour;
}

bool ServiceLine::DelegableIn(FinancialYear year) const {
  return kind == ServiceLineKind::kService && !highly_specialised && ColourIn(year) == kDelegableColour;
}

std::size_t Records::size() const {
  std::size_t count = 0;
  ForEachKind(*this, [&](const auto& list) { count += list.size(); });
  return count;
}

FundingBasis UsualFundingBasis(DelegationForm form, Date effective_from) {
  static const Date icb_population_began = Date::Make(2024, 4, 1).value();
  if (form == DelegationForm::kNhsEngland) return FundingBasis::kHostProvider;
  if (form == DelegationForm::kJoint && effective_from < icb_population_began)
    return FundingBasis::kPopulationRegion;
  return FundingBasis::kPopulationIcb;
}

}  // namespace specom::portfolio

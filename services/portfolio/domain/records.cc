#include "services/portfolio/domain/records.h"

#include <tuple>

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
  return MayBeHandedOver() && ColourIn(year) == kDelegableColour;
}

bool Specification::DueOn(Date day) const {
  bool past_review = review_on && *review_on < day;
  return past_review || std::tuple(published_on.year() + kSpecificationYears, published_on.month(),
                                   published_on.day()) < std::tuple(day.year(), day.month(), day.day());
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

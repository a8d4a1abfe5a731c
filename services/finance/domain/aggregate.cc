#include "services/finance/domain/aggregate.h"

namespace specom::finance {
namespace {

void AddTo(Pence& sum, Pence amount) {
  sum = Pence(sum.value() + amount.value());
}

void AddTo(std::optional<Pence>& sum, const std::optional<Pence>& amount) {
  if (amount) sum = Pence(sum.value_or(Pence(0)).value() + amount->value());
}

double InPence(const std::optional<Pence>& amount) {
  return amount ? static_cast<double>(amount->value()) : 0;
}

}  // namespace

ExactAmounts ExactAmountsOf(const Allocation& allocation) {
  return {InPence(allocation.opening_target), InPence(allocation.closing_target),
          static_cast<double>(allocation.baseline.value()) * (1 + allocation.base_growth)};
}

void Aggregate::Add(const Allocation& part, const ExactAmounts& exact) {
  AddTo(total_.baseline, part.baseline);
  AddTo(total_.opening_target, part.opening_target);
  AddTo(total_.closing_target, part.closing_target);
  AddTo(total_.allocation, part.allocation);
  AddTo(total_.taken_out, part.taken_out);
  AddTo(total_.retained, part.retained);
  AddTo(total_.pass_through, part.pass_through);
  AddTo(total_.adjustments, part.adjustments);
  AddTo(total_.resource_allocation, part.resource_allocation);
  total_.components.resize(part.components.size());
  for (std::size_t c = 0; c < part.components.size(); ++c) {
    total_.components[c].component = part.components[c].component;
    total_.components[c].treatment = part.components[c].treatment;
    AddTo(total_.components[c].baseline, part.components[c].baseline);
    AddTo(total_.components[c].amount, part.components[c].amount);
  }
  // That there is convergence; which rate follows from the sums.
  if (part.convergence) total_.convergence = 0;
  opening_target_.Add(exact.opening_target);
  closing_target_.Add(exact.closing_target);
  grown_baseline_.Add(exact.grown_baseline);
  population_known_ = population_known_ && part.population.has_value();
  population_.Add(part.population.value_or(0));
}

Allocation Aggregate::Total() const {
  Allocation total = total_;
  const auto baseline = static_cast<double>(total.baseline.value());
  const auto allocation = static_cast<double>(total.allocation.value());
  const double grown = grown_baseline_.Total();
  total.base_growth = grown / baseline - 1;
  if (total.opening_target) total.opening_distance = baseline / opening_target_.Total() - 1;
  if (total.closing_target) {
    total.distance_before_convergence = grown / closing_target_.Total() - 1;
    total.closing_distance = allocation / closing_target_.Total() - 1;
  }
  if (total.convergence) {
    total.convergence = combination_ == Combination::kMultiplicative ? allocation / grown - 1
                                                                     : (allocation - grown) / baseline;
  }
  if (population_known_) total.population = population_.Total();
  return total;
}

void SetTotals(Allocation& allocation) {
  std::int64_t taken_out = 0, pass_through = 0, adjustments = 0;
  for (const ComponentAmount& component : allocation.components) {
    if (component.treatment == ComponentTreatment::kTakenOut) taken_out += component.amount.value();
    if (component.treatment == ComponentTreatment::kPassThrough) pass_through += component.amount.value();
    if (component.treatment == ComponentTreatment::kAdjustment) adjustments += component.amount.value();
  }
  const std::int64_t retained = allocation.allocation.value() - taken_out;
  if (allocation.taken_out) allocation.taken_out = Pence(taken_out);
  if (allocation.retained) allocation.retained = Pence(retained);
  if (allocation.pass_through) allocation.pass_through = Pence(pass_through);
  if (allocation.adjustments) allocation.adjustments = Pence(adjustments);
  allocation.resource_allocation = Pence(retained + pass_through + adjustments);
}

}  // namespace specom::finance

// Field by field; a field that is absent stays absent.
#include "services/finance/adapters/allocation_proto.h"

#include <cmath>

namespace specom::finance {
namespace {

std::optional<Pence> PenceOf(bool present, std::int64_t value) {
  return present ? std::optional(Pence(value)) : std::nullopt;
}

std::optional<double> RatioOf(bool present, double value) {
  return present ? std::optional(value) : std::nullopt;
}

}  // namespace

v1::ComponentTreatment ToProto(ComponentTreatment treatment) {
  switch (treatment) {
    case ComponentTreatment::kInChain:
      return v1::COMPONENT_TREATMENT_IN_CHAIN;
    case ComponentTreatment::kTakenOut:
      return v1::COMPONENT_TREATMENT_TAKEN_OUT;
    case ComponentTreatment::kPassThrough:
      return v1::COMPONENT_TREATMENT_PASS_THROUGH;
    case ComponentTreatment::kAdjustment:
      return v1::COMPONENT_TREATMENT_ADJUSTMENT;
  }
  return v1::COMPONENT_TREATMENT_UNSPECIFIED;
}

ComponentTreatment FromProto(v1::ComponentTreatment treatment) {
  switch (treatment) {
    case v1::COMPONENT_TREATMENT_TAKEN_OUT:
      return ComponentTreatment::kTakenOut;
    case v1::COMPONENT_TREATMENT_PASS_THROUGH:
      return ComponentTreatment::kPassThrough;
    case v1::COMPONENT_TREATMENT_ADJUSTMENT:
      return ComponentTreatment::kAdjustment;
    default:
      return ComponentTreatment::kInChain;
  }
}

v1::Allocation ToProto(const Allocation& a) {
  v1::Allocation proto;
  proto.set_code(a.code);
  proto.set_name(a.name);
  proto.set_region(a.region);
  proto.set_region_code(a.region_code);
  if (a.population) proto.set_population(std::llround(*a.population));
  proto.set_baseline_pence(a.baseline.value());
  if (a.opening_target) proto.set_opening_target_pence(a.opening_target->value());
  if (a.closing_target) proto.set_closing_target_pence(a.closing_target->value());
  if (a.opening_distance) proto.set_opening_distance(*a.opening_distance);
  proto.set_base_growth(a.base_growth);
  if (a.distance_before_convergence) proto.set_distance_before_convergence(*a.distance_before_convergence);
  if (a.convergence) proto.set_convergence(*a.convergence);
  proto.set_allocation_pence(a.allocation.value());
  if (a.closing_distance) proto.set_closing_distance(*a.closing_distance);
  if (a.taken_out) proto.set_taken_out_pence(a.taken_out->value());
  if (a.retained) proto.set_retained_pence(a.retained->value());
  if (a.pass_through) proto.set_pass_through_pence(a.pass_through->value());
  if (a.adjustments) proto.set_adjustments_pence(a.adjustments->value());
  proto.set_resource_allocation_pence(a.resource_allocation.value());
  for (const ComponentAmount& component : a.components) {
    v1::ComponentAmount& amount = *proto.add_components();
    amount.set_component(component.component);
    amount.set_treatment(ToProto(component.treatment));
    amount.set_baseline_pence(component.baseline.value());
    amount.set_amount_pence(component.amount.value());
  }
  return proto;
}

Allocation FromProto(const v1::Allocation& proto) {
  Allocation a;
  a.code = proto.code();
  a.name = proto.name();
  a.region = proto.region();
  a.region_code = proto.region_code();
  if (proto.population() != 0) a.population = static_cast<double>(proto.population());
  a.baseline = Pence(proto.baseline_pence());
  a.opening_target = PenceOf(proto.has_opening_target_pence(), proto.opening_target_pence());
  a.closing_target = PenceOf(proto.has_closing_target_pence(), proto.closing_target_pence());
  a.opening_distance = RatioOf(proto.has_opening_distance(), proto.opening_distance());
  a.base_growth = proto.base_growth();
  a.distance_before_convergence =
      RatioOf(proto.has_distance_before_convergence(), proto.distance_before_convergence());
  a.convergence = RatioOf(proto.has_convergence(), proto.convergence());
  a.allocation = Pence(proto.allocation_pence());
  a.closing_distance = RatioOf(proto.has_closing_distance(), proto.closing_distance());
  a.taken_out = PenceOf(proto.has_taken_out_pence(), proto.taken_out_pence());
  a.retained = PenceOf(proto.has_retained_pence(), proto.retained_pence());
  a.pass_through = PenceOf(proto.has_pass_through_pence(), proto.pass_through_pence());
  a.adjustments = PenceOf(proto.has_adjustments_pence(), proto.adjustments_pence());
  a.resource_allocation = Pence(proto.resource_allocation_pence());
  for (const v1::ComponentAmount& amount : proto.components()) {
    a.components.push_back({amount.component(), FromProto(amount.treatment()), Pence(amount.baseline_pence()),
                            Pence(amount.amount_pence())});
  }
  return a;
}

}  // namespace specom::finance

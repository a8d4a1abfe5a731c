// Allocations as the contract's message: on the wire, in events, and serialised in the store.
#pragma once

#include "services/finance/domain/allocation.h"
#include "specom/finance/v1/resources.pb.h"

namespace specom::finance {

// Population becomes whole persons.
v1::Allocation ToProto(const Allocation& allocation);
Allocation FromProto(const v1::Allocation& proto);

v1::ComponentTreatment ToProto(ComponentTreatment treatment);
ComponentTreatment FromProto(v1::ComponentTreatment treatment);

}  // namespace specom::finance

// Policies as JSON: the AllocationPolicy proto's JSON to and from the domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/csv.h"
#include "services/finance/domain/policy.h"

namespace specom::finance::v1 {
class AllocationPolicy;
}

namespace specom::finance {

// Reads a policy.json: lowerCamelCase or the proto's field names, enum values by name. Keys that
// stand twice or are not known, values of the wrong type or out of range, and every rule of
// CheckPolicy are problems of `file`, with the row and the JSON path as column. Absent when any.
std::optional<AllocationPolicy> ReadPolicyJson(std::string_view file, std::string_view json,
                                               std::vector<FileProblem>& problems);

// Indented JSON with lowerCamelCase names; ReadPolicyJson gives the same policy back.
std::string WritePolicyJson(const AllocationPolicy& policy);

// Syntax only. FromProto adds what cannot be a policy at all (a financial year that is none, an
// enum without value) to violations; CheckPolicy judges the rest.
v1::AllocationPolicy ToProto(const AllocationPolicy& policy);
AllocationPolicy FromProto(const v1::AllocationPolicy& proto, std::vector<FieldViolation>& violations);

}  // namespace specom::finance

// Runs, input sets, and what is told of runs, as the contract's messages.
#pragma once

#include <vector>

#include "google/longrunning/operations.pb.h"
#include "services/finance/app/ports.h"
#include "services/finance/domain/compare.h"
#include "services/finance/domain/explain.h"
#include "services/finance/domain/projection.h"
#include "services/finance/domain/run.h"
#include "specom/finance/v1/resources.pb.h"

namespace specom::finance {

v1::RunState ToProto(RunState state);
// Nothing for UNSPECIFIED.
std::optional<RunState> FromProto(v1::RunState state);

v1::Run ToProto(const Run& run);
// "operations/{run_id}": metadata RunProgress; done with the Run, or with the reason why it failed.
google::longrunning::Operation ToOperation(const Run& run);
v1::InputSet ToProto(const InputSetRecord& record);
v1::BaselineLine ToProto(const BaselineLine& line);
v1::InputProblem ToProto(const FileProblem& problem);
v1::Explanation ToProto(const RunId& run, const Explanation& explanation);
v1::RunComparison ToProto(const RunId& base, const RunId& other, const Comparison& comparison);
v1::Projection ToProto(const RunId& run, const Projection& projection);

}  // namespace specom::finance

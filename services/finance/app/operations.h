// Every operation of finance that a caller can ask for, wired.
#pragma once

#include "services/finance/app/approve_run.h"
#include "services/finance/app/check_inputs.h"
#include "services/finance/app/compare_runs.h"
#include "services/finance/app/create_run.h"
#include "services/finance/app/explain_allocation.h"
#include "services/finance/app/import_inputs.h"
#include "services/finance/app/input_sets.h"
#include "services/finance/app/policies.h"
#include "services/finance/app/project_allocations.h"
#include "services/finance/app/publish_run.h"
#include "services/finance/app/runs.h"
#include "services/finance/app/wait_run.h"

namespace specom::finance {

struct Operations {
  GetPolicy get_policy;
  ListPolicies list_policies;
  CheckInputFiles check_inputs;
  ImportInputs import_inputs;
  GetInputSet get_input_set;
  ListInputSets list_input_sets;
  ListBaselineLines list_baseline_lines;
  CreateRun create_run;
  GetRun get_run;
  ListRuns list_runs;
  BatchGetRuns batch_get_runs;
  WaitRun wait_run;
  ListAllocations list_allocations;
  ExplainAllocation explain_allocation;
  CompareRuns compare_runs;
  ProjectAllocations project_allocations;
  ApproveRun approve_run;
  PublishRun publish_run;
};

}  // namespace specom::finance

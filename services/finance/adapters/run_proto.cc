// Syntax only: every field has its place in the domain.
#include "services/finance/adapters/run_proto.h"

#include "google/rpc/status.pb.h"
#include "services/finance/adapters/inputs/policy_json.h"

namespace specom::finance {
namespace {

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const std::int64_t nanos = absl::ToUnixNanos(time);
  proto.set_seconds(absl::ToUnixSeconds(time));
  proto.set_nanos(static_cast<std::int32_t>(nanos - proto.seconds() * 1'000'000'000));
  return proto;
}

v1::StepValue ToProto(const StepValue& value) {
  v1::StepValue proto;
  proto.set_name(value.name);
  struct Visitor {
    v1::StepValue& out;
    void operator()(Pence amount) const { out.set_amount_pence(amount.value()); }
    void operator()(Ratio ratio) const { out.set_ratio(ratio.value); }
    void operator()(double number) const { out.set_number(number); }
    void operator()(const std::string& text) const { out.set_text(text); }
  };
  std::visit(Visitor{proto}, value.value);
  return proto;
}

v1::ComparisonRow ToProto(const ComparisonRow& row) {
  v1::ComparisonRow proto;
  proto.set_icb(row.icb.value());
  proto.set_name(row.name);
  proto.set_base_pence(row.base.value());
  proto.set_other_pence(row.other.value());
  proto.set_difference_pence(row.difference.value());
  if (row.difference_ratio) proto.set_difference_ratio(*row.difference_ratio);
  if (row.base_closing_distance) proto.set_base_closing_distance(*row.base_closing_distance);
  if (row.other_closing_distance) proto.set_other_closing_distance(*row.other_closing_distance);
  return proto;
}

v1::ProjectionRow ToProto(const ProjectionRow& row) {
  v1::ProjectionRow proto;
  proto.set_icb(row.icb.value());
  proto.set_name(row.name);
  proto.set_region(row.region);
  proto.set_opening_distance(row.opening_distance);
  for (const ProjectionYear& year : row.years) {
    v1::ProjectionYear& out = *proto.add_years();
    out.set_financial_year(year.financial_year.ToString());
    out.set_baseline_pence(year.baseline.value());
    out.set_allocation_pence(year.allocation.value());
    out.set_target_pence(year.target.value());
    out.set_base_growth(year.base_growth);
    out.set_convergence(year.convergence);
    out.set_closing_distance(year.closing_distance);
  }
  if (row.years_to_target) proto.set_years_to_target(*row.years_to_target);
  return proto;
}

int PercentOf(RunState state) {
  if (state == RunState::kQueued) return 0;
  return state == RunState::kComputing ? 50 : 100;
}

}  // namespace

v1::RunState ToProto(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return v1::RUN_STATE_QUEUED;
    case RunState::kComputing:
      return v1::RUN_STATE_COMPUTING;
    case RunState::kComputed:
      return v1::RUN_STATE_COMPUTED;
    case RunState::kApproved:
      return v1::RUN_STATE_APPROVED;
    case RunState::kPublished:
      return v1::RUN_STATE_PUBLISHED;
    case RunState::kSuperseded:
      return v1::RUN_STATE_SUPERSEDED;
    case RunState::kFailed:
      return v1::RUN_STATE_FAILED;
  }
  return v1::RUN_STATE_UNSPECIFIED;
}

std::optional<RunState> FromProto(v1::RunState state) {
  for (RunState candidate : kRunStates) {
    if (ToProto(candidate) == state) return candidate;
  }
  return std::nullopt;
}

v1::Run ToProto(const Run& run) {
  v1::Run proto;
  proto.set_name(ResourceName(run.id));
  proto.set_input_set(ResourceName(run.input_set));
  proto.set_stream(run.stream);
  proto.set_financial_year(run.year.ToString());
  proto.set_state(ToProto(run.state));
  proto.set_result_digest(run.result_digest);
  proto.set_created_by(run.created_by);
  *proto.mutable_create_time() = ToProto(run.create_time);
  if (run.complete_time) *proto.mutable_complete_time() = ToProto(*run.complete_time);
  proto.set_approved_by(run.approved_by);
  if (run.approve_time) *proto.mutable_approve_time() = ToProto(*run.approve_time);
  proto.set_published_by(run.published_by);
  if (run.publish_time) *proto.mutable_publish_time() = ToProto(*run.publish_time);
  if (!run.superseded_by.empty()) proto.set_superseded_by(ResourceName(run.superseded_by));
  proto.set_failure(run.failure);
  proto.set_etag(EtagOf(run));
  if (run.comparison) {
    v1::PublishedComparison& comparison = *proto.mutable_published_comparison();
    comparison.set_icbs_equal(run.comparison->icbs_equal);
    comparison.set_icbs_compared(run.comparison->icbs_compared);
    for (const std::string& icb : run.comparison->icbs_different) comparison.add_icbs_different(icb);
    comparison.set_source(run.comparison->source);
  }
  proto.set_allocation_pence(run.allocation.value());
  return proto;
}

google::longrunning::Operation ToOperation(const Run& run) {
  google::longrunning::Operation operation;
  operation.set_name(OperationName(run.id));
  v1::RunProgress progress;
  progress.set_run(ResourceName(run.id));
  progress.set_state(ToProto(run.state));
  progress.set_percent(PercentOf(run.state));
  progress.set_attempts(run.attempts);
  operation.mutable_metadata()->PackFrom(progress);
  operation.set_done(IsFinished(run.state));
  if (run.state == RunState::kFailed) {
    operation.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kFailedPrecondition));
    operation.mutable_error()->set_message(run.failure);
  } else if (operation.done()) {
    operation.mutable_response()->PackFrom(ToProto(run));
  }
  return operation;
}

v1::InputSet ToProto(const InputSetRecord& record) {
  v1::InputSet proto;
  proto.set_name(ResourceName(record.id));
  proto.set_stream(record.policy.stream);
  proto.set_financial_year(record.policy.financial_year.ToString());
  *proto.mutable_policy() = ToProto(record.policy);
  proto.set_icb_count(record.icb_count);
  proto.set_baseline_line_count(record.baseline_line_count);
  proto.set_baseline_pence(record.baseline.value());
  proto.set_created_by(record.created_by);
  *proto.mutable_create_time() = ToProto(record.create_time);
  proto.set_reference(record.reference);
  return proto;
}

v1::BaselineLine ToProto(const BaselineLine& line) {
  v1::BaselineLine proto;
  proto.set_icb(line.icb.value());
  proto.set_component(line.component);
  proto.set_reason(line.reason);
  proto.set_amount_pence(line.amount.value());
  return proto;
}

v1::InputProblem ToProto(const FileProblem& problem) {
  v1::InputProblem proto;
  proto.set_file(problem.file);
  proto.set_row(problem.row);
  proto.set_column(problem.column);
  proto.set_value(problem.value);
  proto.set_rule(problem.rule);
  return proto;
}

v1::Explanation ToProto(const RunId& run, const Explanation& explanation) {
  v1::Explanation proto;
  proto.set_run(ResourceName(run));
  proto.set_icb(explanation.icb.value());
  proto.set_icb_name(explanation.icb_name);
  proto.set_stream(explanation.stream);
  proto.set_financial_year(explanation.financial_year.ToString());
  for (const BaselineLine& line : explanation.baseline_lines) *proto.add_baseline_lines() = ToProto(line);
  for (const Step& step : explanation.steps) {
    v1::Step& out = *proto.add_steps();
    out.set_step(step.step);
    out.set_title(step.title);
    out.set_formula(step.formula);
    out.set_source(step.source);
    for (const StepValue& input : step.inputs) *out.add_inputs() = ToProto(input);
    *out.mutable_result() = ToProto(step.result);
    out.set_sentence(step.sentence);
  }
  return proto;
}

v1::RunComparison ToProto(const RunId& base, const RunId& other, const Comparison& comparison) {
  v1::RunComparison proto;
  proto.set_base_run(ResourceName(base));
  proto.set_other_run(ResourceName(other));
  for (const ComparisonRow& row : comparison.rows) *proto.add_rows() = ToProto(row);
  *proto.mutable_england() = ToProto(comparison.england);
  for (const std::string& sentence : comparison.input_differences) proto.add_input_differences(sentence);
  return proto;
}

v1::Projection ToProto(const RunId& run, const Projection& projection) {
  v1::Projection proto;
  proto.set_run(ResourceName(run));
  for (const ProjectionRow& row : projection.rows) *proto.add_rows() = ToProto(row);
  *proto.mutable_england() = ToProto(projection.england);
  for (const std::string& sentence : projection.assumptions) proto.add_assumptions(sentence);
  proto.set_tolerance(projection.tolerance);
  return proto;
}

}  // namespace specom::finance

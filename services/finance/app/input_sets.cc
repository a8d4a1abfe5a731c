// Reads of input sets, each in one transaction that sees one state of the database.
#include "services/finance/app/input_sets.h"

#include "services/finance/app/read.h"

namespace specom::finance {

absl::StatusOr<InputSetRecord> GetInputSet::Execute(const RequestContext& context, const InputSetId& id) {
  return Read<InputSetRecord>(store_, context, [&](store::UnitOfWork& work) {
    return FindVisibleInputSet(work, inputs_, context.principal, id);
  });
}

absl::StatusOr<std::vector<InputSetRecord>> ListInputSets::Execute(const RequestContext& context,
                                                                   const ListInputSetsQuery& query) {
  return Read<std::vector<InputSetRecord>>(store_, context, [&](store::UnitOfWork& work) {
    return inputs_.List(work, query.filter, ViewerOf(context.principal), query.after, query.limit);
  });
}

absl::StatusOr<std::vector<PlacedBaselineLine>> ListBaselineLines::Execute(
    const RequestContext& context, const ListBaselineLinesQuery& query) {
  using Lines = absl::StatusOr<std::vector<PlacedBaselineLine>>;
  return Read<std::vector<PlacedBaselineLine>>(store_, context, [&](store::UnitOfWork& work) -> Lines {
    RETURN_IF_ERROR(FindVisibleInputSet(work, inputs_, context.principal, query.input_set).status());
    return inputs_.Lines(work, query.input_set, query.icb, query.position, query.limit);
  });
}

}  // namespace specom::finance

// Gets and lists input sets, and lists the lines of their baseline ledgers.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "services/finance/app/ports.h"

namespace specom::finance {

class GetInputSet {
 public:
  GetInputSet(store::Store& store, InputSetRepository& inputs) : store_(store), inputs_(inputs) {}

  // The errors of FindVisibleInputSet.
  absl::StatusOr<InputSetRecord> Execute(const RequestContext& context, const InputSetId& id);

 private:
  store::Store& store_;
  InputSetRepository& inputs_;
};

struct ListInputSetsQuery {
  InputSetFilter filter;
  std::optional<LatestKey> after;
  int limit = 100;
};

class ListInputSets {
 public:
  ListInputSets(store::Store& store, InputSetRepository& inputs) : store_(store), inputs_(inputs) {}

  // Those that the caller may see, latest first.
  absl::StatusOr<std::vector<InputSetRecord>> Execute(const RequestContext& context,
                                                      const ListInputSetsQuery& query);

 private:
  store::Store& store_;
  InputSetRepository& inputs_;
};

struct ListBaselineLinesQuery {
  InputSetId input_set;
  // Empty: every ICB.
  IcbCode icb;
  // The first place in the ledger to be looked at, from 0.
  std::int64_t position = 0;
  int limit = 1000;
};

class ListBaselineLines {
 public:
  ListBaselineLines(store::Store& store, InputSetRepository& inputs) : store_(store), inputs_(inputs) {}

  // In the order of the file. The errors of FindVisibleInputSet.
  absl::StatusOr<std::vector<PlacedBaselineLine>> Execute(const RequestContext& context,
                                                          const ListBaselineLinesQuery& query);

 private:
  store::Store& store_;
  InputSetRepository& inputs_;
};

}  // namespace specom::finance

// Gets one record, or several of one kind, as of a day and as known at a time.
#pragma once

#include <string>
#include <vector>

#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

// The most that a batch may ask for.
inline constexpr std::size_t kLargestBatch = 1000;

// Records with the registry that holds them and the viewpoint that they were asked from.
template <class T>
struct Found {
  Snapshot registry;
  Viewpoint at;
  std::vector<const Record<T>*> records;
};

template <class T>
class GetRecords {
 public:
  explicit GetRecords(const LiveRegistry& live) : live_(live) {}

  // One record for each id, in their order. A decision is found whether or not it holds on the day,
  // unless the question names one. NOT_FOUND with the kind's reason for the first id that has no
  // record, naming successors where an organisation was replaced.
  absl::StatusOr<Found<T>> Execute(const std::vector<std::string>& ids, const Question& question) const;

 private:
  const LiveRegistry& live_;
};

}  // namespace specom::portfolio

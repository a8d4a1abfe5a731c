// The registry in this process: the snapshot that reads are answered from, kept up to date with the
// database, and the one way to teach it something.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/clock.h"
#include "services/portfolio/app/ports.h"

namespace specom::portfolio {

using Snapshot = std::shared_ptr<const Registry>;

// The two time dimensions of a question; absent: today, and all that is known now.
struct Question {
  std::optional<Date> as_of;
  std::optional<absl::Time> as_known_at;
};

// For any number of threads.
class LiveRegistry {
 public:
  LiveRegistry(store::Store& store, RecordLog& log, RegistryEvents& events, const Clock& clock)
      : store_(store), log_(log), events_(events), clock_(clock) {}

  // What reads are answered from; empty before the first Refresh.
  Snapshot Current() const;
  // Takes up what other processes have changed; cheap when nothing was.
  absl::Status Refresh(const RequestContext& context);
  // The registry as the transaction sees it.
  absl::StatusOr<Snapshot> Within(store::UnitOfWork& work);

  // When a change made now counts as recorded: later than all that the registry has learnt.
  absl::Time NextRecordedAt(const Registry& registry) const;
  // Adds the records to the log and tells other services; the caller audits. The registry with them in
  // it, which is to be handed to Adopt once the transaction has committed.
  absl::StatusOr<Snapshot> Learn(store::UnitOfWork& work, const RequestContext& context,
                                 const Registry& registry, absl::Time recorded_at, const std::string& note,
                                 const Records& records);
  // Makes a committed registry the current one, unless a later one is.
  void Adopt(Snapshot registry);

  // What a question is about, asked of the registry now. Knowledge of the future is no knowledge: a
  // later as_known_at counts as now.
  Viewpoint ViewpointOf(const Question& question, const Registry& registry) const;
  Date Today() const { return Date::InLondon(clock_.Now()); }

 private:
  store::Store& store_;
  RecordLog& log_;
  RegistryEvents& events_;
  const Clock& clock_;

  mutable absl::Mutex mutex_;
  Snapshot current_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Registry>();
};

}  // namespace specom::portfolio

#include "libs/store/faulty.h"

#include <atomic>
#include <random>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

absl::Status InjectedFault(FaultPoint point) {
  const std::string name(ToString(point));
  return MakeError(absl::StatusCode::kUnavailable, "INJECTED_FAULT",
                   absl::StrCat("a fault was injected ", name), {{"point", name}});
}

class FaultyUnitOfWork final : public UnitOfWork {
 public:
  FaultyUnitOfWork(UnitOfWork& inner, const FaultScript& script) : inner_(inner), script_(script) {}

  // The first fault that was injected: the transaction must not commit when it was ignored.
  const absl::Status& fault() const { return fault_; }

  absl::StatusOr<std::int64_t> Execute(const Statement& statement,
                                       const std::vector<Value>& parameters) override {
    return After(FaultPoint::kAfterState, inner_.Execute(statement, parameters));
  }
  absl::StatusOr<std::vector<Row>> Query(const Statement& statement,
                                         const std::vector<Value>& parameters) override {
    return inner_.Query(statement, parameters);
  }
  absl::Status Publish(const OutboxEvent& event) override {
    RETURN_IF_ERROR(inner_.Publish(event));
    return Visit(FaultPoint::kAfterOutbox);
  }
  absl::StatusOr<std::optional<IdempotencyRecord>> FindOutcome(const RequestContext& context) override {
    return inner_.FindOutcome(context);
  }
  absl::Status RememberOutcome(const RequestContext& context, const IdempotencyRecord& record) override {
    RETURN_IF_ERROR(inner_.RememberOutcome(context, record));
    return Visit(FaultPoint::kAfterState);
  }
  absl::StatusOr<bool> MarkHandled(std::string_view group, std::string_view event_id) override {
    return After(FaultPoint::kAfterState, inner_.MarkHandled(group, event_id));
  }
  absl::Status Audit(const RequestContext& context, const AuditEntry& entry) override {
    RETURN_IF_ERROR(inner_.Audit(context, entry));
    return Visit(FaultPoint::kAfterState);
  }

 private:
  absl::Status Visit(FaultPoint point) {
    if (fault_.ok()) fault_ = script_(point);
    return fault_;
  }
  template <class T>
  absl::StatusOr<T> After(FaultPoint point, absl::StatusOr<T> result) {
    if (result.ok()) RETURN_IF_ERROR(Visit(point));
    return result;
  }

  UnitOfWork& inner_;
  const FaultScript& script_;
  absl::Status fault_;
};

class FaultyStore final : public Store {
 public:
  FaultyStore(std::unique_ptr<Store> inner, FaultScript script)
      : inner_(std::move(inner)), script_(std::move(script)) {}

  Engine engine() const override { return inner_->engine(); }

  absl::Status Write(const RequestContext& context,
                     const std::function<absl::Status(UnitOfWork&)>& function) override {
    RETURN_IF_ERROR(script_(FaultPoint::kBeforeBegin));
    const absl::Status written = inner_->Write(context, [&](UnitOfWork& inner) -> absl::Status {
      FaultyUnitOfWork work(inner, script_);
      RETURN_IF_ERROR(function(work));
      RETURN_IF_ERROR(work.fault());
      return script_(FaultPoint::kBeforeCommit);
    });
    RETURN_IF_ERROR(written);
    return script_(FaultPoint::kAfterCommit);
  }
  absl::Status Read(const RequestContext& context,
                    const std::function<absl::Status(UnitOfWork&)>& function) override {
    return inner_->Read(context, function);
  }
  absl::StatusOr<std::vector<OutboxRecord>> UnpublishedEvents(int limit) override {
    return inner_->UnpublishedEvents(limit);
  }
  absl::Status MarkPublished(std::span<const std::int64_t> sequences) override {
    return inner_->MarkPublished(sequences);
  }
  absl::StatusOr<std::vector<OutboxRecord>> PublishedEvents(std::string_view topic, std::int64_t after,
                                                            int limit) override {
    return inner_->PublishedEvents(topic, after, limit);
  }
  absl::StatusOr<std::int64_t> LastPublished(std::string_view topic) override {
    return inner_->LastPublished(topic);
  }
  absl::StatusOr<std::unique_ptr<void, void (*)(void*)>> TryLeadership(std::string_view name) override {
    return inner_->TryLeadership(name);
  }
  absl::StatusOr<int> Migrate(std::span<const EmbeddedFile> migrations) override {
    return inner_->Migrate(migrations);
  }
  absl::StatusOr<SchemaState> CheckSchema(std::span<const EmbeddedFile> migrations) override {
    return inner_->CheckSchema(migrations);
  }
  absl::Status Ping() override { return inner_->Ping(); }

 private:
  const std::unique_ptr<Store> inner_;
  const FaultScript script_;
};

}  // namespace

std::string_view ToString(FaultPoint point) {
  switch (point) {
    case FaultPoint::kBeforeBegin:
      return "before begin";
    case FaultPoint::kAfterState:
      return "after state";
    case FaultPoint::kAfterOutbox:
      return "after outbox";
    case FaultPoint::kBeforeCommit:
      return "before commit";
    case FaultPoint::kAfterCommit:
      return "after commit";
  }
  SPECOM_CHECK(false);
}

FaultScript SeededFaults(std::uint64_t seed, double probability) {
  struct Dice {
    explicit Dice(std::uint64_t seed) : random(seed) {}
    absl::Mutex mutex;
    std::mt19937_64 random ABSL_GUARDED_BY(mutex);
  };
  return [dice = std::make_shared<Dice>(seed), probability](FaultPoint point) {
    absl::MutexLock lock(&dice->mutex);
    return std::bernoulli_distribution(probability)(dice->random) ? InjectedFault(point) : absl::OkStatus();
  };
}

FaultScript FaultOnce(FaultPoint point, int occurrence) {
  return [visits = std::make_shared<std::atomic<int>>(0), point, occurrence](FaultPoint visited) {
    return visited == point && ++*visits == occurrence ? InjectedFault(point) : absl::OkStatus();
  };
}

std::unique_ptr<Store> Faulty(std::unique_ptr<Store> store, FaultScript script) {
  return std::make_unique<FaultyStore>(std::move(store), std::move(script));
}

}  // namespace specom::store

// The steps, and the comparison after each.
#include "tests/crash/simulation/simulation.h"

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"
#include "tests/crash/simulation/finance_world.h"
#include "tests/crash/simulation/life_cycle_model.h"
#include "tests/crash/simulation/requests.h"
#include "tests/crash/simulation/stored_state.h"

namespace specom::crash {
namespace {

constexpr std::size_t kTracedSteps = 30;
constexpr char kOtherWorker[] = "other-worker";

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed, const MigratedDatabase& empty) : random_(seed), world_(empty) {}

  SimulationResult Run(int steps) {
    for (int step = 1; step <= steps && result_.findings.empty(); ++step) {
      world_.clock.Advance(absl::Seconds(1));
      TakeStep();
      if (result_.findings.empty()) CompareRuns();
    }
    if (result_.findings.empty()) ComeToRest();
    if (result_.findings.empty()) CompareAll();
    return std::move(result_);
  }

 private:
  std::size_t Below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool OneIn(std::size_t n) { return Below(n) == 0; }
  template <class Range>
  auto OneOf(const Range& range) {
    return range[Below(range.size())];
  }

  void Note(std::string step) {
    result_.trace.push_back(std::move(step));
    if (result_.trace.size() > kTracedSteps) result_.trace.erase(result_.trace.begin());
  }
  void Met(const std::string& what) { ++result_.met[what]; }
  template <class... Words>
  void Expect(bool fact, const Words&... otherwise) {
    if (!fact) result_.findings.push_back(absl::StrCat(otherwise...));
  }

  void TakeStep() {
    struct Choice {
      std::size_t weight;
      void (Simulation::*step)();
    };
    static constexpr std::array<Choice, 14> kChoices = {{{8, &Simulation::Import},
                                                         {12, &Simulation::Create},
                                                         {14, &Simulation::Look},
                                                         {14, &Simulation::Approve},
                                                         {12, &Simulation::Publish},
                                                         {10, &Simulation::AskAgain},
                                                         {5, &Simulation::AskForOtherContent},
                                                         {2, &Simulation::AskTooLate},
                                                         {4, &Simulation::AskWhatWouldBe},
                                                         {12, &Simulation::Relay},
                                                         {20, &Simulation::Work},
                                                         {8, &Simulation::ReadFigures},
                                                         {2, &Simulation::PassTime},
                                                         {1, &Simulation::LoseBus}}};
    static const std::size_t total = [] {
      std::size_t sum = 0;
      for (const Choice& choice : kChoices) sum += choice.weight;
      return sum;
    }();
    std::size_t drawn = Below(total);
    for (const Choice& choice : kChoices) {
      if (drawn < choice.weight) return (this->*choice.step)();
      drawn -= choice.weight;
    }
  }

  // In one of four steps the store fails somewhere.
  void PlanFault() {
    constexpr std::array kPoints = {store::FaultPoint::kBeforeBegin, store::FaultPoint::kAfterState,
                                    store::FaultPoint::kAfterOutbox, store::FaultPoint::kBeforeCommit,
                                    store::FaultPoint::kAfterCommit};
    if (!OneIn(4)) return world_.fault.Plan(std::nullopt);
    const store::FaultPoint point = OneOf(kPoints);
    const int last = point == store::FaultPoint::kAfterState ? 6 : 2;
    world_.fault.Plan(std::pair(point, 1 + static_cast<int>(Below(static_cast<std::size_t>(last)))));
  }

  std::string NewRequestId() { return OneIn(6) ? "" : absl::StrCat("request-", ++requests_); }

  void Import() { Ask({Verb::kImport, OneOf(kBringers), Below(Materials().size()), 0, NewRequestId()}); }
  void Create() { Ask({Verb::kCreate, Below(Users().size()), Below(Materials().size()), 0, NewRequestId()}); }
  void Approve() { Decide(Verb::kApprove, "computed"); }
  void Publish() { Decide(Verb::kPublish, "approved"); }

  // Mostly on a run in the right state and as it is now; else on any, as it was when somebody looked.
  void Decide(Verb verb, const std::string& state) {
    const std::size_t user = OneOf(kDeciders);
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < Materials().size(); ++i) {
      auto run = model_.runs().find(Materials()[i].run);
      if (run != model_.runs().end() && run->second.state == state) ready.push_back(i);
    }
    const std::size_t material = !ready.empty() && !OneIn(3) ? OneOf(ready) : Below(Materials().size());
    auto run = model_.runs().find(Materials()[material].run);
    int seen = run == model_.runs().end() ? 0 : run->second.version;
    if (auto looked = looked_.find({user, material}); looked != looked_.end() && OneIn(3))
      seen = looked->second;
    Ask({verb, user, material, seen, NewRequestId()});
  }

  void AskAgain() {
    if (asked_.empty()) return;
    Asked again = OneOf(asked_);
    Met("asked again");
    Ask(again);
  }
  void AskForOtherContent() {
    if (asked_.empty()) return;
    Asked other = OneOf(asked_);
    other.material = (other.material + 1 + Below(Materials().size() - 1)) % Materials().size();
    Ask(other);
  }

  void Ask(const Asked& asked) {
    LifeCycleModel after = model_;
    Outcome expected = Predict(after, asked);
    PlanFault();
    const Outcome told = Execute(world_, ContextOf(asked, world_.clock.Now()), asked);
    if (world_.fault.struck()) {
      expected = {absl::StatusCode::kUnavailable, "", ""};
      Met(world_.fault.commits() > 0 ? "fault after commit" : "fault before commit");
    }
    // Committed all the same: the reply was lost.
    if (world_.fault.commits() > 0) model_ = std::move(after);
    world_.fault.Plan(std::nullopt);
    if (!asked.request_id.empty()) asked_.push_back(asked);
    Met(expected.ok() ? asked.Method() : ToString(expected));
    Note(absl::StrCat(InWords(asked), ": ", ToString(told)));
    Expect(told == expected, InWords(asked), " was answered with ", ToString(told), " and not ",
           ToString(expected));
  }

  void AskWhatWouldBe() {
    Asked asked = {OneOf(std::array{Verb::kCreate, Verb::kApprove, Verb::kPublish}), OneOf(kDeciders),
                   Below(Materials().size()), 0, ""};
    auto run = model_.runs().find(Materials()[asked.material].run);
    if (run != model_.runs().end()) asked.seen = run->second.version;
    asked.validate_only = true;
    LifeCycleModel unchanged = model_;
    const Outcome expected = Predict(unchanged, asked);
    const Outcome told = Execute(world_, ContextOf(asked, world_.clock.Now()), asked);
    Met("validated only");
    Note(absl::StrCat(InWords(asked), " validated only: ", ToString(told)));
    Expect(told == expected, InWords(asked), " would be answered with ", ToString(told), " and not ",
           ToString(expected));
  }

  // A request whose deadline has passed does nothing.
  void AskTooLate() {
    const Asked asked = {Verb::kCreate, 0, Below(Materials().size()), 0, NewRequestId()};
    RequestContext context = ContextOf(asked, world_.clock.Now());
    context.deadline = world_.clock.Now() - absl::Seconds(1);
    const Outcome told = Execute(world_, context, asked);
    Met("too late");
    Note(absl::StrCat(InWords(asked), " too late: ", ToString(told)));
    Expect(told.code == absl::StatusCode::kDeadlineExceeded, "a request that was too late: ", ToString(told));
  }

  void Look() {
    const std::size_t user = Below(Users().size());
    const std::size_t material = Below(Materials().size());
    const std::string& name = Materials()[material].run;
    const Outcome expected = model_.Get(Users()[user].caller, name);
    const auto run = world_.get_run.Execute(
        ContextOf({Verb::kCreate, user, material, 0, ""}, world_.clock.Now()), finance::RunIdFrom(name));
    const Outcome told = run.ok() ? Outcome{.resource = finance::ResourceName(run->id)}
                                  : Outcome{run.status().code(), ErrorReason(run.status()), ""};
    Note(absl::StrCat(Users()[user].caller.user, " looks at #", material, ": ", ToString(told)));
    Expect(told == expected, "looking at ", name, " gave ", ToString(told), " and not ", ToString(expected));
    if (!run.ok() || !expected.ok()) return;
    const int version = model_.runs().at(name).version;
    looked_[{user, material}] = version;
    Expect(finance::EtagOf(*run) == absl::StrCat("v", version), "the etag of ", name, " is ",
           finance::EtagOf(*run), " after ", version, " changes");
  }

  void Relay() {
    constexpr std::array kFaults = {PublishFault::kNone, PublishFault::kNone, PublishFault::kAway,
                                    PublishFault::kReplyLost, PublishFault::kCutShort};
    world_.bus.FailNext(OneOf(kFaults));
    const auto carried = world_.relay.RunOnce();
    Met(carried.ok() ? "relayed" : "relay failed");
    Note(absl::StrCat("relay: ",
                      carried.ok() ? absl::StrCat(*carried, " events") : carried.status().ToString()));
  }

  enum class Fate { kDone, kDies, kOvertaken, kLosesItsClaim };

  // A worker is given a job: and does it, dies of it after it took it up, or is so slow that another takes
  // it up, and has or has not finished it by then.
  void Work() {
    const Fate fate = OneIn(3)   ? Fate::kDies
                      : OneIn(5) ? Fate::kOvertaken
                      : OneIn(5) ? Fate::kLosesItsClaim
                                 : Fate::kDone;
    if (fate == Fate::kDone) PlanFault();
    WorkTo(fate);
  }

  void WorkTo(Fate fate) {
    const auto job = world_.bus.Draw(std::string(finance::kJobsTopic), std::string(finance::kWorkerGroup),
                                     [this](std::size_t n) { return Below(n); });
    if (!job) return world_.fault.Plan(std::nullopt);
    const std::string& run = job->event.subject;
    bool loaded = false;
    world_.inputs.before_load = [&]() -> absl::Status {
      loaded = true;
      if (fate == Fate::kDies) return absl::UnavailableError("the worker dies here");
      if (fate == Fate::kOvertaken || fate == Fate::kLosesItsClaim) {
        return world_.ComputeElsewhere(finance::RunIdFrom(run), kOtherWorker, fate == Fate::kOvertaken);
      }
      return absl::OkStatus();
    };
    const absl::Status told = world_.bus.Hand(*job);
    world_.inputs.before_load = [] { return absl::OkStatus(); };
    FollowWork(run, job->consumer, loaded ? fate : Fate::kDone);
    // OK ends the job: only for a run that is done, by whomever.
    const bool lost = loaded && fate == Fate::kLosesItsClaim && model_.runs().at(run).state == "computing";
    const bool failed = world_.fault.struck() || lost || (loaded && fate == Fate::kDies);
    world_.fault.Plan(std::nullopt);
    Note(absl::StrCat(job->consumer, " at ", run, ": ", told.ToString()));
    Expect(told.ok() != failed, job->consumer, " at ", run, " was told ", told.ToString());
  }

  // A job is two writes, of which as many count as were committed.
  void FollowWork(const std::string& run, const std::string& worker, Fate fate) {
    const int commits = world_.fault.commits();
    if (commits < 1 || !model_.Claim(run, worker)) return;
    const int fence = model_.runs().at(run).fence;
    if (fate == Fate::kDies) return Met("worker died");
    if (fate == Fate::kOvertaken || fate == Fate::kLosesItsClaim) {
      Met(fate == Fate::kOvertaken ? "worker overtaken" : "worker lost its claim");
      model_.Claim(run, kOtherWorker);
      // Who takes a run up too often ends it without computing it.
      if (fate == Fate::kOvertaken || model_.IsExhausted(run)) {
        model_.Settle(run, model_.runs().at(run).fence, kOtherWorker);
      }
    }
    if (commits < 2) return Met("worker's store failed");
    model_.Settle(run, fence, worker);
    Met(model_.runs().at(run).state);
  }

  void ReadFigures() {
    const auto event = world_.bus.Draw(std::string(finance::kFinanceTopic), kFiguresGroup,
                                       [this](std::size_t n) { return Below(n); });
    if (!event) return;
    // Now and then the reader does it and is taken for dead.
    if (OneIn(6)) {
      world_.figures.Handle(event->event).IgnoreError();
      return;
    }
    world_.bus.Hand(*event).IgnoreError();
  }
  void PassTime() { world_.clock.Advance(absl::Minutes(1 + static_cast<int>(Below(600)))); }
  void LoseBus() {
    world_.bus.Lose();
    Met("bus lost");
    Note("the bus loses all that it has");
  }

  // Every run as the model has it, and every event that followed from a change.
  void CompareRuns() {
    const absl::StatusOr<StoredState> stored = ReadStoredState(*world_.sound_store);
    if (!stored.ok()) return Expect(false, "the state cannot be read: ", stored.status().ToString());
    Expect(stored->runs.size() == model_.runs().size(), "there are ", stored->runs.size(), " runs and not ",
           model_.runs().size());
    std::map<std::string, int> in_force;
    for (const auto& [name, run] : stored->runs) {
      auto expected = model_.runs().find(name);
      if (expected == model_.runs().end()) {
        Expect(false, "nobody asked for ", name);
        continue;
      }
      const std::string should = Describe(expected->second);
      Expect(Describe(run) == should, name, " is ", Describe(run), " and not ", should);
      if (run.state == "published") Expect(++in_force[run.pot] == 1, "two runs are in force for ", run.pot);
    }
    Expect(stored->gaps.empty(), absl::StrJoin(stored->gaps, "; "));
  }

  static std::string Describe(const ModelRun& run) {
    return absl::StrCat(run.state, " v", run.version, " fence ", run.fence, " attempts ", run.attempts,
                        " for ", run.pot, " on ", run.input_set, " by ", run.author, ", ", run.approver, ", ",
                        run.publisher, " superseded by '", run.superseded_by, "' jobs ", run.jobs, " events ",
                        absl::StrJoin(run.events, ","));
  }

  // Nothing fails any more: every job is done and every event is read.
  void ComeToRest() {
    Note("nothing fails any more");
    world_.bus.FailNext(PublishFault::kNone);
    constexpr int kMostRounds = 10'000;
    for (int round = 0; round < kMostRounds && result_.findings.empty(); ++round) {
      const auto carried = world_.relay.RunOnce();
      Expect(carried.ok(), "the relay fails: ", carried.status().ToString());
      const bool jobs =
          world_.bus.Waits(std::string(finance::kJobsTopic), std::string(finance::kWorkerGroup));
      const bool figures = world_.bus.Waits(std::string(finance::kFinanceTopic), kFiguresGroup);
      if (carried.ok() && *carried == 0 && !jobs && !figures) return;
      if (jobs) WorkTo(Fate::kDone);
      if (figures) ReadFigures();
    }
    Expect(!result_.findings.empty(), "jobs or events are left that never come to an end");
  }

  // At rest: also what was read from the events, and the record of who did what.
  void CompareAll() {
    CompareRuns();
    std::map<std::string, std::string> in_force;
    for (const auto& [name, run] : model_.runs()) {
      Expect(run.state != "queued" && run.state != "computing", name, " is ", run.state, " for good");
      if (run.state == "published") in_force[run.pot] = name;
      Met(absl::StrCat("ends ", run.state));
      auto seen = world_.figures.seen().find(name);
      const std::vector<std::string> events =
          seen == world_.figures.seen().end() ? std::vector<std::string>() : seen->second;
      Expect(events == run.events, "of ", name, " the reader saw ", absl::StrJoin(events, ","), " and not ",
             absl::StrJoin(run.events, ","));
    }
    Expect(world_.figures.in_force() == in_force, "the reader has other figures in force");
    for (const std::string& finding : world_.figures.findings()) Expect(false, finding);
    if (world_.figures.repeats() > 0) Met("event repeated");
    const absl::StatusOr<StoredRecord> record = ReadStoredRecord(*world_.sound_store);
    if (!record.ok()) return Expect(false, "the record cannot be read: ", record.status().ToString());
    for (const std::string& fault : record->audit_faults) Expect(false, "audit chain: ", fault);
    Expect(record->audit == model_.audit(), "the audit record tells of other changes:\n  ",
           absl::StrJoin(record->audit, "\n  "), "\nand not\n  ", absl::StrJoin(model_.audit(), "\n  "));
    Expect(record->outcomes == model_.remembered(), record->outcomes, " outcomes are remembered and not ",
           model_.remembered());
  }

  std::mt19937_64 random_;
  FinanceWorld world_;
  LifeCycleModel model_{{{"QOQ", "Y63"}, {"QKK", "Y56"}}};
  SimulationResult result_;
  std::vector<Asked> asked_;
  std::map<std::pair<std::size_t, std::size_t>, int> looked_;
  int requests_ = 0;
};

}  // namespace

SimulationResult Simulate(std::uint64_t seed, int steps) {
  static const MigratedDatabase empty;
  return Simulation(seed, empty).Run(steps);
}

}  // namespace specom::crash

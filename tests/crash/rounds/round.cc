// Drives the child through its lives.
#include "tests/crash/rounds/round.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/crash/rounds/child_process.h"

namespace specom::crash {
namespace {

// Asked for by every life, when all else is done: once it is in the statements, nothing else is on its
// way to them. Its fund is nobody else's, so that it is never refused.
const Movement kClosingMovement = {std::string(kFunds.back()), std::string(kFunds.front()), Pence(1)};
// How often a request is repeated that is answered with an error that passes.
constexpr int kRepeats = 20;

class Round {
 public:
  Round(World& world, const Plan& plan, RoundResult& result)
      : world_(world), plan_(plan), result_(result), requests_(plan.requests), answers_(requests_.size()) {}

  void Play() {
    for (const PlannedDeath& death : plan_.deaths) {
      Live(ToString(death), &death);
      if (death.bus_is_lost) Expect(world_.LoseBus().ok(), "the bus could not be emptied");
    }
    Live("", nullptr);
    if (!result_.findings.empty()) return;
    for (std::string& finding : Judge(world_, plan_, requests_, answers_)) {
      result_.findings.push_back(std::move(finding));
    }
  }

 private:
  void Expect(bool fact, const std::string& otherwise) {
    if (!fact) result_.findings.push_back(otherwise);
  }

  // A life to its planned death, or to the end of the round.
  void Live(const std::string& crash_at, const PlannedDeath* death) {
    std::vector<std::string> arguments = world_.Arguments();
    arguments.push_back(absl::StrCat(plan_.handlers));
    ChildProcess child("specom_crash_child", arguments, crash_at);
    ++result_.lives;
    const bool last = death == nullptr;
    if (Work(child, last) && !last) {
      // The planned visit did not come: it ends here, with nothing to do.
      child.Kill();
      return;
    }
    if (last) return;
    if (child.DiedAsPlanned()) {
      ++result_.deaths[death->point];
    } else {
      Expect(false, absl::StrCat("the child was to die at ", crash_at, " and ", child.State()));
    }
  }

  // All that there is to do; false when the child died before it was done.
  bool Work(ChildProcess& child, bool last) {
    const std::optional<std::string> ready = child.ReadLine();
    if (ready != "ready") return Died(child, last, "did not start");
    if (result_.lives > 1) ++result_.recoveries;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (!answers_[i]) open.push_back(i);
    }
    if (!Ask(child, open)) return Died(child, last, "does not answer");
    if (last) {
      // An answer that was given is given again.
      std::vector<std::size_t> all(requests_.size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      if (!Ask(child, all)) return Died(child, last, "does not answer to repeats");
      if (!AskForAnother(child)) return Died(child, last, "does not answer");
    }
    requests_.push_back(kClosingMovement);
    answers_.emplace_back();
    if (!Ask(child, {requests_.size() - 1})) return Died(child, last, "does not answer");
    child.Send("settle");
    const std::optional<std::string> settled = child.ReadLine();
    if (!settled) return Died(child, last, "does not come to rest");
    const std::vector<std::string> words = absl::StrSplit(*settled, ' ');
    Expect(words[0] == "settled", *settled);
    if (words[0] == "settled") Expect(words[2] == "0", absl::StrCat("dead letters: ", words[2]));
    return true;
  }

  bool Died(ChildProcess& child, bool last, const char* what) {
    if (last || child.State() == "runs") Expect(false, absl::StrCat("a child ", what, ": ", child.State()));
    return false;
  }

  std::string Line(std::size_t request, Pence amount) const {
    const Movement& movement = requests_[request];
    return absl::StrCat("move ", RequestId(request), " ", movement.from, " ", movement.to, " ",
                        amount.value());
  }

  // Sends the requests, as many at a time as there are handlers, and takes down the answers. False when
  // the child ended.
  bool Ask(ChildProcess& child, const std::vector<std::size_t>& requests) {
    std::set<std::size_t> waiting;
    std::map<std::size_t, int> repeats;
    for (std::size_t next = 0; next < requests.size() || !waiting.empty();) {
      if (next < requests.size() && std::ssize(waiting) < plan_.handlers) {
        waiting.insert(requests[next]);
        child.Send(Line(requests[next], requests_[requests[next]].amount));
        ++next;
        continue;
      }
      const std::optional<std::string> line = child.ReadLine();
      if (!line) return false;
      const std::vector<std::string> words = absl::StrSplit(*line, ' ');
      std::size_t request = 0;
      while (request < requests_.size() && RequestId(request) != words[0]) ++request;
      if (request == requests_.size() || words.size() < 3) {
        Expect(false, "the child said " + *line);
        return false;
      }
      if (words[1] == "error") {
        Expect(++repeats[request] < kRepeats, *line);
        if (repeats[request] == kRepeats) return false;
        child.Send(Line(request, requests_[request].amount));
        continue;
      }
      waiting.erase(request);
      const Answer answer = words[1] == "ok" ? Answer{words[2], ""} : Answer{"", words.back()};
      if (answers_[request]) {
        Expect(*answers_[request] == answer,
               absl::StrCat(RequestId(request), " was answered with ", answers_[request]->movement,
                            answers_[request]->reason, " and its repeat with ", *line));
      }
      answers_[request] = answer;
    }
    return true;
  }

  // The id of a request with other content.
  bool AskForAnother(ChildProcess& child) {
    child.Send(Line(0, Pence(requests_[0].amount.value() + 1)));
    const std::optional<std::string> line = child.ReadLine();
    if (!line) return false;
    const std::string expected = RequestId(0) + " error INVALID_ARGUMENT IDEMPOTENCY_KEY_MISMATCH";
    Expect(*line == expected, absl::StrCat("other content under a used request id: ", *line));
    return true;
  }

  World& world_;
  const Plan& plan_;
  RoundResult& result_;
  std::vector<Movement> requests_;
  std::vector<std::optional<Answer>> answers_;
};

}  // namespace

RoundResult PlayRound(Worlds& worlds, const Plan& plan) {
  RoundResult result;
  absl::StatusOr<std::unique_ptr<World>> world = worlds.Make();
  if (!world.ok()) {
    result.findings.push_back(world.status().ToString());
    return result;
  }
  Round(**world, plan, result).Play();
  return result;
}

}  // namespace specom::crash

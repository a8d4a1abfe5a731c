#include "services/portfolio/domain/decision_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/base/digest.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

constexpr std::size_t kLongestText = 500;

bool IsIdentifier(std::string_view id) {
  return !id.empty() && id.size() <= 63 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == id.npos;
}

class Checks {
 public:
  Checks(const Registry& registry, const Record<Decision>& decision)
      : registry_(registry), decision_(decision) {}

  std::vector<DecisionProblem> Run(Date today) {
    CheckTexts();
    CheckDates(today);
    CheckIcbs();
    CheckServices();
    CheckLines();
    CheckConditions();
    return std::move(problems_);
  }

 private:
  const Decision& value() const { return decision_.value; }
  void Add(std::string field, std::string problem_value, std::string rule) {
    problems_.push_back({std::move(field), std::move(problem_value), std::move(rule)});
  }
  // Adds one for each entry that stands a second time.
  void CheckRepeats(const std::string& field, const std::vector<std::string>& list) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!seen.insert(list[i]).second) Add(Item(field, i), list[i], "stands twice; remove one");
    }
  }
  static std::string Item(const std::string& field, std::size_t i) {
    return Concat({field, "[", std::to_string(i), "]"});
  }

  void CheckTexts() {
    if (!IsIdentifier(decision_.id)) {
      Add("decision_id", decision_.id, "write 1 to 63 lower-case letters, digits and hyphens");
    }
    auto text = [&](const std::string& field, const std::string& content, bool needed) {
      if (needed && content.empty()) Add(field, "", "a value is needed");
      if (content.size() > kLongestText) Add(field, "", "write at most 500 characters");
    };
    text("title", value().title, true);
    text("decided_by", value().decided_by, true);
    text("agreement", value().agreement, false);
    text("source", value().source, false);
  }

  void CheckDates(Date today) {
    const DateSpan& span = decision_.effective;
    if (value().decided_on > today) {
      Add("decided_on", value().decided_on.ToString(),
          "a decision is recorded once it was taken: not after today");
    }
    if (span.from < PrescribedServicesBegan()) {
      Add("effective_from", span.from.ToString(), "the registry begins on 2013-04-01");
    }
    if (span.to && *span.to < span.from) {
      Add("effective_to", span.to->ToString(), "the last day lies before the first day");
    }
  }

  void CheckIcbs() {
    const auto& icbs = value().icbs;
    if (icbs.empty()) Add("icbs", "", "name at least one ICB");
    CheckRepeats("icbs", icbs);
    for (std::size_t i = 0; i < icbs.size(); ++i) {
      const auto* icb = registry_.organisations().Latest(icbs[i], absl::InfiniteFuture());
      if (icb == nullptr || icb->value.kind != OrganisationKind::kIcb) {
        Add(Item("icbs", i), icbs[i], "no ICB with this code is known");
        continue;
      }
      std::optional<Date> replaced = registry_.ReplacedOn(icbs[i], absl::InfiniteFuture());
      if (replaced && *replaced <= decision_.effective.from) {
        std::vector<std::string> successors;
        for (const auto* next : registry_.SuccessorsOf(icbs[i], absl::InfiniteFuture())) {
          successors.push_back(next->value.successor);
        }
        Add(Item("icbs", i), icbs[i],
            Concat(
                {"was replaced on ", replaced->ToString(), " by ", Join(successors, ", "), "; name those"}));
        continue;
      }
      if (value().form == DelegationForm::kJoint &&
          registry_.CommitteeOf(icbs[i], {decision_.effective.from, absl::InfiniteFuture()}) == nullptr) {
        Add(Item("icbs", i), icbs[i], "belongs to no joint committee on the first day");
      }
    }
  }

  void CheckServices() {
    const auto& services = value().services;
    if (services.empty() && value().service_lines.empty()) {
      Add("services", "", "name at least one service or service line");
    }
    CheckRepeats("services", services);
    Viewpoint first_day{decision_.effective.from, absl::InfiniteFuture()};
    for (std::size_t i = 0; i < services.size(); ++i) {
      const auto* service = registry_.services().At(services[i], first_day);
      if (service == nullptr) {
        Add(Item("services", i), services[i], "no service with this id is known on the first day");
      } else if (service->value.highly_specialised) {
        Add(Item("services", i), services[i], "is highly specialised, which NHS England never hands over");
      } else if (value().form != DelegationForm::kNhsEngland &&
                 !AnyLineMayBeHandedOver(services[i], first_day)) {
        Add(Item("services", i), services[i],
            "has no service line on the first day that may be handed over: highly specialised services "
            "stay with NHS England, and top-ups and networks are reported only");
      }
    }
  }

  bool AnyLineMayBeHandedOver(std::string_view service, Viewpoint at) const {
    auto lines = registry_.LinesOf(service, at);
    return std::any_of(lines.begin(), lines.end(),
                       [](const auto* line) { return line->value.MayBeHandedOver(); });
  }

  void CheckLines() {
    const auto& lines = value().service_lines;
    CheckRepeats("service_lines", lines);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto* line =
          registry_.service_lines().At(lines[i], {decision_.effective.from, absl::InfiniteFuture()});
      if (line == nullptr) {
        Add(Item("service_lines", i), lines[i], "no service line with this code is in use on the first day");
      } else if (line->value.highly_specialised) {
        Add(Item("service_lines", i), lines[i], "is highly specialised, which NHS England never hands over");
      }
    }
  }

  void CheckConditions() {
    bool conditional = value().form == DelegationForm::kDelegatedWithConditions;
    if (conditional && value().conditions.empty()) {
      Add("conditions", "", "delegation with conditions needs at least one condition");
    }
    if (!conditional && !value().conditions.empty()) {
      Add("conditions", value().conditions.front(),
          "conditions go with the form delegated_with_conditions only");
    }
    for (std::size_t i = 0; i < value().conditions.size(); ++i) {
      const std::string& condition = value().conditions[i];
      if (condition.empty() || condition.size() > kLongestText || condition.find('|') != condition.npos ||
          condition.front() == ' ' || condition.back() == ' ') {
        Add(Item("conditions", i), condition,
            "write 1 to 500 characters without \"|\" and without blanks around");
      }
    }
  }

  const Registry& registry_;
  const Record<Decision>& decision_;
  std::vector<DecisionProblem> problems_;
};

}  // namespace

std::vector<DecisionProblem> CheckDecision(const Registry& registry, const Record<Decision>& decision,
                                           Date today) {
  return Checks(registry, decision).Run(today);
}

std::string EtagOf(const Record<Decision>& decision) {
  return Sha256Hex(Concat({decision.id, "/", std::to_string(decision.version)})).substr(0, 16);
}

}  // namespace specom::portfolio

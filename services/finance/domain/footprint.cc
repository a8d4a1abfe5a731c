#include "services/finance/domain/footprint.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/domain/aggregate.h"
#include "services/finance/domain/reasons.h"

namespace specom::finance {
namespace {

// The weight of a whole ICB; shares are told to 1e-12.
constexpr std::int64_t kWhole = 1'000'000'000'000;
constexpr std::int64_t kTolerance = kWhole / 1'000'000'000;

using PartsOfIcb = std::vector<const FootprintPart*>;

// One weight for each part; they add up to about kWhole.
absl::StatusOr<std::vector<std::int64_t>> Weights(const std::string& icb, const PartsOfIcb& parts) {
  std::vector<std::int64_t> weights;
  double total = 0;
  bool sound = true;
  for (const FootprintPart* part : parts) {
    sound = sound && part->share >= 0 && part->share <= 1;
    if (sound) weights.push_back(std::llround(part->share * static_cast<double>(kWhole)));
    total += part->share;
  }
  if (sound && std::abs(total - 1) * static_cast<double>(kWhole) <= static_cast<double>(kTolerance)) {
    return weights;
  }
  return MakeError(
      absl::StatusCode::kFailedPrecondition, kFootprintIncomplete,
      absl::StrCat("the successors of ", icb, " receive ", total,
                   " of its figures and must receive 1, each between 0 and 1; correct the shares "
                   "of its succession in the registry"),
      {{"icb", icb}, {"shares", absl::StrCat(total)}});
}

bool AnyStays(const Allocation& a) {
  return std::any_of(a.components.begin(), a.components.end(), [](const ComponentAmount& component) {
    return component.treatment == ComponentTreatment::kInChain;
  });
}

// What is the sum of components: baseline, allocation and what follows from them.
void AddUp(Allocation& piece) {
  std::int64_t baseline = 0, allocation = 0;
  for (const ComponentAmount& component : piece.components) {
    if (!IsInChain(component.treatment)) continue;
    baseline += component.baseline.value();
    allocation += component.amount.value();
  }
  piece.baseline = Pence(baseline);
  // Where everything is taken out again, the allocation is more than its components, and split by itself.
  if (AnyStays(piece)) piece.allocation = Pence(allocation);
  SetTotals(piece);
}

// The ICB's amounts and people, one piece for each weight; ratios are the ICB's.
absl::StatusOr<std::vector<Allocation>> Split(const Allocation& icb, std::span<const std::int64_t> weights) {
  std::vector<Allocation> pieces(weights.size(), icb);
  auto split = [&](Pence amount, auto pence_of) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<Pence> shared, SplitByLargestRemainder(amount, weights));
    for (std::size_t k = 0; k < pieces.size(); ++k) pence_of(pieces[k]) = shared[k];
    return absl::OkStatus();
  };
  for (std::size_t c = 0; c < icb.components.size(); ++c) {
    RETURN_IF_ERROR(split(icb.components[c].baseline,
                          [&](Allocation& piece) -> Pence& { return piece.components[c].baseline; }));
    RETURN_IF_ERROR(split(icb.components[c].amount,
                          [&](Allocation& piece) -> Pence& { return piece.components[c].amount; }));
  }
  RETURN_IF_ERROR(split(icb.allocation, [](Allocation& piece) -> Pence& { return piece.allocation; }));
  if (icb.opening_target) {
    RETURN_IF_ERROR(
        split(*icb.opening_target, [](Allocation& piece) -> Pence& { return *piece.opening_target; }));
  }
  if (icb.closing_target) {
    RETURN_IF_ERROR(
        split(*icb.closing_target, [](Allocation& piece) -> Pence& { return *piece.closing_target; }));
  }
  if (icb.population) {
    const double people = std::floor(*icb.population);
    ASSIGN_OR_RETURN(std::vector<Pence> shared,
                     SplitByLargestRemainder(Pence(static_cast<std::int64_t>(people)), weights));
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      pieces[k].population = static_cast<double>(shared[k].value());
    }
    // An estimate's fraction of a person goes with the first.
    *pieces.front().population += *icb.population - people;
  }
  for (Allocation& piece : pieces) AddUp(piece);
  return pieces;
}

class Restatement {
 public:
  Restatement(const AllocationResult& result, std::span<const FootprintPart> parts, Combination combination)
      : old_(result), combination_(combination) {
    for (const FootprintPart& part : parts) parts_[part.from.value()].push_back(&part);
    for (const Allocation& region : result.regions) region_names_[region.code] = region.name;
  }

  absl::StatusOr<AllocationResult> Run() {
    for (const Allocation& icb : old_.icbs) RETURN_IF_ERROR(Place(icb));
    AllocationResult restated = old_;
    restated.icbs.clear();
    restated.regions.clear();
    for (auto& [code, successor] : successors_) restated.icbs.push_back(Row(code, successor));
    const auto members = ByRegion(restated.icbs);
    const auto old_members = ByRegion(old_.icbs);
    for (const auto& [code, icbs] : members) {
      const auto before = old_members.find(code);
      restated.regions.push_back(before != old_members.end() && before->second == icbs ? *FindRegion(code)
                                                                                       : Region(code, icbs));
    }
    RETURN_IF_ERROR(CheckInvariants(restated));
    return restated;
  }

 private:
  struct Successor {
    // The first part that leads here; nullptr for an ICB without one.
    const FootprintPart* part = nullptr;
    // From which of the old ICBs, and what of it.
    std::vector<Allocation> pieces;
    bool takes_whole_icbs = true;
  };

  absl::Status Place(const Allocation& icb) {
    const auto found = parts_.find(icb.code);
    if (found == parts_.end()) {
      successors_[icb.code].pieces.push_back(icb);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(std::vector<std::int64_t> weights, Weights(icb.code, found->second));
    ASSIGN_OR_RETURN(std::vector<Allocation> pieces, Split(icb, weights));
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      if (weights[k] == 0) continue;
      Successor& successor = successors_[found->second[k]->to.value()];
      if (successor.part == nullptr) successor.part = found->second[k];
      successor.takes_whole_icbs = successor.takes_whole_icbs && found->second.size() == 1;
      successor.pieces.push_back(std::move(pieces[k]));
    }
    return absl::OkStatus();
  }

  Allocation Row(const std::string& code, const Successor& successor) const {
    Allocation row = successor.pieces.front();
    if (successor.pieces.size() > 1 || !successor.takes_whole_icbs) row = Sum(successor.pieces);
    const Allocation* before = old_.FindIcb(code);
    row.code = code;
    row.name = before != nullptr ? before->name : successor.pieces.front().name;
    row.region_code = successor.pieces.front().region_code;
    if (successor.part != nullptr) {
      if (before == nullptr && !successor.part->to_name.empty()) row.name = successor.part->to_name;
      if (!successor.part->to_region.empty()) row.region_code = successor.part->to_region.value();
    }
    row.region = NameOfRegion(row.region_code);
    return row;
  }

  Allocation Region(const std::string& code, const std::vector<Allocation>& icbs) const {
    Allocation region = Sum(icbs);
    region.code = region.region_code = code;
    region.name = region.region = NameOfRegion(code);
    return region;
  }

  Allocation Sum(const std::vector<Allocation>& parts) const {
    Aggregate sum(combination_);
    for (const Allocation& part : parts) sum.Add(part, ExactAmountsOf(part));
    return sum.Total();
  }

  // A region that the run does not have is called by its code.
  std::string NameOfRegion(const std::string& code) const {
    const auto found = region_names_.find(code);
    return found == region_names_.end() ? code : found->second;
  }

  const Allocation* FindRegion(const std::string& code) const {
    return &*std::find_if(old_.regions.begin(), old_.regions.end(),
                          [&](const Allocation& region) { return region.code == code; });
  }

  static std::map<std::string, std::vector<Allocation>> ByRegion(const std::vector<Allocation>& icbs) {
    std::map<std::string, std::vector<Allocation>> by_region;
    for (const Allocation& icb : icbs) by_region[icb.region_code].push_back(icb);
    return by_region;
  }

  const AllocationResult& old_;
  const Combination combination_;
  std::map<std::string, PartsOfIcb> parts_;
  std::map<std::string, std::string> region_names_;
  std::map<std::string, Successor> successors_;
};

}  // namespace

absl::StatusOr<AllocationResult> Restate(const AllocationResult& result, std::span<const FootprintPart> parts,
                                         Combination combination) {
  return Restatement(result, parts, combination).Run();
}

}  // namespace specom::finance

// Proves that figures restated on another footprint lose and gain no penny, that ratios are those of
// the sums, and that what does not change stays as it was.
#include "services/finance/domain/footprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/domain/test_inputs.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Combination kMultiplicative = Combination::kMultiplicative;

FootprintPart Part(const char* from, const char* to, double share, const char* name = "",
                   const char* region = "") {
  return {IcbCode(from), IcbCode(to), share, name, RegionCode(region)};
}

std::vector<std::string> Codes(const std::vector<Allocation>& rows) {
  std::vector<std::string> codes;
  for (const Allocation& row : rows) codes.push_back(row.code);
  return codes;
}

double InPence(const std::optional<Pence>& amount) {
  return static_cast<double>(amount->value());
}

TEST(Restate, NothingChangesWhereNothingWasReplaced) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  EXPECT_THAT(Restate(result, {}, kMultiplicative), IsOk());
  EXPECT_EQ(Restate(result, {}, kMultiplicative).value(), result);
  const std::vector<FootprintPart> parts = {Part("QOQ", "QOQ", 1, "Another spelling", "Y63"),
                                            Part("QHM", "QHM", 1), Part("QKK", "QKK", 1, "", "Y56"),
                                            Part("QZZ", "QYY", 0.5, "Not in the run", "Y61")};
  EXPECT_EQ(Restate(result, parts, kMultiplicative).value(), result);
}

TEST(Restate, AnIcbThatWasOnlyRenamedKeepsItsFigures) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  const AllocationResult restated =
      Restate(result, std::vector{Part("QHM", "ICB-NORTH", 1, "North", "Y63")}, kMultiplicative).value();
  ASSERT_THAT(Codes(restated.icbs), ElementsAre("ICB-NORTH", "QKK", "QOQ"));
  Allocation expected = *result.FindIcb("QHM");
  expected.code = "ICB-NORTH";
  expected.name = "North";
  EXPECT_EQ(restated.icbs[0], expected);
}

TEST(Restate, TwoThatMergeAreSumsAndRatiosOfSums) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  const std::vector<FootprintPart> parts = {Part("QOQ", "ICB-NORTH", 1, "North", "Y63"),
                                            Part("QHM", "ICB-NORTH", 1, "North", "Y63")};
  const AllocationResult restated = Restate(result, parts, kMultiplicative).value();
  ASSERT_THAT(Codes(restated.icbs), ElementsAre("ICB-NORTH", "QKK"));
  const Allocation& north = restated.icbs[0];
  const Allocation& a = *result.FindIcb("QOQ");
  const Allocation& b = *result.FindIcb("QHM");
  EXPECT_EQ(north.name, "North");
  EXPECT_EQ(north.region, "North East and Yorkshire");
  EXPECT_EQ(north.baseline, Pence(49'687'248'496 + 60'647'121'914 + 28'672'137'475));
  EXPECT_EQ(north.allocation, Pence(a.allocation.value() + b.allocation.value()));
  EXPECT_EQ(north.adjustments, Pence(-2'962'350));
  EXPECT_DOUBLE_EQ(*north.population, 1'821'439.5 + 3'242'301.0);
  const double baseline = 139'006'507'885.0;
  const double opening = InPence(a.opening_target) + InPence(b.opening_target);
  const double closing = InPence(a.closing_target) + InPence(b.closing_target);
  const double grown = 49'687'248'496.0 * (1 + a.base_growth) + 89'319'259'389.0 * (1 + b.base_growth);
  const double allocation = InPence(north.allocation);
  EXPECT_NEAR(*north.opening_distance, baseline / opening - 1, 1e-14);
  EXPECT_NEAR(north.base_growth, grown / baseline - 1, 1e-14);
  EXPECT_NEAR(*north.distance_before_convergence, grown / closing - 1, 1e-14);
  EXPECT_NEAR(*north.convergence, allocation / grown - 1, 1e-14);
  EXPECT_NEAR(*north.closing_distance, allocation / closing - 1, 1e-14);
  EXPECT_NEAR(*Restate(result, parts, Combination::kAdditive)->icbs[0].convergence,
              (allocation - grown) / baseline, 1e-14);
  // The region is the same two, and so the same money; its ratios are of whole pence.
  EXPECT_EQ(restated.regions[1].allocation, result.regions[1].allocation);
  EXPECT_NEAR(*restated.regions[1].closing_distance, *result.regions[1].closing_distance, 1e-10);
  EXPECT_EQ(restated.regions[0], result.regions[0]);
  EXPECT_EQ(restated.england, result.england);
}

TEST(Restate, OneIsSplitInThreeByShareToThePenny) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  const std::vector<FootprintPart> parts = {Part("QOQ", "ICB-NEW", 0.5, "New", "Y61"),
                                            Part("QOQ", "QHM", 0.2, "", "Y63"),
                                            Part("QOQ", "QKK", 0.3, "", "Y56")};
  const AllocationResult restated = Restate(result, parts, kMultiplicative).value();
  ASSERT_THAT(Codes(restated.icbs), ElementsAre("ICB-NEW", "QHM", "QKK"));
  const Allocation& piece = restated.icbs[0];
  EXPECT_EQ(piece.region_code, "Y61");
  // A region that the run does not have is called by its code.
  EXPECT_EQ(piece.region, "Y61");
  EXPECT_THAT(Codes(restated.regions), ElementsAre("Y56", "Y61", "Y63"));
  // Physical health is £325,554,692.31, drugs £171,317,792.65: halves of a penny go to the earlier part.
  EXPECT_EQ(piece.components[0].baseline, Pence(16'277'734'616));
  EXPECT_EQ(piece.components[1].baseline, Pence(8'565'889'633));
  EXPECT_EQ(piece.baseline, Pence(24'843'624'249));
  EXPECT_EQ(piece.adjustments, Pence(-1'481'175));
  // Half of 1,821,439 people, and the half one of the estimate.
  EXPECT_DOUBLE_EQ(*piece.population, 910'719.0 + 0.5);
  const Allocation& old = *result.FindIcb("QOQ");
  EXPECT_NEAR(*piece.opening_distance, *old.opening_distance, 1e-9);
  EXPECT_NEAR(*piece.closing_distance, *old.closing_distance, 1e-9);
  EXPECT_NEAR(piece.base_growth, old.base_growth, 1e-14);
  // A fifth of physical health £325,554,692.31 and of drugs £171,317,792.65, with its own.
  EXPECT_EQ(restated.icbs[1].baseline,
            Pence(60'647'121'914 + 28'672'137'475 + 6'511'093'846 + 3'426'355'853));
  EXPECT_EQ(restated.england, result.england);
}

TEST(Restate, SharesThatAreNotAWholeAreRefused) {
  const AllocationResult result = Allocate(SpecialisedExample()).value();
  for (const auto& parts :
       std::vector<std::vector<FootprintPart>>{{Part("QOQ", "QHM", 0.6), Part("QOQ", "QKK", 0.3)},
                                               {Part("QOQ", "QHM", 1.5), Part("QOQ", "QKK", -0.5)},
                                               {Part("QOQ", "QHM", std::nan(""))}}) {
    const auto refused = Restate(result, parts, kMultiplicative);
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition, "FOOTPRINT_INCOMPLETE"));
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("QOQ"));
  }
}

// Each ICB stays, or goes to one to four ICBs, some of which are there already.
std::vector<FootprintPart> AnyParts(const AllocationResult& result) {
  std::vector<FootprintPart> parts;
  for (const Allocation& icb : result.icbs) {
    std::vector<int> weights(*rc::gen::inRange<std::size_t>(0, 5));
    for (int& weight : weights) weight = *rc::gen::inRange(1, 1000);
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (int weight : weights) {
      const int to = *rc::gen::inRange(0, 20);
      const RegionCode region(absl::StrCat("Y5", *rc::gen::inRange(0, 5)));
      parts.push_back(
          {IcbCode(icb.code), IcbCode(absl::StrCat("Q", to / 10, to % 10)), weight / total, "", region});
    }
  }
  return parts;
}

RC_GTEST_PROP(Restate, NoSplitLosesOrGainsAPenny, ()) {
  const AllocationResult result = Allocate(*SoundInputs()).value();
  const std::vector<FootprintPart> parts = AnyParts(result);
  const auto restated = Restate(result, parts, kMultiplicative);
  RC_ASSERT(restated.ok());
  RC_ASSERT(restated->england == result.england);
  // Independently of CheckInvariants, for every amount.
  auto total = [](const AllocationResult& of, auto amount) {
    std::int64_t sum = 0;
    for (const Allocation& icb : of.icbs) sum += Pence(amount(icb)).value();
    return sum;
  };
  auto same = [&](auto amount) { return total(result, amount) == total(*restated, amount); };
  RC_ASSERT(same([](const Allocation& a) { return a.baseline; }));
  RC_ASSERT(same([](const Allocation& a) { return *a.opening_target; }));
  RC_ASSERT(same([](const Allocation& a) { return *a.closing_target; }));
  RC_ASSERT(same([](const Allocation& a) { return a.allocation; }));
  RC_ASSERT(same([](const Allocation& a) { return *a.taken_out; }));
  RC_ASSERT(same([](const Allocation& a) { return *a.retained; }));
  RC_ASSERT(same([](const Allocation& a) { return *a.pass_through; }));
  RC_ASSERT(same([](const Allocation& a) { return *a.adjustments; }));
  RC_ASSERT(same([](const Allocation& a) { return a.resource_allocation; }));
  for (std::size_t c = 0; c < result.england.components.size(); ++c) {
    RC_ASSERT(same([&](const Allocation& a) { return a.components[c].baseline; }));
    RC_ASSERT(same([&](const Allocation& a) { return a.components[c].amount; }));
  }
  for (std::size_t i = 1; i < restated->icbs.size(); ++i) {
    RC_ASSERT(restated->icbs[i - 1].code < restated->icbs[i].code);
  }
}

RC_GTEST_PROP(Restate, EveryAmountIsItsShareButForAPennyOfEachComponent, ()) {
  const AllocationResult result = Allocate(*SoundInputs()).value();
  const std::vector<FootprintPart> parts = AnyParts(result);
  const AllocationResult restated = Restate(result, parts, kMultiplicative).value();
  for (const Allocation& row : restated.icbs) {
    double baseline = 0, allocation = 0, pieces = 0;
    for (const Allocation& icb : result.icbs) {
      double share = 0;
      bool has_parts = false;
      for (const FootprintPart& part : parts) {
        if (part.from.value() != icb.code) continue;
        has_parts = true;
        if (part.to.value() != row.code) continue;
        share += part.share;
        ++pieces;
      }
      if (!has_parts && icb.code == row.code) {
        share = 1;
        ++pieces;
      }
      baseline += share * InPence(icb.baseline);
      allocation += share * InPence(icb.allocation);
    }
    // A penny for each component of each piece, and what doubles and weights of 1e-12 cannot tell apart.
    const double allowed = pieces * static_cast<double>(row.components.size()) + 3;
    RC_ASSERT(std::abs(InPence(row.baseline) - baseline) <= allowed);
    RC_ASSERT(std::abs(InPence(row.allocation) - allocation) <= allowed);
  }
}

}  // namespace
}  // namespace specom::finance

// Proves that the engine gives what NHS England published for 2025/26: specialised and core
// services, 42 ICBs, 7 regions and England, every column; and more from the full sheets where the
// checkout has them beside it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/adapters/inputs/reference_packs.h"
#include "services/finance/domain/allocation.h"
#include "services/finance/domain/chain.h"

namespace specom::finance {
namespace {

using ::specom::testing::IsOk;

constexpr double kRatioTolerance = 1e-9;
constexpr double kPencePerThousandPounds = 100'000;

const ReferenceData& Reference() {
  static const auto* data = new absl::StatusOr<ReferenceData>(LoadReferenceData());
  if (!data->ok()) ADD_FAILURE() << data->status();
  return **data;
}

const ReferencePack& Pack(const std::string& slug) {
  return Reference().packs.at(slug);
}

std::vector<const Allocation*> EveryRow(const AllocationResult& result) {
  std::vector<const Allocation*> rows;
  for (const Allocation& icb : result.icbs) rows.push_back(&icb);
  for (const Allocation& region : result.regions) rows.push_back(&region);
  rows.push_back(&result.england);
  return rows;
}

const ComponentAmount& Component(const Allocation& allocation, const std::string& name) {
  for (const ComponentAmount& component : allocation.components) {
    if (component.component == name) return component;
  }
  throw std::out_of_range(name);
}

class Golden {
 public:
  explicit Golden(const std::string& slug) : pack_(Pack(slug)) {
    auto result = Allocate(pack_.inputs);
    EXPECT_THAT(result, IsOk());
    result_ = *std::move(result);
  }

  const AllocationResult& result() const { return result_; }
  const PublishedFigures& published() const { return pack_.published; }

  // Ratios to 1e-9.
  void Ratio(const std::string& column, double (*value)(const Allocation&)) {
    for (const Allocation* row : EveryRow(result_)) {
      EXPECT_NEAR(value(*row), Published(*row, column), kRatioTolerance) << row->code << " " << column;
      ++checked_;
    }
  }
  // Money that is published at full precision: within a penny of the figure in whole pence.
  void Money(const std::string& column, const std::function<Pence(const Allocation&)>& value) {
    for (const Allocation* row : EveryRow(result_)) {
      const double pence = std::round(Published(*row, column) * kPencePerThousandPounds);
      EXPECT_LE(std::abs(static_cast<double>(value(*row).value()) - pence), 1) << row->code << " " << column;
      ++checked_;
    }
  }
  // Money that is published in whole thousands: exactly.
  void WholeThousands(const std::string& column, Pence (*value)(const Allocation&)) {
    for (const Allocation* row : EveryRow(result_)) {
      const auto thousands = static_cast<std::int64_t>(Published(*row, column));
      EXPECT_EQ(value(*row), Pence(thousands * 100'000)) << row->code << " " << column;
      ++checked_;
    }
  }
  // Pounds a head: to 1e-9 of the figure.
  void PerHead(const std::string& column, Pence (*value)(const Allocation&)) {
    for (const Allocation* row : EveryRow(result_)) {
      ASSERT_TRUE(row->population.has_value());
      const double pounds = static_cast<double>(value(*row).value()) / 100 / *row->population;
      EXPECT_NEAR(pounds / Published(*row, column), 1, kRatioTolerance) << row->code << " " << column;
      ++checked_;
    }
  }
  int checked() const { return checked_; }

 private:
  double Published(const Allocation& row, const std::string& column) const {
    return pack_.published.rows.at(row.code).at(column);
  }

  const ReferencePack& pack_;
  AllocationResult result_;
  int checked_ = 0;
};

void CheckChain(Golden& golden) {
  golden.Money("baseline_k", [](const Allocation& a) { return a.baseline; });
  golden.Money("opening_target_k", [](const Allocation& a) { return *a.opening_target; });
  golden.Ratio("opening_distance", [](const Allocation& a) { return *a.opening_distance; });
  golden.Ratio("base_growth", [](const Allocation& a) { return a.base_growth; });
  golden.Ratio("convergence", [](const Allocation& a) { return *a.convergence; });
  golden.WholeThousands("allocation_k", [](const Allocation& a) { return a.allocation; });
  golden.Ratio("closing_distance", [](const Allocation& a) { return *a.closing_distance; });
  golden.Money("resource_allocation_k", [](const Allocation& a) { return a.resource_allocation; });
}

TEST(PublishedGolden, Specialised) {
  Golden golden("specialised-2025-26");
  ASSERT_EQ(golden.result().icbs.size(), 42u);
  ASSERT_EQ(golden.result().regions.size(), 7u);
  CheckChain(golden);
  golden.Money("taken_out_k", [](const Allocation& a) { return *a.taken_out; });
  golden.Money("retained_k", [](const Allocation& a) { return *a.retained; });
  golden.PerHead("retained_per_head_gbp", [](const Allocation& a) { return *a.retained; });
  golden.Ratio("retained_growth", [](const Allocation& a) {
    return static_cast<double>(a.retained->value()) /
               static_cast<double>(Component(a, "physical_health").baseline.value()) -
           1;
  });
  golden.Money("pass_through_k", [](const Allocation& a) { return *a.pass_through; });
  golden.Money("adjustments_k", [](const Allocation& a) { return *a.adjustments; });
  for (const char* component : {"physical_health", "high_cost_drugs", "high_cost_devices", "mental_health"}) {
    golden.Money(absl::StrCat(component, "_baseline_k"),
                 [&](const Allocation& a) { return Component(a, component).baseline; });
  }
  EXPECT_EQ(golden.checked(), 50 * 18);
  EXPECT_NEAR(*golden.result().residual_growth, 0.03661616001478407, 1e-12);
  EXPECT_EQ(golden.result().england.allocation, Pence(2'072'441'000'000));

  PublishedComparison comparison = CompareWithPublished(golden.result(), golden.published());
  EXPECT_EQ(comparison.icbs_equal, 42);
  EXPECT_EQ(comparison.icbs_compared, 42);
  EXPECT_TRUE(comparison.icbs_different.empty());
  EXPECT_NE(comparison.source.find("NHS England"), std::string::npos);
}

TEST(PublishedGolden, Core) {
  Golden golden("core-2025-26");
  ASSERT_EQ(golden.result().icbs.size(), 42u);
  ASSERT_EQ(golden.result().regions.size(), 7u);
  CheckChain(golden);
  golden.PerHead("allocation_per_head_gbp", [](const Allocation& a) { return a.allocation; });
  golden.Ratio("allocation_growth", [](const Allocation& a) {
    return static_cast<double>(a.allocation.value()) / static_cast<double>(a.baseline.value()) - 1;
  });
  int adjustments = 0;
  for (const ComponentRule& rule : Pack("core-2025-26").inputs.policy.components) {
    if (rule.treatment != ComponentTreatment::kAdjustment) continue;
    ++adjustments;
    golden.Money(absl::StrCat(rule.component, "_amount_k"),
                 [&](const Allocation& a) { return Component(a, rule.component).amount; });
  }
  EXPECT_EQ(adjustments, 10);
  EXPECT_EQ(golden.checked(), 50 * 20);
  EXPECT_EQ(golden.result().england.allocation, Pence(11'674'103'800'000));
  EXPECT_EQ(*golden.result().opening_quantum, Pence(11'004'000'000'000));
  EXPECT_EQ(CompareWithPublished(golden.result(), golden.published()).icbs_equal, 42);
}

}  // namespace
}  // namespace specom::finance

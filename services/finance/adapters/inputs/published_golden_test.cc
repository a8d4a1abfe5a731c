// Proves that the engine gives what NHS England published for 2025/26: specialised and core
// services, 42 ICBs, 7 regions and England, every column; and more from the full sheets where the
// checkout has them beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

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
  // Money that is rounded ICB by ICB: an ICB within a penny of the published figure in whole pence,
  // regions and England within a penny for each of their ICBs, whose sums they are.
  void MoneyByIcb(const std::string& column, const std::function<Pence(const Allocation&)>& value) {
    for (const Allocation* row : EveryRow(result_)) {
      const double pence = std::round(Published(*row, column) * kPencePerThousandPounds);
      EXPECT_LE(std::abs(static_cast<double>(value(*row).value()) - pence), static_cast<double>(IcbsOf(*row)))
          << row->code << " " << column;
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
  std::int64_t IcbsOf(const Allocation& row) const {
    if (&row == &result_.england) return std::ssize(result_.icbs);
    const auto in_region =
        std::count_if(result_.icbs.begin(), result_.icbs.end(),
                      [&](const Allocation& icb) { return &row != &icb && icb.region_code == row.code; });
    return in_region > 0 ? in_region : 1;
  }

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
  golden.MoneyByIcb("resource_allocation_k", [](const Allocation& a) { return a.resource_allocation; });
}

TEST(PublishedGolden, Specialised) {
  Golden golden("specialised-2025-26");
  ASSERT_EQ(golden.result().icbs.size(), 42u);
  ASSERT_EQ(golden.result().regions.size(), 7u);
  CheckChain(golden);
  golden.MoneyByIcb("taken_out_k", [](const Allocation& a) { return *a.taken_out; });
  golden.MoneyByIcb("retained_k", [](const Allocation& a) { return *a.retained; });
  golden.PerHead("retained_per_head_gbp", [](const Allocation& a) { return *a.retained; });
  golden.Ratio("retained_growth", [](const Allocation& a) {
    return static_cast<double>(a.retained->value()) /
               static_cast<double>(Component(a, "physical_health").baseline.value()) -
           1;
  });
  golden.MoneyByIcb("pass_through_k", [](const Allocation& a) { return *a.pass_through; });
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

// The sheets themselves, where the checkout has them beside it: more is checked then.
class PublishedSheets : public ::testing::Test {
 protected:
  using Row = std::vector<std::string>;

  // Rows of a sheet by code ("England" for the total); empty where the sheet is not there.
  static std::map<std::string, Row> Read(const std::string& name) {
    const char* source = std::getenv("SPECOM_SOURCE_DIR");
    std::map<std::string, Row> rows;
    if (source == nullptr) return rows;
    std::ifstream file(std::filesystem::path(source) / "../shared/data/published" / name);
    std::string line;
    while (std::getline(file, line)) {
      if (line.starts_with("#")) continue;
      Row row = Split(line);
      if (row.size() < 5) continue;
      if (row[2].starts_with("Q") || (row[0].empty() && row[2].starts_with("Y"))) rows[row[2]] = row;
      if (row[3] == "ENGLAND") rows["England"] = row;
    }
    return rows;
  }

  static double Number(const Row& row, std::size_t column) {
    double value = std::nan("");
    EXPECT_TRUE(absl::SimpleAtod(row.at(column), &value)) << row.at(column);
    return value;
  }

  static Row Split(const std::string& line) {
    Row row(1);
    bool quoted = false;
    for (char c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        row.emplace_back();
      } else if (c != '\r') {
        row.back() += c;
      }
    }
    return row;
  }

  // The lines of one reason add up, over an ICB, a region and England, to the sheet's column.
  static void CheckLedger(const ReferencePack& pack, const std::map<std::string, Row>& sheet,
                          const std::map<std::string, std::function<double(const Row&)>>& columns) {
    std::map<std::string, std::string> region_of;
    for (const NeedRow& row : pack.inputs.need) region_of[row.icb.value()] = row.region.value();
    std::map<std::pair<std::string, std::string>, std::int64_t> sums;
    for (const BaselineLine& line : pack.inputs.baseline) {
      for (const std::string& code :
           {line.icb.value(), region_of.at(line.icb.value()), std::string("England")}) {
        sums[{line.reason, code}] += line.amount.value();
      }
    }
    for (const auto& [reason, published] : columns) {
      for (const auto& [code, row] : sheet) {
        const double pence = std::round(published(row) * kPencePerThousandPounds);
        ASSERT_TRUE(sums.contains({reason, code})) << reason << " " << code;
        EXPECT_LE(std::abs(static_cast<double>(sums.at({reason, code})) - pence), 1) << reason << " " << code;
      }
    }
  }
};

std::function<double(const std::vector<std::string>&)> Column(std::size_t column) {
  return [column](const std::vector<std::string>& row) { return std::stod(row.at(column)); };
}

TEST_F(PublishedSheets, SpecialisedLedgerAndTargets) {
  const auto baseline = Read("nhse_specialised_baseline_2025_26.csv");
  const auto allocations = Read("nhse_specialised_allocations_2025_26.csv");
  if (baseline.empty()) GTEST_SKIP() << "the published sheets are not beside this checkout";
  ASSERT_EQ(baseline.size(), 50u);
  const ReferencePack& pack = Pack("specialised-2025-26");
  CheckLedger(
      pack, baseline,
      {{"Opening allocation 2024/25", Column(4)},
       {"Delegated acute services marked orange, removed", Column(5)},
       {"Recurrent adjustments at service level", Column(6)},
       {"Initial in-year cost uplift (CUF)", Column(7)},
       {"Recurrent allocation changes, including top-ups, neonatal care and genomics testing", Column(8)},
       {"Recategorisation of services (SPA)", Column(9)},
       {"Recurrent national allocations", Column(10)},
       {"Regional baseline adjustments", Column(11)},
       {"Final in-year cost uplift (CUF)", Column(12)},
       {"High-cost drugs 2024/25", Column(14)},
       {"High-cost devices 2024/25", Column(15)},
       {"Delegated mental health, learning disability and autism services 2024/25", Column(17)}});
  CheckLedger(pack, allocations, {{"Corneal tissue 2025/26", Column(16)}});
  const AllocationResult result = Allocate(pack.inputs).value();
  for (const Allocation* row : EveryRow(result)) {
    const auto& sheet = allocations.at(row->code);
    EXPECT_NEAR(
        static_cast<double>(row->opening_target->value()) / kPencePerThousandPounds / Number(sheet, 5), 1,
        kRatioTolerance);
    EXPECT_NEAR(*row->opening_distance, Number(sheet, 6), kRatioTolerance);
    EXPECT_NEAR(row->base_growth, Number(sheet, 7), kRatioTolerance);
    EXPECT_NEAR(*row->convergence, Number(sheet, 8), kRatioTolerance);
    EXPECT_EQ(row->allocation.value(), static_cast<std::int64_t>(Number(sheet, 9)) * 100'000);
    EXPECT_NEAR(*row->closing_distance, Number(sheet, 10), kRatioTolerance);
  }
}

TEST_F(PublishedSheets, CoreLedgerAndTargets) {
  const auto baseline = Read("nhse_icb_core_baseline_2025_26.csv");
  const auto allocations = Read("nhse_icb_core_allocations_2025_26.csv");
  if (baseline.empty()) GTEST_SKIP() << "the published sheets are not beside this checkout";
  ASSERT_EQ(allocations.size(), 50u);
  const ReferencePack& pack = Pack("core-2025-26");
  CheckLedger(pack, baseline,
              {{"Recurrent baseline 2024/25 as published", Column(4)},
               {"Updates of the recurrent baseline since publication",
                [](const auto& row) { return std::stod(row.at(5)) - std::stod(row.at(4)); }},
               {"Ambulance capacity funding", Column(6)},
               {"Virtual and physical urgent and emergency care capacity", Column(8)},
               {"Pay: consultants' pay deal", Column(13)}});
  CheckLedger(
      pack, allocations,
      {{"Discharge 2025/26", Column(18)}, {"Elective recovery funding 2025/26: additional", Column(15)}});
  const AllocationResult result = Allocate(pack.inputs).value();
  for (const Allocation* row : EveryRow(result)) {
    const auto& sheet = allocations.at(row->code);
    EXPECT_EQ(row->allocation.value(), static_cast<std::int64_t>(Number(sheet, 9)) * 100'000);
    EXPECT_NEAR(*row->convergence, Number(sheet, 8), kRatioTolerance);
    EXPECT_NEAR(*row->closing_distance, Number(sheet, 11), kRatioTolerance);
  }
}

}  // namespace
}  // namespace specom::finance

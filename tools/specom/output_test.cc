// Proves that one table reads the same in CSV, JSON and on a terminal of any width.
#include "tools/specom/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace specom::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Table Sample() {
  Table table({{"icb", "ICB"},
               {"name", "Name", 1},
               {"allocation_gbp", "Allocation £k"},
               {"distance", "Distance", 2}});
  table.AddRow({"QOQ", "Humber, North Yorkshire", Pence(55791600000), Ratio{-0.045754800818594843}});
  table.AddRow({"QHM", "North East", Pence(-1), Cell()});
  return table;
}

std::string Printed(const Table& table, Format format, int width = 120) {
  std::ostringstream out;
  table.Print(out, format, width);
  return out.str();
}

TEST(OutputTest, CsvHasPoundsAndTwelvePlaces) {
  EXPECT_EQ(Printed(Sample(), Format::kCsv),
            "icb,name,allocation_gbp,distance\n"
            "QOQ,\"Humber, North Yorkshire\",557916000.00,-0.045754800819\n"
            "QHM,North East,-0.01,\n");
}

TEST(OutputTest, NegativeZeroHasNoSign) {
  Table table({{"icb", "ICB"}, {"r", "R"}});
  table.AddRow({"QOQ", Ratio{-1e-15}});
  EXPECT_EQ(Printed(table, Format::kCsv), "icb,r\nQOQ,0.000000000000\n");
  EXPECT_THAT(Printed(table, Format::kTable), Not(HasSubstr("-0")));
}

TEST(OutputTest, JsonKeepsMoneyAsText) {
  EXPECT_THAT(Printed(Sample(), Format::kJson), HasSubstr("\"allocation_gbp\": \"557916000.00\""));
  EXPECT_THAT(Printed(Sample(), Format::kJson), HasSubstr("\"distance\": null"));
}

TEST(OutputTest, TerminalFitsItsWidthAndSaysWhatHadNoRoom) {
  EXPECT_THAT(Printed(Sample(), Format::kTable), HasSubstr("557,916"));
  EXPECT_THAT(Printed(Sample(), Format::kTable), HasSubstr("-4.58%"));
  std::string narrow = Printed(Sample(), Format::kTable, 30);
  EXPECT_THAT(narrow, HasSubstr("(1 column had no room"));
  std::istringstream lines(narrow);
  for (std::string line; std::getline(lines, line) && !line.starts_with("(");)
    EXPECT_LE(DisplayWidth(line), 30u);
}

TEST(OutputTest, LongTextTakesTheRoomThatIsLeft) {
  Table table({{"a", "A"}, {"reason", "Reason", 1}});
  table.AddRow({"x", std::string(60, 'w')});
  EXPECT_THAT(Printed(table, Format::kTable, 80), HasSubstr(std::string(60, 'w')));
  EXPECT_THAT(Printed(table, Format::kTable, 40), HasSubstr("…"));
}

TEST(OutputTest, PoundsHaveSeparatorsAndTheSignBeforeThePound) {
  EXPECT_EQ(Pounds(Pence(-3609873836)), "-£36,098,738.36");
  EXPECT_EQ(Pounds(Pence(5)), "£0.05");
  EXPECT_EQ(Pounds(Pence(100000)), "£1,000.00");
}

}  // namespace
}  // namespace specom::cli

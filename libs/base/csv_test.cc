// Proves that a CSV file is read with the place of every value, and every damage is named at once.
#include "libs/base/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace specom {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(CsvTest, ReadsQuotesBlankLinesCommentsAndByteOrderMark) {
  std::vector<FileProblem> problems;
  auto table = CsvTable::Parse("f.csv", "\xEF\xBB\xBF# a note\na,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n 2 ,z\r\n",
                               {"a", "b"}, {}, problems);
  EXPECT_THAT(problems, IsEmpty());
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table.At(0, "b"), "x, \"y\"");
  EXPECT_EQ(table.At(1, "a"), "2");
  EXPECT_EQ(table.RowNumber(0), 3);
}

TEST(CsvTest, NamesEveryProblemAtOnce) {
  std::vector<FileProblem> problems;
  CsvTable::Parse("f.csv", "a,c,c\n1,2\n1,2,3\n", {"a", "b"}, {"c"}, problems);
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_THAT(ToString(problems[0]), HasSubstr("row 1, column c: the column stands twice"));
  EXPECT_THAT(ToString(problems[1]), HasSubstr("column b: the column is missing"));
  EXPECT_THAT(ToString(problems[2]), HasSubstr("row 2: the row has 2 values and the header 3"));
}

TEST(CsvTest, DamagedQuotesAndEmptyFilesAreProblems) {
  std::vector<FileProblem> problems;
  CsvTable::Parse("f.csv", "a\n\"open\n", {"a"}, {}, problems);
  EXPECT_THAT(problems, SizeIs(1));
  CsvTable::Parse("f.csv", "", {"a"}, {}, problems);
  EXPECT_THAT(problems, SizeIs(2));
}

RC_GTEST_PROP(CsvProperty, WritingAndReadingAreInverse, ()) {
  auto value = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,\"\n x£")));
  auto values = *rc::gen::container<std::vector<std::string>>(3, value);
  for (auto& v : values) {
    while (!v.empty() && (v.front() == ' ' || v.front() == '\n')) v.erase(0, 1);
    while (!v.empty() && (v.back() == ' ' || v.back() == '\n')) v.pop_back();
  }
  RC_PRE(!(values[0].empty() && values[1].empty() && values[2].empty()));
  std::string text = "a,b,c\n";
  AppendCsvLine(text, values);
  std::vector<FileProblem> problems;
  auto table = CsvTable::Parse("f", text, {"a", "b", "c"}, {}, problems);
  RC_ASSERT(problems.empty() && table.size() == 1u);
  RC_ASSERT(table.At(0, "a") == values[0] && table.At(0, "b") == values[1] && table.At(0, "c") == values[2]);
}

}  // namespace
}  // namespace specom

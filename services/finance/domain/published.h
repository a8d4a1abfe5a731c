// Figures that NHS England published, and how a result stands to them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/csv.h"
#include "services/finance/domain/allocation.h"

namespace specom::finance {

// One published.csv: for each code (ICB, region, "England") the published columns by name. Money
// is in thousands of pounds at the published precision.
struct PublishedFigures {
  std::string source;
  std::map<std::string, std::map<std::string, double>> rows;
};

// Reads a published.csv: a first comment line "# source: …", then code and columns. Adds problems.
PublishedFigures ReadPublishedFigures(std::string_view csv, std::vector<FileProblem>& problems);

struct PublishedComparison {
  // ICBs whose allocation equals the published one to the whole thousand pounds.
  int icbs_equal = 0;
  int icbs_compared = 0;
  // By ODS code.
  std::vector<std::string> icbs_different;
  std::string source;
};

PublishedComparison CompareWithPublished(const AllocationResult& result, const PublishedFigures& published);

}  // namespace specom::finance

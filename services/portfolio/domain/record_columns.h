// A record as named text columns: the one form of records in files and in storage.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "services/portfolio/domain/records.h"

namespace specom::portfolio {

using Columns = std::map<std::string, std::string, std::less<>>;

// A column's value that breaks a rule.
struct ColumnProblem {
  std::string column;
  std::string value;
  std::string rule;
};

// The columns of a kind in the order of its file. Lists are separated by ";", conditions by "|",
// attributes, statuses and scores are written "name=value;name=value", evidence and comments
// "criterion=text|criterion=text"; "Y" and "N" are yes and no.
template <class T>
const std::vector<std::string>& ColumnNames();

// A file may leave the column out.
bool IsOptionalColumn(std::string_view column);

template <class T>
Columns ToColumns(const Record<T>& record);

// Reads a record from its columns; a column that is absent counts as empty. Version, supersedes and
// the times stay at their defaults. What cannot be read is added to the problems.
template <class T>
Record<T> FromColumns(const Columns& columns, std::vector<ColumnProblem>& problems);

}  // namespace specom::portfolio

// Values that go into and come out of SQL statements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace specom::store {

// NULL, INTEGER (64 bits), REAL or TEXT (UTF-8, no NUL). Bytes are stored as base64 text.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

enum class ColumnType { kInteger, kReal, kText };

// A named SQL statement; the name stands in metrics and traces. Parameters are written :p1, :p2, …
// and bound by position, in this order. The same text runs on both engines.
struct Statement {
  std::string_view name;
  std::string_view sql;
  // The types of the result's columns; empty for statements without a result.
  std::vector<ColumnType> columns = {};
};

class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}

  bool IsNull(std::size_t i) const { return std::holds_alternative<std::monostate>(values_[i]); }
  // The column must have the type and not be NULL.
  std::int64_t Integer(std::size_t i) const { return std::get<std::int64_t>(values_[i]); }
  double Real(std::size_t i) const { return std::get<double>(values_[i]); }
  const std::string& Text(std::size_t i) const { return std::get<std::string>(values_[i]); }
  std::optional<std::int64_t> OptionalInteger(std::size_t i) const {
    return IsNull(i) ? std::nullopt : std::optional(Integer(i));
  }
  std::optional<double> OptionalReal(std::size_t i) const {
    return IsNull(i) ? std::nullopt : std::optional(Real(i));
  }
  // "" where the column is NULL.
  std::string TextOrEmpty(std::size_t i) const { return IsNull(i) ? std::string() : Text(i); }

 private:
  std::vector<Value> values_;
};

}  // namespace specom::store

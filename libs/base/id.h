// Typed identifiers: an IcbCode cannot be passed where a RunId is wanted.
#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace specom {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.value_; }
  template <typename H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  std::string value_;
};

// The ODS code of an integrated care board, e.g. "QOQ".
using IcbCode = Id<struct IcbTag>;
// The ODS code of an NHS England region, e.g. "Y60".
using RegionCode = Id<struct RegionTag>;

}  // namespace specom

template <class Tag>
struct std::hash<specom::Id<Tag>> {
  std::size_t operator()(const specom::Id<Tag>& id) const { return std::hash<std::string>()(id.value()); }
};

// A value that does not print: passwords, connection strings, keys.
#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace specom {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  // The one way to the value; a reader of the code sees where it is used.
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend std::ostream& operator<<(std::ostream& out, const Secret& secret) {
    return out << (secret.empty() ? "(not set)" : "(hidden)");
  }

 private:
  std::string value_;
};

}  // namespace specom

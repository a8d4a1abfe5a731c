// The settings of a program, each from four places: default < file < environment < flag.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace specom::rpc {

struct Setting {
  // "database_url": the key in the file, SPECOM_DATABASE_URL in the environment, --database-url as a flag.
  std::string name;
  std::string standard = {};
  std::string help = {};
  // Is not printed.
  bool secret = false;
  // What is wrong with a value, with the remedy; "" when nothing is. May be empty.
  std::function<std::string(const std::string& value)> problem = {};
};

// Checks for Setting::problem.
std::string NotOneOf(const std::string& value, const std::vector<std::string>& words);
std::string NotANumber(const std::string& value, int least, int most);
// "host:port"
std::string NotAnAddress(const std::string& value);

class Settings {
 public:
  enum class Origin { kStandard, kFile, kEnvironment, kFlag };

  // Names differ.
  explicit Settings(std::vector<Setting> known);

  // Lines of "name = value"; "#" begins a comment line. INVALID_ARGUMENT with every line that is
  // malformed, unknown or there twice.
  absl::Status ReadFile(const std::string& path);
  // SPECOM_<NAME>; variables that are no setting are left alone, for the same prefix serves others
  // (container platforms add variables of their own). getenv: null where a variable is not set.
  void ReadEnvironment(const std::function<const char*(const char*)>& getenv);
  void SetFlag(const std::string& name, const std::string& value);

  // All problems at once, each with its setting, where it came from and the remedy.
  std::vector<std::string> Verify() const;

  // The value from the strongest place. The name is a known one.
  const std::string& Get(std::string_view name) const;
  int Number(std::string_view name) const;
  // The words between commas, without the spaces around them.
  std::vector<std::string> List(std::string_view name) const;
  const std::vector<Setting>& known() const { return known_; }

  // "name = value  # origin" by name; secrets are "(hidden)" or "(not set)".
  std::string Print() const;

  static std::string EnvironmentName(std::string_view name);
  static std::string FlagName(std::string_view name);

 private:
  struct Value {
    std::string text;
    Origin origin = Origin::kStandard;
  };

  void Set(const std::string& name, const std::string& value, Origin origin);

  std::vector<Setting> known_;
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace specom::rpc

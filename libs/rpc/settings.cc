#include "libs/rpc/settings.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace specom::rpc {
namespace {

std::string_view OriginName(Settings::Origin origin) {
  switch (origin) {
    case Settings::Origin::kStandard:
      return "default";
    case Settings::Origin::kFile:
      return "file";
    case Settings::Origin::kEnvironment:
      return "environment";
    case Settings::Origin::kFlag:
      return "flag";
  }
  return "unknown";
}

// "scheme://user:password@host"
bool HoldsPassword(const std::string& url) {
  auto begin = url.find("://");
  if (begin == url.npos) return false;
  auto at = url.find('@', begin);
  auto colon = url.find(':', begin + 3);
  return at != url.npos && colon < at;
}

std::string Trimmed(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace

std::string NotOneOf(const std::string& value, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), value) != words.end()) return "";
  return "must be one of " + absl::StrJoin(words, ", ");
}

std::string NotANumber(const std::string& value, int least, int most) {
  int number = 0;
  if (absl::SimpleAtoi(value, &number) && number >= least && number <= most) return "";
  return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string NotAnAddress(const std::string& value) {
  auto colon = value.rfind(':');
  bool sound = colon != value.npos && colon > 0 && NotANumber(value.substr(colon + 1), 0, 65535).empty();
  return sound ? "" : "must be host:port, e.g. 127.0.0.1:7001; port 0 takes any free one";
}

Settings::Settings(std::vector<Setting> known) : known_(std::move(known)) {
  for (const Setting& setting : known_) {
    SPECOM_CHECK(values_.emplace(setting.name, Value{setting.standard, Origin::kStandard}).second);
  }
}

absl::Status Settings::ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return MakeError(absl::StatusCode::kInvalidArgument, "CONFIG_FILE",
                     "The configuration file " + path + " cannot be read.", {{"file", path}});
  }
  std::vector<FieldViolation> problems;
  std::set<std::string> seen;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line = Trimmed(line);
    if (line.empty() || line.starts_with('#')) continue;
    std::string place = path + ":" + std::to_string(number);
    auto equals = line.find('=');
    std::string name = Trimmed(line.substr(0, equals));
    if (equals == line.npos || name.empty()) {
      problems.push_back({place, "is not \"name = value\""});
    } else if (!values_.contains(name)) {
      problems.push_back({place, "\"" + name + "\" is no setting of this program"});
    } else if (!seen.insert(name).second) {
      problems.push_back({place, "\"" + name + "\" is set twice"});
    } else {
      Set(name, Trimmed(line.substr(equals + 1)), Origin::kFile);
    }
  }
  return problems.empty() ? absl::OkStatus() : InvalidFields(problems);
}

void Settings::ReadEnvironment(const std::function<const char*(const char*)>& getenv) {
  for (const Setting& setting : known_) {
    const char* value = getenv(EnvironmentName(setting.name).c_str());
    if (value != nullptr) Set(setting.name, value, Origin::kEnvironment);
  }
}

void Settings::SetFlag(const std::string& name, const std::string& value) {
  Set(name, value, Origin::kFlag);
}

void Settings::Set(const std::string& name, const std::string& value, Origin origin) {
  auto found = values_.find(name);
  SPECOM_CHECK(found != values_.end());
  if (origin >= found->second.origin) found->second = {value, origin};
}

std::vector<std::string> Settings::Verify() const {
  std::vector<std::string> problems;
  for (const Setting& setting : known_) {
    const Value& value = values_.find(setting.name)->second;
    std::string begin = setting.name + " (" + std::string(OriginName(value.origin)) + ")";
    if (setting.secret && value.origin == Origin::kFlag && HoldsPassword(value.text)) {
      problems.push_back(begin +
                         ": a password on the command line is seen by everybody on the machine; set it in " +
                         EnvironmentName(setting.name) + " or in the file");
    }
    std::string problem = setting.problem ? setting.problem(value.text) : "";
    if (problem.empty()) continue;
    problems.push_back(begin + ": " + (setting.secret ? "" : "\"" + value.text + "\" ") + problem);
  }
  return problems;
}

const std::string& Settings::Get(std::string_view name) const {
  auto found = values_.find(name);
  SPECOM_CHECK(found != values_.end());
  return found->second.text;
}

int Settings::Number(std::string_view name) const {
  int number = 0;
  SPECOM_CHECK(absl::SimpleAtoi(Get(name), &number));
  return number;
}

std::vector<std::string> Settings::List(std::string_view name) const {
  std::vector<std::string> words;
  for (absl::string_view word : absl::StrSplit(Get(name), ',')) {
    word = absl::StripAsciiWhitespace(word);
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

std::string Settings::Print() const {
  std::string text;
  for (const Setting& setting : known_) {
    const Value& value = values_.find(setting.name)->second;
    std::string shown = setting.secret ? (value.text.empty() ? "(not set)" : "(hidden)") : value.text;
    text += setting.name + " = " + shown + "  # " + std::string(OriginName(value.origin)) + "\n";
  }
  return text;
}

std::string Settings::EnvironmentName(std::string_view name) {
  return "SPECOM_" + absl::AsciiStrToUpper(std::string(name));
}

std::string Settings::FlagName(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

}  // namespace specom::rpc

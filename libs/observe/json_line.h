// One log line as it grows: a JSON object, written into a buffer that the thread keeps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace specom::observe {

class JsonLine {
 public:
  // Begins an empty object; one line at a time for each thread.
  JsonLine();

  // key: of the program's own words, which need no escapes.
  JsonLine& Add(std::string_view key, std::string_view text);
  JsonLine& Add(std::string_view key, const char* text) { return Add(key, std::string_view(text)); }
  JsonLine& Add(std::string_view key, std::int64_t number);
  // A number that JSON cannot say becomes null.
  JsonLine& Add(std::string_view key, double number);
  JsonLine& Add(std::string_view key, bool fact);
  // UTC with microseconds: "2025-04-01T08:00:00.000000Z".
  JsonLine& Add(std::string_view key, absl::Time time);

  // The object, valid until the thread begins its next line.
  std::string_view Done();

 private:
  void Key(std::string_view key);

  std::string& text_;
};

}  // namespace specom::observe

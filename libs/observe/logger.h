// Structured logs: one JSON object a line, to standard error or a file, written by a thread of its own.
// Never bodies of requests, never secrets.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace specom::observe {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
// "debug", "info", "warning", "error"
std::string_view ToString(LogLevel level);
std::optional<LogLevel> ParseLogLevel(std::string_view word);

struct Field {
  using Value = std::variant<std::string, std::int64_t, double, bool>;

  Field(std::string_view field_key, std::string_view text) : key(field_key), value(std::string(text)) {}
  Field(std::string_view field_key, const char* text) : key(field_key), value(std::string(text)) {}
  Field(std::string_view field_key, const std::string& text) : key(field_key), value(text) {}
  Field(std::string_view field_key, std::int64_t number) : key(field_key), value(number) {}
  Field(std::string_view field_key, int number) : key(field_key), value(std::int64_t{number}) {}
  Field(std::string_view field_key, double number) : key(field_key), value(number) {}
  Field(std::string_view field_key, bool fact) : key(field_key), value(fact) {}

  std::string key;
  Value value;
};

// What the access line of one call says.
struct AccessLine {
  std::string_view method = {};
  std::string_view code = {};
  // "" when the call succeeded.
  std::string_view reason = {};
  std::string_view user = {};
  std::string_view organisation = {};
  std::string_view peer = {};
  std::string_view request_id = {};
  std::string_view trace_id = {};
  absl::Duration took = {};
  // The caller went before the reply.
  bool caller_left = false;
};

class Logger {
 public:
  struct Options {
    LogLevel level = LogLevel::kInfo;
    // Appended to; empty: standard error.
    std::string file = {};
    // Stands in every line.
    std::string service = {};
  };

  // FAILED_PRECONDITION when the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<Logger>> Open(const Options& options);
  // Hands every line, without its line feed, to a function; calls do not overlap.
  static std::unique_ptr<Logger> ToFunction(LogLevel level, std::function<void(std::string_view)> line);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Logs(LogLevel level) const { return level >= level_; }
  // event: what happened, a stable phrase without values ("schema is behind"); the values are fields.
  void Log(LogLevel level, std::string_view event, std::initializer_list<Field> fields = {});
  void Debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    Log(LogLevel::kDebug, event, fields);
  }
  void Info(std::string_view event, std::initializer_list<Field> fields = {}) {
    Log(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, std::initializer_list<Field> fields = {}) {
    Log(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<Field> fields = {}) {
    Log(LogLevel::kError, event, fields);
  }
  // One line for each call, at level info.
  void Access(const AccessLine& access);
  // Returns when all that was said is in the file. Without it a warning or an error is written at once and
  // the rest within 50 ms; a process that is killed in between takes those lines with it.
  void Flush();
  // Lines that could not be written, or that found 8 MiB (warnings and errors: 9 MiB) waiting before them.
  // They are lost, and a line "log lines lost" tells how many: no call ever waits for the log.
  std::int64_t LostLines() const;

 private:
  struct State;
  Logger(LogLevel level, std::unique_ptr<State> state);

  const LogLevel level_;
  std::unique_ptr<State> state_;
};

}  // namespace specom::observe

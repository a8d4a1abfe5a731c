#include "libs/observe/logger.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/observe/json_line.h"
#include "libs/observe/log_writer.h"

namespace specom::observe {
namespace {

constexpr std::array<std::pair<LogLevel, std::string_view>, 4> kLevels = {{
    {LogLevel::kDebug, "debug"},
    {LogLevel::kInfo, "info"},
    {LogLevel::kWarning, "warning"},
    {LogLevel::kError, "error"},
}};

}  // namespace

struct Logger::State {
  ~State() {
    writer.reset();
    if (descriptor > STDERR_FILENO) close(descriptor);
  }

  std::string service;
  // Either a writer with its file, or a function.
  int descriptor = -1;
  std::unique_ptr<LogWriter> writer;
  std::mutex mutex;
  std::function<void(std::string_view)> function;

  JsonLine Begin(LogLevel level, std::string_view event) const {
    JsonLine line;
    line.Add("time", absl::Now()).Add("level", ToString(level));
    if (!service.empty()) line.Add("service", service);
    line.Add("event", event);
    return line;
  }

  void End(LogLevel level, JsonLine& line) {
    if (writer != nullptr) return writer->Write(line.Done(), level >= LogLevel::kWarning);
    std::lock_guard lock(mutex);
    function(line.Done());
  }
};

std::string_view ToString(LogLevel level) {
  for (const auto& [value, word] : kLevels) {
    if (value == level) return word;
  }
  return "unknown";
}

std::optional<LogLevel> ParseLogLevel(std::string_view word) {
  for (const auto& [value, name] : kLevels) {
    if (name == word) return value;
  }
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<Logger>> Logger::Open(const Options& options) {
  auto state = std::make_unique<State>();
  state->service = options.service;
  state->descriptor = options.file.empty()
                          ? STDERR_FILENO
                          : open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (state->descriptor < 0) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_FILE",
                     "The log file " + options.file + " cannot be opened: " + std::strerror(errno),
                     {{"file", options.file}});
  }
  state->writer = std::make_unique<LogWriter>(
      state->descriptor, LogWriter::Limits{}, [service = state.get()](std::int64_t lost) {
        JsonLine line = service->Begin(LogLevel::kWarning, "log lines lost");
        return std::string(line.Add("lines", lost).Done());
      });
  return std::unique_ptr<Logger>(new Logger(options.level, std::move(state)));
}

std::unique_ptr<Logger> Logger::ToFunction(LogLevel level, std::function<void(std::string_view)> line) {
  auto state = std::make_unique<State>();
  state->function = std::move(line);
  return std::unique_ptr<Logger>(new Logger(level, std::move(state)));
}

Logger::Logger(LogLevel level, std::unique_ptr<State> state) : level_(level), state_(std::move(state)) {}
Logger::~Logger() = default;

void Logger::Log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
  if (!Logs(level)) return;
  JsonLine line = state_->Begin(level, event);
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line.Add(field.key, value); }, field.value);
  }
  state_->End(level, line);
}

void Logger::Access(const AccessLine& access) {
  if (!Logs(LogLevel::kInfo)) return;
  JsonLine line = state_->Begin(LogLevel::kInfo, "rpc");
  line.Add("method", access.method)
      .Add("code", access.code)
      .Add("reason", access.reason)
      .Add("took_ms", absl::ToDoubleMilliseconds(access.took))
      .Add("user", access.user)
      .Add("organisation", access.organisation)
      .Add("peer", access.peer)
      .Add("request_id", access.request_id)
      .Add("trace_id", access.trace_id)
      .Add("caller_left", access.caller_left);
  state_->End(LogLevel::kInfo, line);
}

void Logger::Flush() {
  if (state_->writer != nullptr) state_->writer->Flush();
}

std::int64_t Logger::LostLines() const {
  return state_->writer == nullptr ? 0 : state_->writer->lost();
}

}  // namespace specom::observe

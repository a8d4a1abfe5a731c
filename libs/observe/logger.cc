#include "libs/observe/logger.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/status.h"

namespace specom::observe {
namespace {

constexpr std::array<std::pair<LogLevel, std::string_view>, 4> kLevels = {{
    {LogLevel::kDebug, "debug"},
    {LogLevel::kInfo, "info"},
    {LogLevel::kWarning, "warning"},
    {LogLevel::kError, "error"},
}};

spdlog::level::level_enum Spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> line) : line_(std::move(line)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> line_;
};

}  // namespace

struct Logger::State {
  explicit State(spdlog::sink_ptr sink, std::string service_name)
      : spdlog("specom", std::move(sink)), service(std::move(service_name)) {
    spdlog.set_pattern("%v");
    spdlog.set_level(spdlog::level::debug);
    spdlog.flush_on(spdlog::level::warn);
  }

  spdlog::logger spdlog;
  const std::string service;
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
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    }
    return std::unique_ptr<Logger>(
        new Logger(options.level, std::make_unique<State>(std::move(sink), options.service)));
  } catch (const spdlog::spdlog_ex& error) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_FILE",
                     "The log file " + options.file + " cannot be opened: " + error.what(),
                     {{"file", options.file}});
  }
}

std::unique_ptr<Logger> Logger::ToFunction(LogLevel level, std::function<void(std::string_view)> line) {
  auto sink = std::make_shared<FunctionSink>(std::move(line));
  return std::unique_ptr<Logger>(new Logger(level, std::make_unique<State>(std::move(sink), "")));
}

Logger::Logger(LogLevel level, std::unique_ptr<State> state) : level_(level), state_(std::move(state)) {}
Logger::~Logger() {
  Flush();
}

void Logger::Log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
  if (!Logs(level)) return;
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  line["level"] = ToString(level);
  if (!state_->service.empty()) line["service"] = state_->service;
  line["event"] = event;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[field.key] = value; }, field.value);
  }
  // A value that is not UTF-8 is shown with replacement characters; it must not lose the line.
  std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  state_->spdlog.log(Spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void Logger::Access(const AccessLine& access) {
  Log(LogLevel::kInfo, "rpc",
      {{"method", access.method},
       {"code", access.code},
       {"reason", access.reason},
       {"took_ms", absl::ToDoubleMilliseconds(access.took)},
       {"user", access.user},
       {"organisation", access.organisation},
       {"peer", access.peer},
       {"request_id", access.request_id},
       {"trace_id", access.trace_id},
       {"caller_left", access.caller_left}});
}

void Logger::Flush() {
  state_->spdlog.flush();
}

}  // namespace specom::observe

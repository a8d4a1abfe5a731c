// specom doctor: what stands in the way of a healthy platform, and what to do about it.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/events/bus.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/data_options.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

struct Options {
  DataFlags data;
  std::string endpoint;
  std::string format = "table";
};

struct Finding {
  std::string check;
  bool sound = true;
  // What was found, and the remedy where it is not sound.
  std::string words;
};

class Examination {
 public:
  void Sound(std::string check, std::string words) {
    findings_.push_back({std::move(check), true, std::move(words)});
  }
  void Problem(std::string check, std::string words) {
    findings_.push_back({std::move(check), false, std::move(words)});
  }
  void Status(std::string check, const absl::Status& status, std::string sound_words) {
    status.ok() ? Sound(std::move(check), std::move(sound_words))
                : Problem(std::move(check), std::string(status.message()));
  }
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  std::vector<Finding> findings_;
};

void ExamineFolder(const std::string& path, Examination& examination) {
  std::error_code error;
  auto space = std::filesystem::space(path, error);
  if (error) {
    return examination.Problem(
        "data folder",
        absl::StrCat(path, ": ", error.message(), ". specom migrate --data-dir ", path, " makes it."));
  }
  constexpr std::uintmax_t kLeast = 1ull << 30;
  std::string free = absl::StrCat(path, " has ", space.available >> 20, " MiB free");
  space.available < kLeast ? examination.Problem("disk", free + "; make at least 1024 MiB free")
                           : examination.Sound("disk", free);
}

void ExamineStores(const DataFlags& flags, Examination& examination) {
  PlatformOptions options;
  options.data = flags.Options();
  auto platform = Platform::Create(options);
  if (!platform.ok()) return examination.Problem("stores", std::string(platform.status().message()));
  for (const auto& [service, status] : (*platform)->CheckSchemas()) {
    examination.Status(service + " schema", status, "up to date");
  }
}

void ExamineRedis(const std::string& url, Examination& examination) {
  auto bus = events::NewRedisBus(Secret(url));
  if (!bus.ok()) return examination.Problem("Redis", std::string(bus.status().message()));
  examination.Status("Redis", (*bus)->Ping(), "answers");
}

void ExamineEndpoint(const std::string& endpoint, Examination& examination) {
  ClientOptions options;
  options.endpoint = endpoint;
  auto session = Session::Open(options);
  if (!session.ok()) return examination.Problem("endpoint", std::string(session.status().message()));
  examination.Sound("endpoint", endpoint + " answers");
  auto call = [&](const char* service, auto method, auto request) {
    request.set_page_size(1);
    auto answer = (*session)->client().Call(method, request);
    examination.Status(service, answer.status(), "serves");
  };
  call("portfolio", &portfolio::v1::PortfolioService::Stub::ListProgrammes,
       portfolio::v1::ListProgrammesRequest());
  call("finance", &finance::v1::FinanceService::Stub::ListRuns, finance::v1::ListRunsRequest());
  call("reporting", &reporting::v1::ReportingService::Stub::ListRegionalReports,
       reporting::v1::ListRegionalReportsRequest());
}

int Examine(const Options& options) {
  Examination examination;
  absl::Time now = absl::Now();
  now < absl::FromCivil(absl::CivilDay(2025, 1, 1), absl::UTCTimeZone())
      ? examination.Problem("clock",
                            absl::StrCat("says ", absl::FormatTime(now), "; set it, e.g. with chrony"))
      : examination.Sound("clock", absl::FormatTime(absl::RFC3339_sec, now, absl::UTCTimeZone()));
  if (!options.data.data_dir.empty()) ExamineFolder(options.data.data_dir, examination);
  if (!options.data.data_dir.empty() || !options.data.database.empty())
    ExamineStores(options.data, examination);
  if (!options.data.redis.empty()) ExamineRedis(options.data.redis, examination);
  if (!options.endpoint.empty()) ExamineEndpoint(options.endpoint, examination);

  Table table({{"check", "Check"}, {"sound", "Sound"}, {"finding", "Finding"}});
  bool all_sound = true;
  for (const auto& finding : examination.findings()) {
    table.AddRow({finding.check, finding.sound, finding.words});
    all_sound = all_sound && finding.sound;
  }
  Format format = options.format == "csv"    ? Format::kCsv
                  : options.format == "json" ? Format::kJson
                                             : Format::kTable;
  if (format == Format::kTable) {
    for (const auto& finding : examination.findings()) {
      std::cout << (finding.sound ? "ok       " : "PROBLEM  ") << finding.check << ": " << finding.words
                << "\n";
    }
    std::cout << (all_sound ? "Nothing stands in the way.\n" : "Mend the problems above and run it again.\n");
  } else {
    table.Print(std::cout, format, TerminalWidth());
  }
  return all_sound ? 0 : 1;
}

}  // namespace

void AddDoctor(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command =
      app.add_subcommand("doctor", "What stands in the way of a healthy platform, and the remedy");
  AddDataOptions(*command, options->data);
  command->add_option("--endpoint", options->endpoint, "Address of a running platform to ask")
      ->envname("SPECOM_ENDPOINT");
  command->add_option("--format", options->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command->footer(
      "The exit code is 0 when everything is sound, and 1 otherwise.\n\n"
      "Examples:\n"
      "  specom doctor --data-dir ./specom-data\n"
      "  specom doctor --database postgresql://specom@127.0.0.1/specom --redis redis://127.0.0.1:6379\n"
      "  specom doctor --endpoint 127.0.0.1:7400");
  command->callback([options, &exit_code] { exit_code = Examine(*options); });
}

}  // namespace specom::cli

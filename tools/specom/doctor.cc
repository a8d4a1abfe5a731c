// specom doctor: what stands in the way of a healthy platform, and what to do about it.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/events/bus.h"
#include "libs/rpc/security_settings.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/connection.h"
#include "tools/specom/data_options.h"
#include "tools/specom/examination.h"
#include "tools/specom/security_checks.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

struct Options {
  DataFlags data;
  std::string endpoint;
  std::string credentials;
  std::string token_file;
  // Of SecuritySettings, by name.
  std::map<std::string, std::string> security;
  std::string format = "table";
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
  ExamineClockOfRedis(Secret(url), examination);
}

void ExamineEndpoint(const Options& asked, Examination& examination) {
  ClientOptions options;
  options.endpoint = asked.endpoint;
  options.credentials = asked.credentials;
  options.token_file = asked.token_file;
  auto session = Session::Open(options);
  if (!session.ok()) return examination.Problem("endpoint", std::string(session.status().message()));
  examination.Sound("endpoint", asked.endpoint + " answers");
  auto call = [&](const char* service, auto method, auto request) {
    request.set_page_size(1);
    absl::Status status = (*session)->client().Call(method, request).status();
    // It knew the caller, and answered.
    absl::IsPermissionDenied(status)
        ? examination.Sound(service, absl::StrCat("serves, others: ", status.message()))
        : examination.Status(service, status, "serves");
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
  if (options.data.database.starts_with("postgres"))
    ExamineClockOf(options.data.Options().Database(ServiceNames().front()), examination);
  if (!options.data.redis.empty()) ExamineRedis(options.data.redis, examination);
  rpc::Settings security(rpc::SecuritySettings());
  for (const auto& [name, value] : options.security) security.SetFlag(name, value);
  ExamineCertificates(rpc::ReadTlsSettings(security), examination);
  if (!options.credentials.empty())
    examination.Status("credentials", ReadCredentials(options.credentials).status(),
                       options.credentials + " is sound");
  ExamineTokens(rpc::ReadTokenSettings(security), options.token_file, examination);
  if (!options.endpoint.empty()) ExamineEndpoint(options, examination);

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
  command
      ->add_option(
          "--credentials", options->credentials,
          "Folder of authority.pem, client.pem and client.key, to be examined and used at the endpoint")
      ->envname("SPECOM_CREDENTIALS");
  command
      ->add_option("--token-file", options->token_file, "File with a token, to be examined and used likewise")
      ->envname("SPECOM_TOKEN_FILE");
  for (const rpc::Setting& setting : rpc::SecuritySettings()) {
    std::string name = setting.name;
    command
        ->add_option_function<std::string>(
            rpc::Settings::FlagName(name),
            [options, name](const std::string& value) { options->security[name] = value; }, setting.help)
        ->envname(rpc::Settings::EnvironmentName(name))
        ->group("As a service's settings");
  }
  command->add_option("--format", options->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command->footer(
      "The exit code is 0 when everything is sound, and 1 otherwise.\n\n"
      "Examples:\n"
      "  specom doctor --data-dir ./specom-data\n"
      "  specom doctor --database postgresql://specom@127.0.0.1/specom --redis redis://127.0.0.1:6379\n"
      "  specom doctor --endpoint 127.0.0.1:7400\n"
      "  specom doctor --endpoint 127.0.0.1:7400 --credentials ./secure --token-file "
      "./secure/tokens/national.token\n"
      "  specom doctor --tls-certificate finance.pem --tls-key finance.key --tls-authority authority.pem");
  command->callback([options, &exit_code] { exit_code = Examine(*options); });
}

}  // namespace specom::cli

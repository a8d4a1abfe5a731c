// specom dev: all services in one process.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "libs/base/status.h"
#include "libs/rpc/stop_signal.h"
#include "tools/specom/commands.h"
#include "tools/specom/data_options.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

struct Options {
  DataFlags data;
  int grpc_port = 7400;
  int admin_port = -1;
  std::string endpoint_file;
  std::string log_level = "warning";
};

// Written in one step, so that a reader sees nothing or all of it.
absl::Status WriteEndpoint(const std::string& path, const std::string& address) {
  std::string temporary = path + ".new";
  std::ofstream out(temporary);
  out << address << "\n";
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(temporary, path, error);
  if (!out || error)
    return absl::FailedPreconditionError(path + " cannot be written; choose another --endpoint-file");
  return absl::OkStatus();
}

absl::Status Serve(const Options& options, rpc::StopSignal& signal) {
  PlatformOptions platform_options;
  platform_options.data = options.data.Options();
  std::unique_ptr<TemporaryFolder> temporary;
  if (options.data.database.empty() && options.data.data_dir.empty()) {
    ASSIGN_OR_RETURN(temporary, TemporaryFolder::Make());
    platform_options.data.data_dir = temporary->path();
    std::cerr << "Data are kept only while this runs; --data-dir keeps them.\n";
  }
  if (!platform_options.data.data_dir.empty()) RETURN_IF_ERROR(EnsureFolder(platform_options.data.data_dir));
  platform_options.listen = "127.0.0.1:" + std::to_string(options.grpc_port);
  if (options.admin_port >= 0)
    platform_options.admin_listen = "127.0.0.1:" + std::to_string(options.admin_port);
  platform_options.log_level =
      observe::ParseLogLevel(options.log_level).value_or(observe::LogLevel::kWarning);
  ASSIGN_OR_RETURN(auto platform, Platform::Create(platform_options));
  ASSIGN_OR_RETURN(int migrations, platform->Migrate());
  if (migrations > 0) std::cerr << "Brought the schema up to date: " << migrations << " migrations ran.\n";
  RETURN_IF_ERROR(platform->Start());
  std::cerr << "specom serves at " << platform->address() << " until you press Ctrl-C.\n";
  if (!options.endpoint_file.empty())
    RETURN_IF_ERROR(WriteEndpoint(options.endpoint_file, platform->address()));
  signal.Wait();
  platform->Stop();
  return absl::OkStatus();
}

}  // namespace

void AddDev(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("dev", "All services in one process, for this machine only");
  AddDataOptions(*command, options->data);
  command->add_option("--grpc-port", options->grpc_port, "Port on 127.0.0.1; 0 takes any free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command
      ->add_option("--admin-port", options->admin_port,
                   "Port of /healthz, /readyz and /metrics; default: none")
      ->check(CLI::Range(0, 65535));
  command->add_option("--endpoint-file", options->endpoint_file, "Write the address there once it serves");
  command->add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  specom dev\n"
      "  specom dev --data-dir ./specom-data --grpc-port 7400\n"
      "  specom dev --database postgresql://specom@127.0.0.1/specom --redis redis://127.0.0.1:6379");
  command->callback([options, &exit_code] {
    rpc::StopSignal signal;
    absl::Status status = Serve(*options, signal);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace specom::cli

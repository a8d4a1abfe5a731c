// specom dev: all services in one process.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/rpc/stop_signal.h"
#include "tools/specom/audit_files.h"
#include "tools/specom/commands.h"
#include "tools/specom/data_options.h"
#include "tools/specom/secure_folder.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

struct Options {
  DataFlags data;
  int grpc_port = 7400;
  int admin_port = -1;
  std::string endpoint_file;
  std::string log_level = "warning";
  bool secure = false;
  std::string secure_dir;
};

constexpr absl::Duration kRenewalInterval = absl::Minutes(10);

// Keeps certificates and tokens of the folder fresh for as long as it lives.
class Renewal {
 public:
  explicit Renewal(SecureFolder& folder)
      : thread_([this, &folder] {
          while (!ended_.WaitForNotificationWithTimeout(kRenewalInterval)) {
            absl::Status renewed = folder.Renew(absl::Now());
            if (!renewed.ok()) std::cerr << "specom: " << std::string(renewed.message()) << "\n";
          }
        }) {}
  ~Renewal() {
    ended_.Notify();
    thread_.join();
  }

 private:
  absl::Notification ended_;
  std::thread thread_;
};

// For the shell, also with spaces in it.
std::string Quoted(const std::string& path) {
  return "'" + absl::StrReplaceAll(path, {{"'", "'\\''"}}) + "'";
}

void PrintSecureCommands(const SecureFolder& folder, const std::string& address) {
  std::string people;
  for (const auto& [file, person] : folder.People()) {
    people += (people.empty() ? "" : ", ") + std::filesystem::path(file).stem().string();
  }
  std::cerr << "Mutual TLS and tokens, of an authority for this machine only, are in " << folder.path()
            << ".\nIn another terminal:\n\n  export SPECOM_ENDPOINT=" << address
            << " SPECOM_CREDENTIALS=" << Quoted(folder.path())
            << "\n  export SPECOM_TOKEN_FILE=" << Quoted(folder.path() + "/tokens/national.token")
            << "\n  specom allocate\n  specom portfolio delegations --as-of 2025-06-01\n"
               "  specom token --role region --organisation Y56 > region-Y56.token\n\n"
               "There are tokens of "
            << people << ".\n";
}

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

// The folder of certificates and tokens: the one that was asked for, or one below the data.
absl::StatusOr<std::unique_ptr<SecureFolder>> MakeSecure(const Options& options, const std::string& beside) {
  const std::string path = options.secure_dir.empty() ? beside + "/secure" : options.secure_dir;
  // As commands in other folders need it.
  return SecureFolder::Open(std::filesystem::absolute(path), absl::Now());
}

absl::Status Serve(const Options& options, rpc::StopSignal& signal) {
  PlatformOptions platform_options;
  platform_options.data = options.data.Options();
  std::string folder = options.data.data_dir;
  std::unique_ptr<TemporaryFolder> temporary;
  if (folder.empty() && (options.data.database.empty() || (options.secure && options.secure_dir.empty()))) {
    ASSIGN_OR_RETURN(temporary, TemporaryFolder::Make());
    folder = temporary->path();
  }
  if (!folder.empty()) RETURN_IF_ERROR(EnsureFolder(folder));
  if (options.data.database.empty()) {
    platform_options.data.data_dir = folder;
    if (temporary != nullptr) std::cerr << "Data are kept only while this runs; --data-dir keeps them.\n";
  }
  std::unique_ptr<SecureFolder> secure;
  std::unique_ptr<Renewal> renewal;
  if (options.secure) {
    ASSIGN_OR_RETURN(secure, MakeSecure(options, folder));
    renewal = std::make_unique<Renewal>(*secure);
    platform_options.identity = "tokens";
    platform_options.tls = secure->Tls("specom");
    platform_options.tokens = secure->Tokens();
  }
  // What ends with this process needs no proof that it was not changed afterwards.
  if (!options.data.data_dir.empty()) {
    ASSIGN_OR_RETURN(platform_options.audit, AuditSettingsIn(options.data.data_dir));
  }
  platform_options.listen = "127.0.0.1:" + std::to_string(options.grpc_port);
  if (options.admin_port >= 0)
    platform_options.admin_listen = "127.0.0.1:" + std::to_string(options.admin_port);
  platform_options.log_level =
      observe::ParseLogLevel(options.log_level).value_or(observe::LogLevel::kWarning);
  ASSIGN_OR_RETURN(auto platform, Platform::Create(platform_options));
  ASSIGN_OR_RETURN(int migrations, platform->Migrate());
  if (migrations > 0) std::cerr << "Brought the schema up to date: " << migrations << " migrations ran.\n";
  RETURN_IF_ERROR(platform->Start());
  if (secure != nullptr) PrintSecureCommands(*secure, platform->address());
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
  auto* secure =
      command->add_flag("--secure", options->secure,
                        "Mutual TLS and tokens as in production, of an authority made for this machine");
  command
      ->add_option("--secure-dir", options->secure_dir,
                   "Folder of the authority, certificates and tokens; default: secure below the data folder")
      ->needs(secure);
  command->footer(
      "Examples:\n"
      "  specom dev\n"
      "  specom dev --secure --secure-dir ./specom-secure\n"
      "  specom dev --data-dir ./specom-data --grpc-port 7400\n"
      "  specom dev --database postgresql://specom@127.0.0.1/specom --redis redis://127.0.0.1:6379");
  command->callback([options, &exit_code] {
    rpc::StopSignal signal;
    absl::Status status = Serve(*options, signal);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace specom::cli

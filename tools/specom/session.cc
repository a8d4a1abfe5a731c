#include "tools/specom/session.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

#include "libs/auth/principal.h"
#include "libs/base/status.h"
#include "tools/specom/platform.h"

namespace specom::cli {
namespace {

absl::StatusOr<Principal> PrincipalOf(const ClientOptions& options, const std::string& user) {
  Principal principal;
  principal.user = user;
  principal.organisation = options.organisation;
  std::istringstream words(options.roles);
  for (std::string word; std::getline(words, word, ',');) {
    auto role = ParseRole(word);
    if (!role)
      return absl::InvalidArgumentError("--roles: \"" + word + "\" is no role; try national, region or icb");
    principal.roles.insert(*role);
  }
  return principal;
}

}  // namespace

// A platform of the command's own, with its data in a temporary folder.
class EmbeddedPlatform {
 public:
  static absl::StatusOr<std::unique_ptr<EmbeddedPlatform>> Start() {
    auto embedded = std::unique_ptr<EmbeddedPlatform>(new EmbeddedPlatform());
    ASSIGN_OR_RETURN(embedded->folder_, TemporaryFolder::Make());
    PlatformOptions options;
    options.data.data_dir = embedded->folder_->path();
    ASSIGN_OR_RETURN(embedded->platform_, Platform::Create(options));
    RETURN_IF_ERROR(embedded->platform_->Migrate().status());
    RETURN_IF_ERROR(embedded->platform_->Start());
    return embedded;
  }
  std::string address() const { return platform_->address(); }

 private:
  EmbeddedPlatform() = default;
  // The platform goes first: its files are in the folder.
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<Platform> platform_;
};

Format ClientOptions::OutputFormat() const {
  return format == "csv" ? Format::kCsv : format == "json" ? Format::kJson : Format::kTable;
}

void AddClientOptions(CLI::App& command, ClientOptions& options) {
  command
      .add_option("--endpoint", options.endpoint,
                  "Address of a running platform; default: one of the command's own")
      ->envname("SPECOM_ENDPOINT");
  command.add_option("--format", options.format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command.add_option("--user", options.user, "Who asks (development identity)")
      ->envname("SPECOM_USER")
      ->capture_default_str();
  command.add_option("--roles", options.roles, "Roles of that person, e.g. national or icb")
      ->envname("SPECOM_ROLES")
      ->capture_default_str();
  command.add_option("--organisation", options.organisation, "ODS code that the person acts for")
      ->envname("SPECOM_ORGANISATION");
}

Session::Session(ClientOptions options) : options_(std::move(options)) {}
Session::~Session() = default;

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const ClientOptions& options) {
  ASSIGN_OR_RETURN(Principal principal, PrincipalOf(options, options.user));
  auto session = std::unique_ptr<Session>(new Session(options));
  session->address_ = options.endpoint;
  if (options.endpoint.empty()) {
    ASSIGN_OR_RETURN(session->platform_, EmbeddedPlatform::Start());
    session->address_ = session->platform_->address();
  }
  session->channel_ = rpc::OpenChannel(session->address_);
  if (!session->channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5))) {
    return absl::UnavailableError("no platform answers at " + session->address_ +
                                  "; check the address, or start one with specom dev");
  }
  session->client_ = std::make_unique<rpc::Client>(
      session->channel_, rpc::ClientOptions{.identity = rpc::DevelopmentIdentity(principal)});
  return session;
}

std::unique_ptr<rpc::Client> Session::ClientAs(const std::string& user) const {
  auto principal = PrincipalOf(options_, user);
  return std::make_unique<rpc::Client>(channel_,
                                       rpc::ClientOptions{.identity = rpc::DevelopmentIdentity(*principal)});
}

int Fail(const absl::Status& status) {
  if (absl::IsUnimplemented(status) && status.message().empty()) {
    std::cerr
        << "specom: the server at the endpoint does not have this service; give the endpoint of the service\n"
           "that the command asks (each prints its own when it starts), or of specom dev\n";
    return 1;
  }
  std::cerr << "specom: " << std::string(status.message()) << "\n";
  auto violations = FieldViolationsOf(status);
  if (violations.size() > 1) {
    for (const auto& violation : violations)
      std::cerr << "  " << violation.field << ": " << violation.description << "\n";
  }
  if (std::string reason = ErrorReason(status); !reason.empty()) {
    std::cerr << "  (" << absl::StatusCodeToString(status.code()) << ", " << reason << ")\n";
  }
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace specom::cli

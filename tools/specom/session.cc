#include "tools/specom/session.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

#include "libs/auth/principal.h"
#include "libs/base/status.h"
#include "libs/rpc/server.h"
#include "tools/specom/connection.h"
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

// What to do at this command, where the server can only say what is wrong with the call.
const char* RemedyFor(const std::string& reason) {
  if (reason == "MISSING_TOKEN")
    return "Give --token-file, a file with a token of the platform's issuer; for specom dev --secure: one of "
           "its "
           "tokens folder.";
  if (reason == "TOKEN_EXPIRED" || reason == "UNKNOWN_KEY" || reason == "BAD_SIGNATURE")
    return "Put a new token of the platform's issuer into the file of --token-file; for specom dev --secure: "
           "specom "
           "token makes one.";
  if (reason == "PEER_NOT_ALLOWED")
    return "Give --credentials with a certificate whose SPIFFE name is among the server's tls_allowed_peers.";
  if (reason == "MISSING_IDENTITY")
    return "The platform believes its callers: leave out --credentials and --token-file.";
  return "";
}

// Options that each are sound and do not go together.
absl::Status CheckOptions(const ClientOptions& options) {
  const bool is_secure = !options.credentials.empty() || !options.token_file.empty();
  if (!is_secure) return absl::OkStatus();
  if (options.names_who_asks) {
    return absl::InvalidArgumentError(
        "--user, --roles and --organisation (SPECOM_USER, SPECOM_ROLES, SPECOM_ORGANISATION) are for "
        "development "
        "identity; with --credentials or --token-file (SPECOM_CREDENTIALS, SPECOM_TOKEN_FILE) the token says "
        "who asks. "
        "Leave out the ones or the others.");
  }
  if (options.endpoint.empty()) {
    return absl::InvalidArgumentError(
        "--credentials and --token-file (SPECOM_CREDENTIALS, SPECOM_TOKEN_FILE) are for a running platform: "
        "give its "
        "address with --endpoint, or leave them out");
  }
  if (options.credentials.empty() && !rpc::IsLoopbackAddress(options.endpoint)) {
    return absl::InvalidArgumentError(
        "--token-file without --credentials would send the token to " + options.endpoint +
        " in plain text, for anybody on the way to use; give --credentials too");
  }
  return absl::OkStatus();
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

void AddConnectionOptions(CLI::App& command, ClientOptions& options) {
  command
      .add_option("--endpoint", options.endpoint,
                  "Address of a running platform; default: one of the command's own")
      ->envname("SPECOM_ENDPOINT");
  command
      .add_option("--credentials", options.credentials,
                  "Folder of authority.pem, client.pem and client.key, for a platform with TLS")
      ->envname("SPECOM_CREDENTIALS");
  command
      .add_option("--token-file", options.token_file,
                  "File with the token of who asks, for a platform with tokens")
      ->envname("SPECOM_TOKEN_FILE");
  command.add_option("--format", options.format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
}

void AddClientOptions(CLI::App& command, ClientOptions& options) {
  AddConnectionOptions(command, options);
  auto names_who_asks = [&options](const std::string&) { options.names_who_asks = true; };
  command.add_option("--user", options.user, "Who asks (development identity)")
      ->envname("SPECOM_USER")
      ->each(names_who_asks)
      ->capture_default_str();
  command.add_option("--roles", options.roles, "Roles of that person, e.g. national or icb")
      ->envname("SPECOM_ROLES")
      ->each(names_who_asks)
      ->capture_default_str();
  command.add_option("--organisation", options.organisation, "ODS code that the person acts for")
      ->envname("SPECOM_ORGANISATION")
      ->each(names_who_asks);
}

Session::Session(ClientOptions options) : options_(std::move(options)) {}
Session::~Session() = default;

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const ClientOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  auto session = std::unique_ptr<Session>(new Session(options));
  rpc::Certificates certificates;
  if (!options.credentials.empty()) {
    ASSIGN_OR_RETURN(certificates, ReadCredentials(options.credentials));
  }
  ASSIGN_OR_RETURN(rpc::MetadataEntries identity, session->IdentityOf(options.user, options.token_file));
  session->address_ = options.endpoint;
  if (options.endpoint.empty()) {
    ASSIGN_OR_RETURN(session->platform_, EmbeddedPlatform::Start());
    session->address_ = session->platform_->address();
  }
  ASSIGN_OR_RETURN(session->channel_,
                   Connect(session->address_, options.credentials.empty() ? nullptr : &certificates));
  session->client_ =
      std::make_unique<rpc::Client>(session->channel_, rpc::ClientOptions{.identity = identity});
  return session;
}

absl::StatusOr<rpc::MetadataEntries> Session::IdentityOf(const std::string& user,
                                                         const std::string& token_file) const {
  if (!secure()) {
    ASSIGN_OR_RETURN(Principal principal, PrincipalOf(options_, user));
    return rpc::DevelopmentIdentity(principal);
  }
  if (token_file.empty()) return rpc::MetadataEntries();
  ASSIGN_OR_RETURN(Secret token, ReadToken(token_file));
  return rpc::BearerIdentity(token);
}

absl::StatusOr<std::unique_ptr<rpc::Client>> Session::ClientAs(const std::string& who) const {
  ASSIGN_OR_RETURN(rpc::MetadataEntries identity, IdentityOf(who, who));
  return std::make_unique<rpc::Client>(channel_, rpc::ClientOptions{.identity = identity});
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
  std::string reason = ErrorReason(status);
  if (const char* remedy = RemedyFor(reason); *remedy != '\0') std::cerr << "  " << remedy << "\n";
  if (!reason.empty()) {
    std::cerr << "  (" << absl::StatusCodeToString(status.code()) << ", " << reason << ")\n";
  }
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace specom::cli

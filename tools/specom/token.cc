// specom token: a test token of the authority that specom dev --secure made.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/auth/local_authority.h"
#include "libs/base/status.h"
#include "tools/specom/commands.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

struct Options {
  std::string credentials;
  std::vector<std::string> roles;
  std::string organisation;
  std::string user;
  int hours = 12;
};

absl::StatusOr<Secret> MakeToken(const Options& options) {
  auto authority = LocalAuthority::Load(options.credentials);
  if (absl::IsNotFound(authority.status())) {
    return absl::NotFoundError(
        absl::StrCat(options.credentials,
                     " holds no authority; give the folder of specom dev --secure. Tokens of "
                     "an issuer of your own come from there."));
  }
  if (!authority.ok()) return authority.status();
  Principal principal;
  principal.organisation = options.organisation;
  for (const std::string& word : options.roles) {
    auto role = ParseRole(word);
    if (!role || *role == Role::kService) {
      return absl::InvalidArgumentError("--role: \"" + word +
                                        "\" is no role of a person; try national, region, icb or auditor");
    }
    principal.roles.insert(*role);
  }
  principal.user = options.user.empty()
                       ? absl::StrCat(options.roles.front(), options.organisation.empty() ? "" : "-",
                                      options.organisation, "@specom.localhost")
                       : options.user;
  return (*authority)->IssueToken(principal, absl::Now(), absl::Hours(options.hours));
}

}  // namespace

void AddToken(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("token", "A test token for a platform of specom dev --secure");
  command->add_option("--credentials", options->credentials, "Folder of specom dev --secure")
      ->envname("SPECOM_CREDENTIALS")
      ->required();
  command->add_option("--role", options->roles, "e.g. national, region, icb or auditor; may be repeated")
      ->required();
  command->add_option("--organisation", options->organisation, "ODS code that the person acts for");
  command->add_option("--user", options->user, "Who it is; default: made of role and organisation");
  command->add_option("--hours", options->hours, "How long it is good for")
      ->check(CLI::Range(1, 24 * 30))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  specom token --credentials ./specom-data/secure --role icb --organisation QOQ > icb.token\n"
      "  specom runs list --token-file icb.token");
  command->callback([options, &exit_code] {
    auto token = MakeToken(*options);
    if (!token.ok()) {
      exit_code = Fail(token.status());
      return;
    }
    std::cout << token->Reveal() << "\n";
  });
}

}  // namespace specom::cli

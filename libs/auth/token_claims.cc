#include "libs/auth/token_claims.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "libs/auth/handles.h"
#include "libs/auth/signed_token.h"
#include "libs/auth/token_refusals.h"

namespace specom {
namespace {

using namespace token_refusals;

constexpr std::size_t kMaxSubjectLength = 320;
constexpr std::size_t kMaxRoleLength = 64;
constexpr std::size_t kMaxOdsLength = 10;
// The last second of the year 9999.
constexpr double kLatest = 253'402'300'799.0;

absl::Status Malformed(const std::string& what) {
  return Refuse(kMalformedToken, "The token's claims are not as they should be: " + what +
                                     ". Have the issuer's settings corrected.");
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string TextOf(const json_t* string) {
  return {json_string_value(string), json_string_length(string)};
}

// A claim that is a string or a list of strings; nothing for anything else, empty when it is absent.
std::optional<std::vector<std::string>> TextsOf(const json_t* claim) {
  if (claim == nullptr) return std::vector<std::string>();
  if (json_is_string(claim)) return std::vector<std::string>{TextOf(claim)};
  if (!json_is_array(claim)) return std::nullopt;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < json_array_size(claim); ++i) {
    const json_t* one = json_array_get(claim, i);
    if (!json_is_string(one)) return std::nullopt;
    texts.push_back(TextOf(one));
  }
  return texts;
}

// RFC 7519 NumericDate: seconds since 1970, whole or not.
absl::StatusOr<std::optional<absl::Time>> TimeOf(const json_t& claims, const char* name) {
  const json_t* claim = json_object_get(&claims, name);
  if (claim == nullptr) return std::optional<absl::Time>();
  const double seconds = json_number_value(claim);
  if (!json_is_number(claim) || seconds < 0 || seconds > kLatest) {
    return Malformed(std::string(name) + " is no time in seconds since 1970");
  }
  return std::optional(absl::UnixEpoch() + absl::Seconds(seconds));
}

absl::Status CheckIssuerAndAudience(const json_t& claims, const TokenSettings& settings) {
  const json_t* issuer = json_object_get(&claims, "iss");
  if (!json_is_string(issuer) || TextOf(issuer) != settings.issuer) {
    return Refuse(kWrongIssuer, "The token is not from " + settings.issuer + "; sign in there.",
                  {{"issuer", settings.issuer}});
  }
  const auto audiences = TextsOf(json_object_get(&claims, "aud"));
  if (!audiences || std::find(audiences->begin(), audiences->end(), settings.audience) == audiences->end()) {
    return Refuse(kWrongAudience,
                  "The token is for another system; ask the issuer for one with the audience " +
                      settings.audience + ".",
                  {{"audience", settings.audience}});
  }
  return absl::OkStatus();
}

absl::Status CheckTimes(const json_t& claims, const TokenSettings& settings, absl::Time now,
                        VerifiedToken& verified) {
  std::optional<absl::Time> expiry, not_before, issued;
  ASSIGN_OR_RETURN(expiry, TimeOf(claims, "exp"));
  ASSIGN_OR_RETURN(not_before, TimeOf(claims, "nbf"));
  ASSIGN_OR_RETURN(issued, TimeOf(claims, "iat"));
  if (!expiry)
    return Refuse(kMissingExpiry, "The token never expires (no exp); have the issuer limit its life.");
  const absl::Time begin =
      std::max(not_before.value_or(absl::UnixEpoch()), issued.value_or(absl::UnixEpoch()));
  verified.not_before = begin - settings.clock_skew;
  verified.not_after = *expiry + settings.clock_skew;
  const auto text = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
  };
  if (now >= verified.not_after) {
    return Refuse(kTokenExpired, "The token expired at " + text(*expiry) + "; sign in again.",
                  {{"expired_at", text(*expiry)}});
  }
  if (now < verified.not_before) {
    return Refuse(kTokenNotYetValid,
                  "The token is valid from " + text(begin) +
                      ", which is yet to come; if it was issued just now, set this machine's clock right.",
                  {{"valid_from", text(begin)}});
  }
  return absl::OkStatus();
}

absl::Status ReadSubject(const json_t& claims, Principal& principal) {
  const json_t* subject = json_object_get(&claims, "sub");
  if (json_is_string(subject)) principal.user = TextOf(subject);
  if (!principal.user.empty() && principal.user.size() <= kMaxSubjectLength && IsPrintable(principal.user)) {
    return absl::OkStatus();
  }
  return Refuse(kMalformedSubject,
                "The token does not say who it is for: sub must hold 1 to 320 printable ASCII "
                "characters.");
}

absl::Status ReadRoles(const json_t& claims, const TokenSettings& settings, Principal& principal) {
  const auto texts = TextsOf(json_object_get(&claims, settings.roles_claim.c_str()));
  if (!texts)
    return Malformed(settings.roles_claim + " is neither a list of words nor words with spaces between");
  for (const std::string& text : *texts) {
    for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
      const auto role = ParseRole({word.data(), word.size()});
      if (!role) {
        const std::string shown(IsPrintable({word.data(), word.size()}) ? word.substr(0, kMaxRoleLength)
                                                                        : "?");
        return Refuse(kUnknownRole,
                      "\"" + shown + "\" in the token's claim " + settings.roles_claim +
                          " is not a role; roles are national, region, icb, joint-committee, provider, "
                          "stakeholder, auditor and administrator.",
                      {{"role", shown}});
      }
      if (*role == Role::kService) {
        return Refuse(kRoleOfCertificates,
                      "The role service is not given by tokens: a service shows its certificate.");
      }
      principal.roles.insert(*role);
    }
  }
  if (!principal.roles.empty()) return absl::OkStatus();
  return Refuse(kMissingRoles,
                "The token gives no role (claim " + settings.roles_claim + "); have the issuer grant one.",
                {{"claim", settings.roles_claim}});
}

bool IsOdsCode(std::string_view text) {
  return text.size() >= 2 && text.size() <= kMaxOdsLength &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

absl::Status ReadOrganisation(const json_t& claims, const TokenSettings& settings, Principal& principal) {
  const json_t* claim = json_object_get(&claims, settings.organisation_claim.c_str());
  if (claim != nullptr) {
    if (!json_is_string(claim)) return Malformed(settings.organisation_claim + " is no string");
    principal.organisation = TextOf(claim);
  }
  if (!principal.organisation.empty() && !IsOdsCode(principal.organisation)) {
    return Refuse(kMalformedOrganisation,
                  "The token's claim " + settings.organisation_claim +
                      " is not an ODS code: 2 to 10 capital letters and digits, e.g. QOQ.",
                  {{"claim", settings.organisation_claim}});
  }
  const auto role = std::find_if(principal.roles.begin(), principal.roles.end(), ActsForOrganisation);
  if (role == principal.roles.end() || !principal.organisation.empty()) return absl::OkStatus();
  return Refuse(kMissingOrganisation,
                "The role " + std::string(ToString(*role)) +
                    " acts for an organisation; have the issuer put its ODS code into the claim " +
                    settings.organisation_claim + ".",
                {{"role", std::string(ToString(*role))}, {"claim", settings.organisation_claim}});
}

}  // namespace

absl::StatusOr<VerifiedToken> ReadClaims(const std::string& json, const TokenSettings& settings,
                                         absl::Time now) {
  const JsonHandle claims = ParseObject(json);
  if (claims == nullptr) return Malformed("they are not a JSON object with each member once");
  VerifiedToken verified;
  RETURN_IF_ERROR(CheckIssuerAndAudience(*claims, settings));
  RETURN_IF_ERROR(CheckTimes(*claims, settings, now, verified));
  RETURN_IF_ERROR(ReadSubject(*claims, verified.principal));
  RETURN_IF_ERROR(ReadRoles(*claims, settings, verified.principal));
  RETURN_IF_ERROR(ReadOrganisation(*claims, settings, verified.principal));
  return verified;
}

}  // namespace specom

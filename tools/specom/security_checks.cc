#include "tools/specom/security_checks.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/events/redis_connection.h"
#include "tools/specom/connection.h"

namespace specom::cli {
namespace {

// A certificate is to be renewed in this last part of its life.
constexpr double kLastPart = 0.2;
// Above it, times in logs and records of two machines no longer tell what came first.
constexpr absl::Duration kLargestSkew = absl::Seconds(1);
constexpr char kServerTime[] = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)";

std::string Day(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// "5 days", "3 hours"
std::string InWords(absl::Duration duration) {
  std::int64_t hours = absl::ToInt64Hours(duration);
  return hours >= 48 ? absl::StrCat(hours / 24, " days")
                     : absl::StrCat(hours, hours == 1 ? " hour" : " hours");
}

void ExamineEnd(const std::string& check, const std::string& file, absl::Time not_before,
                absl::Time not_after, const std::string& name, Examination& examination) {
  absl::Duration left = not_after - absl::Now();
  std::string words = absl::StrCat(file, name.empty() ? "" : " is " + name + ",", " ends in ", InWords(left),
                                   " (", Day(not_after), ")");
  left < kLastPart*(not_after - not_before) ? examination.Problem(check, words + "; renew it now")
                                            : examination.Sound(check, words);
}

void ExamineKeyFile(const std::string& path, Examination& examination) {
  struct stat about {};
  if (path.empty() || stat(path.c_str(), &about) != 0) return;
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) == 0)
    return examination.Sound("tls_key", path + " is for its owner only");
  examination.Problem("tls_key", path + " can be read by others than its owner; chmod 600 " + path);
}

// The token's payload, which nobody has verified; null when it is none.
nlohmann::json Claims(const Secret& token) {
  std::vector<std::string> parts = absl::StrSplit(token.Reveal(), '.');
  std::string payload;
  if (parts.size() != 3 || !absl::WebSafeBase64Unescape(parts[1], &payload)) return nullptr;
  auto claims = nlohmann::json::parse(payload, nullptr, /*allow_exceptions=*/false);
  return claims.is_object() ? claims : nlohmann::json();
}

void ExamineToken(const Secret& token, TokenVerifier* verifier, Examination& examination) {
  nlohmann::json claims = Claims(token);
  if (claims.is_null()) {
    return examination.Problem("token",
                               "is no signed token (three parts, the second one JSON); get an access token, "
                               "not an opaque one, from the issuer");
  }
  auto text = [&](const char* name) { return claims.contains(name) ? claims[name].dump() : "nothing"; };
  std::string words = absl::StrCat("iss ", text("iss"), ", aud ", text("aud"), ", sub ", text("sub"));
  if (claims.contains("exp") && claims["exp"].is_number()) {
    absl::Time end = absl::FromUnixSeconds(claims["exp"].get<std::int64_t>());
    absl::StrAppend(&words, end < absl::Now() ? ", ended " : ", ends ", Day(end));
    if (end < absl::Now() && verifier == nullptr)
      return examination.Problem("token", words + "; sign in again, or make one with specom token");
  }
  if (verifier == nullptr)
    return examination.Sound(
        "token", words + "; nobody verified it: give token_issuer, token_audience and token_jwks");
  auto principal = verifier->Verify(token.Reveal());
  if (!principal.ok())
    return examination.Problem("token", absl::StrCat(principal.status().message(), " (", words, ")"));
  std::vector<std::string> roles;
  for (Role role : principal->roles) roles.emplace_back(ToString(role));
  examination.Sound("token",
                    absl::StrCat(words, "; taken as ", principal->user, ", ", absl::StrJoin(roles, " "),
                                 principal->organisation.empty() ? "" : " of ", principal->organisation));
}

// asked, answered: by this machine's clock. What the way there may have taken explains as much.
void ExamineSkew(const std::string& check, const std::string& server, absl::Time asked, absl::Time there,
                 absl::Time answered, Examination& examination) {
  absl::Duration ahead = there < asked      ? asked - there
                         : there > answered ? answered - there
                                            : absl::ZeroDuration();
  if (absl::AbsDuration(ahead) <= kLargestSkew)
    return examination.Sound(check, absl::StrCat("agrees with that of ", server, " to within a second"));
  examination.Problem(
      check, absl::StrCat("this machine is ",
                          absl::FormatDuration(absl::Trunc(absl::AbsDuration(ahead), absl::Seconds(1))),
                          ahead > absl::ZeroDuration() ? " ahead of " : " behind ", server,
                          "; let chrony keep the clocks of both"));
}

}  // namespace

void ExamineCertificates(const rpc::TlsSettings& tls, Examination& examination) {
  const rpc::CertificateFiles& files = tls.files;
  if (files.certificate.empty() && files.key.empty() && files.authority.empty()) return;
  std::vector<std::string> problems = tls.Verify();
  for (const std::string& problem : problems) examination.Problem("certificates", problem);
  if (!problems.empty()) return;
  auto texts = rpc::ReadCertificateFiles(files);
  auto checked = texts.ok() ? rpc::CheckCertificates(files, *std::move(texts), absl::Now())
                            : absl::StatusOr<rpc::Certificates>(texts.status());
  if (!checked.ok()) {
    for (absl::string_view problem : absl::StrSplit(checked.status().message(), '\n'))
      examination.Problem("certificates", std::string(problem));
  } else {
    if (tls.enabled())
      ExamineEnd("tls_certificate", files.certificate, checked->not_before, checked->not_after,
                 checked->spiffe_id, examination);
    ExamineEnd("tls_authority", files.authority, checked->authority_not_before, checked->authority_not_after,
               "", examination);
  }
  ExamineKeyFile(files.key, examination);
}

void ExamineTokens(const TokenSettings& tokens, const std::string& token_file, Examination& examination) {
  std::unique_ptr<TokenVerifier> verifier;
  const SystemClock clock;
  if (!tokens.issuer.empty() || !tokens.audience.empty() || !tokens.jwks.empty()) {
    std::vector<std::string> problems = tokens.Verify();
    for (const std::string& problem : problems) examination.Problem("tokens", "token_" + problem);
    if (problems.empty()) {
      auto made = NewTokenVerifier(tokens, clock, nullptr, nullptr);
      examination.Status("token_jwks", made.status(),
                         "the keys of " + tokens.issuer + " are at " + tokens.jwks);
      if (made.ok()) verifier = *std::move(made);
    }
  }
  if (token_file.empty()) return;
  auto token = ReadToken(token_file);
  if (!token.ok()) return examination.Problem("token", std::string(token.status().message()));
  ExamineToken(*token, verifier.get(), examination);
}

void ExamineClockOf(const store::DatabaseConfig& postgresql, Examination& examination) {
  const SystemClock clock;
  auto store = store::OpenStore(postgresql, clock);
  // Why it cannot be reached, another check says.
  if (!store.ok()) return;
  absl::Time asked, there, answered;
  RequestContext context;
  context.deadline = absl::Now() + absl::Seconds(10);
  absl::Status read = (*store)->Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    asked = absl::Now();
    auto rows = work.Query({"doctor_server_time", kServerTime, {store::ColumnType::kInteger}});
    answered = absl::Now();
    if (!rows.ok()) return rows.status();
    there = absl::FromUnixMicros((*rows)[0].Integer(0));
    return absl::OkStatus();
  });
  if (!read.ok()) return examination.Problem("clock", std::string(read.message()));
  ExamineSkew("clock", "PostgreSQL", asked, there, answered, examination);
}

void ExamineClockOfRedis(const Secret& url, Examination& examination) {
  auto endpoint = events::ParseRedisUrl(url);
  if (!endpoint.ok()) return;
  events::RedisConnection connection(*endpoint);
  absl::Time asked = absl::Now();
  auto reply = connection.Call({"TIME"});
  absl::Time answered = absl::Now();
  std::int64_t seconds = 0, micros = 0;
  if (!reply.ok() || reply->List().size() != 2 || !absl::SimpleAtoi(reply->List()[0].Text(), &seconds) ||
      !absl::SimpleAtoi(reply->List()[1].Text(), &micros)) {
    return;
  }
  absl::Time there = absl::FromUnixSeconds(seconds) + absl::Microseconds(micros);
  ExamineSkew("clock", "Redis", asked, there, answered, examination);
}

}  // namespace specom::cli

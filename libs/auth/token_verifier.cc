#include "libs/auth/token_verifier.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "libs/auth/jwks.h"
#include "libs/auth/jwks_source.h"
#include "libs/auth/key_keeper.h"
#include "libs/auth/signed_token.h"
#include "libs/auth/token_cache.h"
#include "libs/auth/token_claims.h"
#include "libs/auth/token_refusals.h"
#include "libs/base/status.h"
#include "libs/observe/metrics.h"

namespace specom {
namespace {

constexpr absl::Duration kMostClockSkew = absl::Minutes(5);
constexpr int kRetryMilliseconds = 1'000;

// specom_token_verified_total, one series for each outcome.
class Outcomes {
 public:
  explicit Outcomes(observe::Metrics& metrics)
      : verified_(Count(metrics, "verified")), remembered_(Count(metrics, "remembered")) {
    for (std::string_view reason : token_refusals::kOfVerifier)
      refused_.emplace(reason, Count(metrics, reason));
  }

  void Remembered() { remembered_.Increment(); }
  void Count(const absl::Status& status) {
    if (status.ok()) return verified_.Increment();
    if (auto found = refused_.find(ErrorReason(status)); found != refused_.end()) found->second.Increment();
  }

 private:
  static observe::Counter Count(observe::Metrics& metrics, std::string_view outcome) {
    return metrics.GetCounter("specom_token_verified_total",
                              "Tokens that were verified, were remembered, or were refused and why.",
                              {{"outcome", std::string(outcome)}});
  }

  observe::Counter verified_;
  observe::Counter remembered_;
  std::map<std::string_view, observe::Counter> refused_;
};

class Verifier final : public TokenVerifier {
 public:
  Verifier(const TokenSettings& settings, std::unique_ptr<KeyKeeper> keys, const Clock& clock,
           observe::Metrics* metrics)
      : settings_(settings), keys_(std::move(keys)), clock_(clock) {
    if (metrics != nullptr) outcomes_.emplace(*metrics);
  }

  absl::StatusOr<Principal> Verify(std::string_view token) override {
    const absl::Time now = clock_.Now();
    if (token.size() <= SignedToken::kMaxLength) {
      if (auto known = cache_.Find(token, keys_->generation(), now)) {
        if (outcomes_) outcomes_->Remembered();
        return *std::move(known);
      }
    }
    auto principal = VerifyAnew(token, now);
    if (outcomes_) outcomes_->Count(principal.status());
    return principal;
  }

 private:
  absl::StatusOr<Principal> VerifyAnew(std::string_view text, absl::Time now);
  // The key that signed the token, read anew when it is unknown.
  absl::StatusOr<const KeySet::Key*> FindKey(const SignedToken& token, KeyKeeper::Snapshot& snapshot);

  const TokenSettings settings_;
  const std::unique_ptr<KeyKeeper> keys_;
  const Clock& clock_;
  TokenCache cache_;
  std::optional<Outcomes> outcomes_;
};

absl::StatusOr<Principal> Verifier::VerifyAnew(std::string_view text, absl::Time now) {
  absl::StatusOr<SignedToken> token = SignedToken::Parse(text, settings_.algorithms);
  RETURN_IF_ERROR(token.status());
  KeyKeeper::Snapshot snapshot = keys_->Current();
  const KeySet::Key* key = nullptr;
  ASSIGN_OR_RETURN(key, FindKey(*token, snapshot));
  std::string claims;
  ASSIGN_OR_RETURN(claims, token->VerifiedClaims(*key));
  VerifiedToken verified;
  ASSIGN_OR_RETURN(verified, ReadClaims(claims, settings_, now));
  Principal principal = verified.principal;
  cache_.Put(text, snapshot.generation, now, std::move(verified));
  return principal;
}

absl::StatusOr<const KeySet::Key*> Verifier::FindKey(const SignedToken& token,
                                                     KeyKeeper::Snapshot& snapshot) {
  auto found = snapshot.keys->Find(token.key_id(), token.algorithm());
  if (found.ok() || ErrorReason(found.status()) != token_refusals::kUnknownKey) return found;
  switch (keys_->RefreshNow()) {
    case KeyKeeper::Refresh::kTooSoon:
      break;
    case KeyKeeper::Refresh::kDone:
      break;
    case KeyKeeper::Refresh::kUnderWay:
      return WithRetryAfter(
          MakeError(
              absl::StatusCode::kUnavailable, token_refusals::kKeysBeingRead,
              "The token was signed with a key that is not known yet; the issuer's keys are being read. "
              "Try again in a second."),
          kRetryMilliseconds);
  }
  // Another call may have had them read meanwhile.
  snapshot = keys_->Current();
  return snapshot.keys->Find(token.key_id(), token.algorithm());
}

}  // namespace

std::vector<std::string> TokenSettings::Verify() const {
  std::vector<std::string> problems;
  if (issuer.empty())
    problems.push_back("issuer: is missing; give the iss claim of the tokens, to the letter");
  if (audience.empty()) {
    problems.push_back("audience: is missing; without it a token for any other system would be taken");
  }
  if (std::string problem = NotAJwksAddress(jwks); !problem.empty()) problems.push_back("jwks: " + problem);
  if (algorithms.empty()) problems.push_back("algorithms: none are taken; name RS256, PS256 or ES256");
  for (const auto& algorithm : algorithms) {
    if (IsSignatureAlgorithm(algorithm)) continue;
    problems.push_back("algorithms: " + algorithm +
                       " is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512");
  }
  if (roles_claim.empty()) problems.push_back("roles_claim: is missing; name the claim that holds the roles");
  if (organisation_claim.empty()) {
    problems.push_back("organisation_claim: is missing; name the claim that holds the ODS code");
  }
  if (clock_skew < absl::ZeroDuration() || clock_skew > kMostClockSkew) {
    problems.push_back("clock_skew: must be 0 s to 5 min");
  }
  if (least_refresh_pause <= absl::ZeroDuration())
    problems.push_back("least_refresh_pause: must be above 0 s");
  if (refresh_interval < least_refresh_pause) {
    problems.push_back("refresh_interval: must not be below least_refresh_pause");
  }
  return problems;
}

absl::StatusOr<std::unique_ptr<TokenVerifier>> NewTokenVerifier(const TokenSettings& settings,
                                                                const Clock& clock, observe::Logger* logger,
                                                                observe::Metrics* metrics) {
  if (auto problems = settings.Verify(); !problems.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_TOKEN_SETTINGS",
                     absl::StrJoin(problems, "\n"));
  }
  std::unique_ptr<KeyKeeper> keys;
  ASSIGN_OR_RETURN(
      keys,
      KeyKeeper::Start(settings.jwks, NewJwksReader(settings.jwks, settings.jwks_authority),
                       {.between_readings = settings.refresh_interval, .least = settings.least_refresh_pause},
                       clock, logger, metrics));
  return std::make_unique<Verifier>(settings, std::move(keys), clock, metrics);
}

}  // namespace specom

// For tests: tokens of every kind, good and bad, and a key set in a file that can be replaced.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "libs/auth/handles.h"
#include "libs/auth/local_authority.h"
#include "libs/base/digest.h"

namespace specom::testing {

// The members of a JSON object, each value as JSON.
using Members = std::map<std::string, std::string>;

inline std::string Object(const Members& members) {
  std::string text;
  for (const auto& [name, value] : members) text += (text.empty() ? "{\"" : ",\"") + name + "\":" + value;
  return text.empty() ? "{}" : text + "}";
}

inline std::string Quoted(const std::string& text) {
  return "\"" + text + "\"";
}

// A token of these texts, whoever signed it.
inline std::string Compact(const std::string& header, const std::string& claims,
                           const std::string& signature) {
  return absl::WebSafeBase64Escape(header) + "." + absl::WebSafeBase64Escape(claims) + "." +
         absl::WebSafeBase64Escape(signature);
}

inline std::string KeyJson(const cjose_jwk_t& key, bool with_private_half = false) {
  char* json = cjose_jwk_to_json(&key, with_private_half, nullptr);
  std::string text = json;
  free(json);
  return text;
}

inline JwkHandle Named(cjose_jwk_t* key, const std::string& id) {
  cjose_jwk_set_kid(key, id.data(), id.size(), nullptr);
  return JwkHandle(key);
}
inline JwkHandle NewRsaKey(const std::string& id, std::size_t bits = 2048) {
  const std::uint8_t exponent[] = {1, 0, 1};
  return Named(cjose_jwk_create_RSA_random(bits, exponent, sizeof(exponent), nullptr), id);
}
inline JwkHandle NewSecretKey(const std::string& bytes) {
  return JwkHandle(
      cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), nullptr));
}

inline std::string SignWith(const cjose_jwk_t& key, const Members& header, const std::string& claims) {
  JsonHandle members(json_loads(Object(header).c_str(), 0, nullptr));
  JwsHandle signature(cjose_jws_sign(
      &key, members.get(), reinterpret_cast<const std::uint8_t*>(claims.data()), claims.size(), nullptr));
  const char* token = nullptr;
  EXPECT_TRUE(signature != nullptr && cjose_jws_export(signature.get(), &token, nullptr));
  return token == nullptr ? "" : token;
}

// The kid of a key set's first key.
inline std::string FirstKeyId(const std::string& jwks) {
  JsonHandle set(json_loads(jwks.c_str(), 0, nullptr));
  return json_string_value(json_object_get(json_array_get(json_object_get(set.get(), "keys"), 0), "kid"));
}

inline Members GoodClaims(absl::Time now) {
  return {{"iss", Quoted(LocalAuthority::kIssuer)},
          {"aud", Quoted(LocalAuthority::kAudience)},
          {"sub", Quoted("ada@example.nhs.uk")},
          {"exp", std::to_string(absl::ToUnixSeconds(now + absl::Minutes(10)))},
          {"specom_roles", R"(["icb"])"},
          {"specom_organisation", Quoted("QOQ")}};
}

inline Members With(Members members, const Members& changes) {
  for (const auto& [name, value] : changes) {
    if (value.empty()) {
      members.erase(name);
    } else {
      members[name] = value;
    }
  }
  return members;
}

// A file in a folder of its own, replaced as a whole.
class ReplaceableFile {
 public:
  ReplaceableFile() { std::filesystem::create_directory(folder_); }
  ~ReplaceableFile() { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "jwks.json"; }
  void Replace(const std::string& text) {
    std::ofstream(folder_ / "next", std::ios::binary) << text;
    std::filesystem::rename(folder_ / "next", path());
  }

 private:
  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("specom-keys-" + NewUuid());
};

}  // namespace specom::testing

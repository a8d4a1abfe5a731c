#include "libs/auth/jwks_source.h"

#include <curl/curl.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "libs/auth/handles.h"
#include "libs/base/status.h"

namespace specom {
namespace {

using CurlHandle = std::unique_ptr<CURL, ReleasedBy<curl_easy_cleanup>>;
using UrlHandle = std::unique_ptr<CURLU, ReleasedBy<curl_url_cleanup>>;

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr long kConnectMilliseconds = 2'000;
constexpr long kWholeMilliseconds = 5'000;
constexpr long kHttpOk = 200;

struct Url {
  std::string scheme;
  std::string host;
  bool has_user = false;
};

bool IsUrl(const std::string& address) {
  return address.find("://") != address.npos;
}

std::optional<std::string> PartOf(CURLU& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(&url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::optional<Url> ParseUrl(const std::string& address) {
  UrlHandle url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return std::nullopt;
  }
  return Url{
      .scheme = PartOf(*url, CURLUPART_SCHEME).value_or(""),
      .host = PartOf(*url, CURLUPART_HOST).value_or(""),
      .has_user = PartOf(*url, CURLUPART_USER).has_value() || PartOf(*url, CURLUPART_PASSWORD).has_value()};
}

bool IsLoopback(const std::string& host) {
  const bool numeric = host.find_first_not_of("0123456789.") == host.npos;
  return host == "localhost" || host == "[::1]" || (numeric && host.starts_with("127."));
}

absl::Status Unreadable(const std::string& why) {
  return MakeError(absl::StatusCode::kUnavailable, "KEYS_UNREADABLE", why);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return Unreadable("there is no such file");
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.is_open()) return Unreadable("the file cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxBytes) return Unreadable("the file is longer than 1 MiB");
  return text;
}

std::size_t Append(char* bytes, std::size_t size, std::size_t count, void* text) {
  auto& body = *static_cast<std::string*>(text);
  if (body.size() + size * count > kMaxBytes) return 0;
  body.append(bytes, size * count);
  return size * count;
}

int StopWhenCancelled(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

absl::StatusOr<std::string> Download(const std::string& address, const std::string& authority,
                                     const std::atomic<bool>& cancelled) {
  CurlHandle curl(curl_easy_init());
  if (curl == nullptr) return Unreadable("libcurl could not be started");
  const bool loopback = IsLoopback(ParseUrl(address).value_or(Url{}).host);
  std::string body;
  auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, address.c_str());
  set(CURLOPT_PROTOCOLS_STR, loopback ? "http,https" : "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!authority.empty()) {
    set(CURLOPT_CAINFO, authority.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (loopback) set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
  set(CURLOPT_TIMEOUT_MS, kWholeMilliseconds);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &StopWhenCancelled);
  set(CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&cancelled));
  set(CURLOPT_WRITEFUNCTION, &Append);
  set(CURLOPT_WRITEDATA, &body);
  const CURLcode outcome = curl_easy_perform(curl.get());
  if (outcome == CURLE_WRITE_ERROR) return Unreadable("the answer is longer than 1 MiB");
  if (outcome != CURLE_OK) return Unreadable(curl_easy_strerror(outcome));
  long code = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &code);
  if (code != kHttpOk) return Unreadable("the server answered with HTTP status " + std::to_string(code));
  return body;
}

}  // namespace

std::string NotAJwksAddress(const std::string& address) {
  if (address.empty()) return "is missing; give the path or the https:// address of the issuer's key set";
  if (!IsUrl(address)) return "";
  const std::optional<Url> url = ParseUrl(address);
  if (!url || url->host.empty())
    return "is not an address; it should read like https://login.example.nhs.uk/jwks";
  if (url->has_user) return "holds a user or a password, which would be logged; key sets are public";
  if (url->scheme == "https" || (url->scheme == "http" && IsLoopback(url->host))) return "";
  return "must be https://: who can change the keys on their way can sign tokens (http:// is for loopback "
         "only)";
}

JwksReader NewJwksReader(const std::string& address, const std::string& authority) {
  if (!IsUrl(address)) return [address](const std::atomic<bool>&) { return ReadFile(address); };
  // Not thread-safe by itself; the language makes it so.
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
  return [address, authority](const std::atomic<bool>& cancelled) {
    return Download(address, authority, cancelled);
  };
}

}  // namespace specom

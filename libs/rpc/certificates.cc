#include "libs/rpc/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace specom::rpc {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;
constexpr char kScheme[] = "spiffe://";

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

absl::Status Problems(const std::vector<std::string>& problems) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CERTIFICATES", absl::StrJoin(problems, "\n"));
}

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Every certificate in the text, in its order; what is not one is passed over.
std::vector<X509Ptr> ParseCertificates(const std::string& text) {
  std::vector<X509Ptr> certificates;
  Bio reader = Reader(text);
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  ERR_clear_error();
  return certificates;
}

// Null when it is no key or an encrypted one: nobody is there to type its password.
Key ParseKey(const std::string& text) {
  Bio reader = Reader(text);
  auto no_password = [](char*, int, int, void*) { return -1; };
  Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return absl::InfinitePast();
  return absl::FromTM(fields, absl::UTCTimeZone());
}

std::string Words(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

std::vector<std::string> SpiffeIds(const X509& certificate) {
  std::vector<std::string> ids;
  Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), ASN1_STRING_length(uri));
    if (IsSpiffeId(text)) ids.push_back(std::move(text));
  }
  return ids;
}

// Why the first certificate does not lead to an authority; "" when it does.
std::string ChainProblem(const std::vector<X509Ptr>& chain, const std::vector<X509Ptr>& authorities,
                         absl::Time now) {
  Store store(X509_STORE_new());
  for (const X509Ptr& authority : authorities) X509_STORE_add_cert(store.get(), authority.get());
  // An intermediate certificate may be trusted without its root.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  STACK_OF(X509)* intermediates = sk_X509_new_null();
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(intermediates, chain[i].get());
  StoreContext context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain[0].get(), intermediates);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), absl::ToTimeT(now));
  std::string problem;
  if (X509_verify_cert(context.get()) != 1) {
    problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  }
  context.reset();
  sk_X509_free(intermediates);
  ERR_clear_error();
  return problem;
}

// Reads a file whole; "" and a problem when that cannot be done.
std::string ReadWhole(const std::string& path, std::vector<std::string>& problems) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.eof() || text.size() > kLargestFile) {
    problems.push_back(path +
                       ": cannot be read; see that it is there, that this user may read it, and that it is a "
                       "PEM file");
    return "";
  }
  return text;
}

void CheckOwn(const CertificateFiles& files, const std::vector<X509Ptr>& authorities, absl::Time now,
              Certificates& checked, std::vector<std::string>& problems) {
  std::vector<X509Ptr> chain = ParseCertificates(checked.texts.certificate);
  Key key = ParseKey(checked.texts.key.Reveal());
  if (key == nullptr) {
    problems.push_back(files.key +
                       ": holds no private key in PEM, or an encrypted one; give it without a password, "
                       "readable by this user only");
  }
  if (chain.empty()) {
    problems.push_back(files.certificate + ": holds no certificate in PEM");
    return;
  }
  const X509& own = *chain[0];
  if (key != nullptr && X509_check_private_key(&own, key.get()) != 1) {
    ERR_clear_error();
    problems.push_back(absl::StrCat(files.key, ": is not the key of the first certificate in ",
                                    files.certificate, "; put both in place from the same issue"));
  }
  std::vector<std::string> ids = SpiffeIds(own);
  if (ids.size() == 1) {
    checked.spiffe_id = ids[0];
  } else {
    problems.push_back(
        absl::StrCat(files.certificate, ": has ", ids.size(),
                     " spiffe:// names among its subject alternative names; issue it with exactly one, "
                     "e.g. URI:spiffe://specom.prod/svc/finance"));
  }
  checked.not_after = TimeOf(X509_get0_notAfter(&own));
  checked.not_before = TimeOf(X509_get0_notBefore(&own));
  if (checked.not_after < now) {
    problems.push_back(files.certificate + ": expired at " + Words(checked.not_after) + "; issue it anew");
  } else if (checked.not_before > now) {
    problems.push_back(files.certificate + ": is valid from " + Words(checked.not_before) +
                       " on; issue it anew, or set the clock of this machine");
  } else if (std::string problem = authorities.empty() ? "" : ChainProblem(chain, authorities, now);
             !problem.empty()) {
    problems.push_back(
        absl::StrCat(files.certificate, ": does not lead to ", files.authority, " (", problem,
                     "); put the authority that issued it there, and intermediate certificates behind "
                     "the certificate"));
  }
}

}  // namespace

bool IsSpiffeId(std::string_view text) {
  if (!text.starts_with(kScheme)) return false;
  text.remove_prefix(sizeof(kScheme) - 1);
  auto slash = text.find('/');
  return slash != text.npos && slash > 0 && slash + 1 < text.size();
}

absl::StatusOr<CertificateTexts> ReadCertificateFiles(const CertificateFiles& files) {
  std::vector<std::string> problems;
  CertificateTexts texts;
  if (!files.certificate.empty()) texts.certificate = ReadWhole(files.certificate, problems);
  if (!files.key.empty()) texts.key = Secret(ReadWhole(files.key, problems));
  texts.authority = ReadWhole(files.authority, problems);
  if (!problems.empty()) return Problems(problems);
  return texts;
}

absl::StatusOr<Certificates> CheckCertificates(const CertificateFiles& files, CertificateTexts texts,
                                               absl::Time now) {
  std::vector<std::string> problems;
  Certificates checked;
  checked.texts = std::move(texts);
  std::vector<X509Ptr> authorities = ParseCertificates(checked.texts.authority);
  for (const X509Ptr& authority : authorities) {
    absl::Time not_after = TimeOf(X509_get0_notAfter(authority.get()));
    if (not_after >= checked.authority_not_after) continue;
    checked.authority_not_before = TimeOf(X509_get0_notBefore(authority.get()));
    checked.authority_not_after = not_after;
  }
  if (authorities.empty()) problems.push_back(files.authority + ": holds no certificate in PEM");
  if (!files.certificate.empty()) CheckOwn(files, authorities, now, checked, problems);
  if (!problems.empty()) return Problems(problems);
  return checked;
}

}  // namespace specom::rpc

#include "libs/auth/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <string_view>

#include "libs/base/status.h"

namespace specom {
namespace {

using NamesHandle = std::unique_ptr<GENERAL_NAMES, ReleasedBy<GENERAL_NAMES_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, ReleasedBy<BN_free>>;

constexpr int kVersion3 = 2;
// RFC 5280, 4.1.2.2: at most 20 octets and positive, so 159 bits.
constexpr int kSerialBits = 159;
constexpr char kAuthorityName[] = "specom local authority";

// What OpenSSL says of its last failure; its queue of errors is empty afterwards, so that TLS
// connections of this thread do not find them.
absl::Status OpensslError(const std::string& what) {
  char text[256] = "no reason given";
  if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return MakeError(absl::StatusCode::kInternal, "CERTIFICATE_NOT_MADE",
                   "OpenSSL could not make a certificate (" + what + "): " + text);
}

bool SetSerial(X509& certificate) {
  NumberHandle serial(BN_new());
  return serial != nullptr && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool SetLifetime(X509& certificate, absl::Time not_before, absl::Time not_after) {
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), absl::ToTimeT(not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), absl::ToTimeT(not_after)) != nullptr;
}

bool SetCommonName(X509& certificate, const std::string& name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

bool AddExtension(X509& certificate, X509& issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, ReleasedBy<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool AddName(GENERAL_NAMES& names, int type, std::string_view bytes) {
  std::unique_ptr<ASN1_STRING, ReleasedBy<ASN1_STRING_free>> text(
      ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING));
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (text == nullptr || name == nullptr ||
      ASN1_STRING_set(text.get(), bytes.data(), static_cast<int>(bytes.size())) != 1 ||
      sk_GENERAL_NAME_push(&names, name) <= 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, text.release());
  return true;
}

bool AddNames(X509& certificate, const std::string& spiffe_id) {
  static constexpr std::string_view kLoopback4("\x7f\0\0\1", 4);
  static constexpr std::string_view kLoopback6("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  NamesHandle names(GENERAL_NAMES_new());
  return names != nullptr && AddName(*names, GEN_URI, spiffe_id) && AddName(*names, GEN_DNS, "localhost") &&
         AddName(*names, GEN_IPADD, kLoopback4) && AddName(*names, GEN_IPADD, kLoopback6) &&
         X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

std::string Contents(BIO& bio) {
  char* bytes = nullptr;
  long size = BIO_get_mem_data(&bio, &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

absl::StatusOr<EvpKeyHandle> NewEllipticKey() {
  EvpKeyHandle key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpensslError("a key");
  return key;
}

absl::StatusOr<X509Handle> MakeAuthorityCertificate(EVP_PKEY& key, absl::Time not_before,
                                                    absl::Time not_after) {
  X509Handle made(X509_new());
  X509& it = *made;
  bool ok = X509_set_version(&it, kVersion3) == 1 && SetSerial(it) &&
            SetLifetime(it, not_before, not_after) && SetCommonName(it, kAuthorityName) &&
            X509_set_issuer_name(&it, X509_get_subject_name(&it)) == 1 && X509_set_pubkey(&it, &key) == 1 &&
            AddExtension(it, it, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
            AddExtension(it, it, NID_key_usage, "critical,keyCertSign,cRLSign") &&
            AddExtension(it, it, NID_subject_key_identifier, "hash") &&
            AddExtension(it, it, NID_authority_key_identifier, "keyid:always") &&
            X509_sign(&it, &key, EVP_sha256()) > 0;
  if (!ok) return OpensslError("the authority");
  return made;
}

absl::StatusOr<X509Handle> MakeLeafCertificate(EVP_PKEY& key, const std::string& spiffe_id,
                                               absl::Time not_before, absl::Time not_after, X509& authority,
                                               EVP_PKEY& authority_key) {
  X509Handle made(X509_new());
  X509& it = *made;
  // A common name has at most 64 characters; relying parties read the URI.
  const std::string common_name = spiffe_id.substr(spiffe_id.rfind('/') + 1).substr(0, 64);
  bool ok = X509_set_version(&it, kVersion3) == 1 && SetSerial(it) &&
            SetLifetime(it, not_before, not_after) && SetCommonName(it, common_name) &&
            X509_set_issuer_name(&it, X509_get_subject_name(&authority)) == 1 &&
            X509_set_pubkey(&it, &key) == 1 &&
            AddExtension(it, authority, NID_basic_constraints, "critical,CA:FALSE") &&
            AddExtension(it, authority, NID_key_usage, "critical,digitalSignature") &&
            AddExtension(it, authority, NID_ext_key_usage, "serverAuth,clientAuth") &&
            AddExtension(it, authority, NID_subject_key_identifier, "hash") &&
            AddExtension(it, authority, NID_authority_key_identifier, "keyid:always") &&
            AddNames(it, spiffe_id) && X509_sign(&it, &authority_key, EVP_sha256()) > 0;
  if (!ok) return OpensslError(spiffe_id);
  return made;
}

std::string ToPem(X509& certificate) {
  BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return Contents(*bio);
}

std::string ToPem(EVP_PKEY& private_key) {
  BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), &private_key, nullptr, nullptr, 0, nullptr, nullptr);
  return Contents(*bio);
}

X509Handle CertificateFromPem(const std::string& pem) {
  BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Handle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

EvpKeyHandle PrivateKeyFromPem(const std::string& pem) {
  BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // A password is never asked for: an encrypted key is refused.
  auto no_password = [](char*, int, int, void*) { return -1; };
  EvpKeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

}  // namespace specom

// A process's certificate, its key and the authorities it trusts, read from files and checked against
// each other before anybody uses them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"

namespace specom::rpc {

// Paths of PEM files.
struct CertificateFiles {
  // The certificate, and behind it the intermediate ones that lead to the authority. Empty together with
  // the key: the process only checks others, e.g. a person's client with a token.
  std::string certificate = {};
  std::string key = {};
  // One or more certificates of authorities.
  std::string authority = {};
};

// What was in the files, byte for byte.
struct CertificateTexts {
  std::string certificate;
  Secret key;
  std::string authority;

  bool operator==(const CertificateTexts& other) const {
    return certificate == other.certificate && key.Reveal() == other.key.Reveal() &&
           authority == other.authority;
  }
};

struct Certificates {
  CertificateTexts texts;
  // The URI name, e.g. "spiffe://specom.prod/svc/finance"; empty without a certificate.
  std::string spiffe_id;
  // Of the certificate itself; infinite without one.
  absl::Time not_before = absl::InfinitePast();
  absl::Time not_after = absl::InfiniteFuture();
  // Of the authority that ends first.
  absl::Time authority_not_before = absl::InfinitePast();
  absl::Time authority_not_after = absl::InfiniteFuture();
};

// True for "spiffe://trust-domain/path".
bool IsSpiffeId(std::string_view text);

// FAILED_PRECONDITION/CERTIFICATES with each file that cannot be read.
absl::StatusOr<CertificateTexts> ReadCertificateFiles(const CertificateFiles& files);

// FAILED_PRECONDITION/CERTIFICATES, one problem a line, each with its file and the remedy: not PEM, a key
// that is encrypted or belongs to another certificate, a chain that does not lead to the authority, no
// single SPIFFE name, times that do not hold `now`. files: for the words.
absl::StatusOr<Certificates> CheckCertificates(const CertificateFiles& files, CertificateTexts texts,
                                               absl::Time now);

}  // namespace specom::rpc

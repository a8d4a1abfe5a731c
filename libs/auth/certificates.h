// X.509 certificates of a local authority, as OpenSSL makes them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/auth/handles.h"

namespace specom {

// A new P-256 key.
absl::StatusOr<EvpKeyHandle> NewEllipticKey();

// A self-signed certificate that may sign others, but no further authorities.
absl::StatusOr<X509Handle> MakeAuthorityCertificate(EVP_PKEY& key, absl::Time not_before,
                                                    absl::Time not_after);

// For servers and clients: the URI name, localhost, 127.0.0.1 and ::1.
absl::StatusOr<X509Handle> MakeLeafCertificate(EVP_PKEY& key, const std::string& spiffe_id,
                                               absl::Time not_before, absl::Time not_after, X509& authority,
                                               EVP_PKEY& authority_key);

std::string ToPem(X509& certificate);
// PKCS #8, not encrypted.
std::string ToPem(EVP_PKEY& private_key);
// Null when the text is none.
X509Handle CertificateFromPem(const std::string& pem);
EvpKeyHandle PrivateKeyFromPem(const std::string& pem);

}  // namespace specom

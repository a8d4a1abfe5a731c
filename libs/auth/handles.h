// OpenSSL's, cjose's and jansson's objects, released when their holder goes.
#pragma once

#include <cjose/cjose.h>
#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>

namespace specom {

template <auto kRelease>
struct ReleasedBy {
  template <class T>
  void operator()(T* object) const {
    kRelease(object);
  }
};

// json_decref is static in jansson's header; types made of it would differ from file to file.
inline void ReleaseJson(json_t* json) {
  json_decref(json);
}

using BioHandle = std::unique_ptr<BIO, ReleasedBy<BIO_free_all>>;
using EvpKeyHandle = std::unique_ptr<EVP_PKEY, ReleasedBy<EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, ReleasedBy<X509_free>>;
using JwkHandle = std::unique_ptr<cjose_jwk_t, ReleasedBy<cjose_jwk_release>>;
using JwsHandle = std::unique_ptr<cjose_jws_t, ReleasedBy<cjose_jws_release>>;
using JsonHandle = std::unique_ptr<json_t, ReleasedBy<ReleaseJson>>;

}  // namespace specom

// Proves that a local authority's certificates verify with OpenSSL, carry their names and uses, and
// that what was saved is what is loaded, readable by its owner alone.
#include "libs/auth/local_authority.h"

#include <gmock/gmock.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "libs/auth/certificates.h"
#include "libs/base/digest.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kFinance[] = "spiffe://specom.dev/svc/finance";

class LocalAuthorityTest : public ::testing::Test {
 protected:
  LocalAuthorityTest()
      : folder_(std::filesystem::temp_directory_path() / ("specom-authority-" + NewUuid())) {}
  ~LocalAuthorityTest() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_;
};

IssuedCertificate Issue(const LocalAuthority& authority, absl::Duration from = -absl::Minutes(1),
                        absl::Duration until = absl::Hours(1)) {
  auto issued = authority.IssueCertificate(kFinance, absl::Now() + from, absl::Now() + until);
  EXPECT_THAT(issued, IsOk());
  return *std::move(issued);
}

// X509_V_OK, or why a relying party with this purpose refuses it now.
int Refusal(const std::string& authority, const std::string& leaf, int purpose) {
  X509Handle root = CertificateFromPem(authority), certificate = CertificateFromPem(leaf);
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, root.get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(context, purpose);
  X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
  X509_verify_cert(context);
  int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return error;
}

std::vector<std::string> UriNames(const std::string& pem) {
  X509Handle certificate = CertificateFromPem(pem);
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), ASN1_STRING_length(uri));
  }
  GENERAL_NAMES_free(names);
  return uris;
}

unsigned Mode(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST_F(LocalAuthorityTest, ItsCertificatesVerifyForServersAndClients) {
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  IssuedCertificate issued = Issue(**authority);
  EXPECT_EQ(Refusal((*authority)->authority(), issued.certificate, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  EXPECT_EQ(Refusal((*authority)->authority(), issued.certificate, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
  X509Handle certificate = CertificateFromPem(issued.certificate);
  EvpKeyHandle key = PrivateKeyFromPem(issued.key.Reveal());
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
}

TEST_F(LocalAuthorityTest, ACertificateNamesItsWorkloadAndThisMachine) {
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  std::string pem = Issue(**authority).certificate;
  EXPECT_THAT(UriNames(pem), ElementsAre(kFinance));
  X509Handle certificate = CertificateFromPem(pem);
  EXPECT_EQ(X509_check_host(certificate.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "finance.example.nhs.uk", 0, 0, nullptr), 0);
}

TEST_F(LocalAuthorityTest, OthersAndTheExpiredAreNotVerified) {
  auto authority = LocalAuthority::Make(), other = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  ASSERT_THAT(other, IsOk());
  EXPECT_NE(Refusal((*other)->authority(), Issue(**authority).certificate, X509_PURPOSE_SSL_SERVER),
            X509_V_OK);
  IssuedCertificate expired = Issue(**authority, -absl::Hours(2), -absl::Hours(1));
  EXPECT_EQ(Refusal((*authority)->authority(), expired.certificate, X509_PURPOSE_SSL_SERVER),
            X509_V_ERR_CERT_HAS_EXPIRED);
  IssuedCertificate leaf = Issue(**authority);
  EXPECT_NE(Refusal(leaf.certificate, leaf.certificate, X509_PURPOSE_SSL_SERVER), X509_V_OK)
      << "a leaf is no authority";
}

TEST_F(LocalAuthorityTest, SerialsDiffer) {
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  X509Handle a = CertificateFromPem(Issue(**authority).certificate);
  X509Handle b = CertificateFromPem(Issue(**authority).certificate);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(a.get()), X509_get0_serialNumber(b.get())), 0);
}

TEST_F(LocalAuthorityTest, RefusesNamesAndLifetimesThatAreNone) {
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  const absl::Time now = absl::Now();
  for (const char* id :
       {"", "finance", "https://specom.dev/svc/finance", "spiffe://a/b c", "spiffe://a/b/"}) {
    EXPECT_THAT((*authority)->IssueCertificate(id, now, now + absl::Hours(1)),
                StatusIs(absl::StatusCode::kInvalidArgument, "MALFORMED_SPIFFE_ID"))
        << id;
  }
  EXPECT_THAT((*authority)->IssueCertificate(kFinance, now, now),
              StatusIs(absl::StatusCode::kInvalidArgument, "MALFORMED_LIFETIME"));
}

TEST_F(LocalAuthorityTest, WhatWasSavedIsLoaded) {
  auto saved = LocalAuthority::Make();
  ASSERT_THAT(saved, IsOk());
  ASSERT_THAT((*saved)->Save(folder_ / "secure"), IsOk());
  auto loaded = LocalAuthority::Load(folder_ / "secure");
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ((*loaded)->authority(), (*saved)->authority());
  EXPECT_EQ((*loaded)->jwks(), (*saved)->jwks());
  EXPECT_EQ(Refusal((*saved)->authority(), Issue(**loaded).certificate, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  EXPECT_THAT((*saved)->Save(folder_ / "secure"), IsOk()) << "saving again replaces";
}

TEST_F(LocalAuthorityTest, KeysAreTheOwnersAlone) {
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  ASSERT_THAT((*authority)->Save(folder_), IsOk());
  EXPECT_EQ(Mode(folder_), 0700u);
  EXPECT_EQ(Mode(folder_ / "authority.key"), 0600u);
  EXPECT_EQ(Mode(folder_ / "token.key"), 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 4)
      << "no temporary files are left";
  std::ifstream jwks(folder_ / "jwks.json");
  std::string text{std::istreambuf_iterator<char>(jwks), {}};
  EXPECT_THAT(text, HasSubstr("\"kid\""));
  EXPECT_THAT(text, Not(HasSubstr("\"d\""))) << "the public half only";
}

TEST_F(LocalAuthorityTest, SaysWhatIsMissingDamagedOrExpired) {
  EXPECT_THAT(LocalAuthority::Load(folder_), StatusIs(absl::StatusCode::kNotFound, "NO_AUTHORITY"));
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  for (const char* file : {"authority.pem", "authority.key", "token.key"}) {
    ASSERT_THAT((*authority)->Save(folder_), IsOk());
    std::ofstream(folder_ / file) << "nonsense";
    auto damaged = LocalAuthority::Load(folder_);
    EXPECT_THAT(damaged, StatusIs(absl::StatusCode::kFailedPrecondition, "AUTHORITY_DAMAGED"));
    EXPECT_THAT(std::string(damaged.status().message()), HasSubstr(file));
  }
  auto expired = LocalAuthority::Make(-absl::Minutes(1));
  ASSERT_THAT(expired, IsOk());
  ASSERT_THAT((*expired)->Save(folder_), IsOk());
  EXPECT_THAT(LocalAuthority::Load(folder_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "AUTHORITY_EXPIRED"));
}

TEST_F(LocalAuthorityTest, SaysThatAFolderCannotBeWritten) {
  auto authority = LocalAuthority::Make();
  ASSERT_THAT(authority, IsOk());
  EXPECT_THAT((*authority)->Save("/dev/null/secure"),
              StatusIs(absl::StatusCode::kFailedPrecondition, "AUTHORITY_NOT_WRITTEN"));
}

}  // namespace
}  // namespace specom

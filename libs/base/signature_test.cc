// Proves that a signature holds for one message by one key, and that keys survive their files.
#include "libs/base/signature.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;

TEST(Signature, HoldsForOneMessageByOneKey) {
  const SigningKey key = SigningKey::Make();
  const std::string signature = key.Sign("record 7");
  EXPECT_EQ(signature.size(), 64U);
  const auto holder = PublicKey::FromPem(key.PublicPem());
  ASSERT_THAT(holder, IsOk());
  EXPECT_TRUE(holder->Verifies("record 7", signature));
  EXPECT_FALSE(holder->Verifies("record 8", signature));
  EXPECT_FALSE(holder->Verifies("record 7", ""));
  EXPECT_FALSE(holder->Verifies("record 7", signature.substr(1)));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string altered = signature;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(holder->Verifies("record 7", altered)) << i;
  }
  const auto stranger = PublicKey::FromPem(SigningKey::Make().PublicPem());
  ASSERT_THAT(stranger, IsOk());
  EXPECT_FALSE(stranger->Verifies("record 7", signature));
}

TEST(Signature, KeysSurviveTheirFiles) {
  const SigningKey key = SigningKey::Make();
  const auto read = SigningKey::FromPem(key.Pem());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->PublicPem(), key.PublicPem());
  EXPECT_EQ(read->Sign("x"), key.Sign("x")) << "Ed25519 is deterministic";
}

// RFC 8032, 7.1, test 2.
TEST(Signature, IsEd25519) {
  const auto key =
      SigningKey::FromPem(Secret("-----BEGIN PRIVATE KEY-----\n"
                                 "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
                                 "-----END PRIVATE KEY-----\n"));
  ASSERT_THAT(key, IsOk());
  const std::string signature = key->Sign("\x72");
  const unsigned char expected[] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8};
  EXPECT_EQ(signature.substr(0, 8), std::string(reinterpret_cast<const char*>(expected), 8));
}

TEST(Signature, RefusesWhatIsNoKey) {
  EXPECT_THAT(SigningKey::FromPem(Secret("")), StatusIs(absl::StatusCode::kInvalidArgument, "SIGNING_KEY"));
  EXPECT_THAT(SigningKey::FromPem(Secret(SigningKey::Make().PublicPem())),
              StatusIs(absl::StatusCode::kInvalidArgument, "SIGNING_KEY"));
  EXPECT_THAT(PublicKey::FromPem("no key"), StatusIs(absl::StatusCode::kInvalidArgument, "PUBLIC_KEY"));
  EXPECT_THAT(PublicKey::FromPem(SigningKey::Make().Pem().Reveal()),
              StatusIs(absl::StatusCode::kInvalidArgument, "PUBLIC_KEY"));
}

}  // namespace
}  // namespace specom

// Proves digests against published vectors, and that ids and encodings keep their shape.
#include "libs/base/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "libs/base/secret.h"
#include "libs/base/status.h"
#include "libs/testing/status_matchers.h"

namespace specom {
namespace {

TEST(DigestTest, MatchesTheStandardsVector) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, PartsDoNotRunIntoEachOther) {
  EXPECT_NE(Sha256().Part("ab").Part("c").HexDigest(), Sha256().Part("a").Part("bc").HexDigest());
}

TEST(UuidTest, IsARandomUuidOfVersionFour) {
  std::string a = NewUuid(), b = NewUuid();
  EXPECT_TRUE(IsUuid(a)) << a;
  EXPECT_NE(a, b);
  EXPECT_EQ(a[14], '4');
  EXPECT_FALSE(IsUuid("not-a-uuid"));
}

RC_GTEST_PROP(Base64Property, EncodingAndDecodingAreInverse, (std::string bytes)) {
  std::string back;
  RC_ASSERT(Base64Decode(Base64Encode(bytes), back));
  RC_ASSERT(back == bytes);
}

TEST(SecretTest, DoesNotPrint) {
  std::ostringstream out;
  out << Secret("hunter2");
  EXPECT_EQ(out.str(), "(hidden)");
}

TEST(StatusTest, CarriesReasonMetadataAndViolationsInOrder) {
  absl::Status status = MakeError(absl::StatusCode::kAborted, "STALE_ETAG", "stale", {{"etag", "x"}});
  EXPECT_THAT(status, testing::StatusIs(absl::StatusCode::kAborted, "STALE_ETAG"));
  EXPECT_EQ(ErrorMetadataOf(status).at("etag"), "x");
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 30; ++i) violations.push_back({"field" + std::to_string(i), "is\nwrong"});
  EXPECT_EQ(FieldViolationsOf(InvalidFields(violations)), violations);
  EXPECT_EQ(RetryAfterMilliseconds(WithRetryAfter(status, 250)), 250);
  EXPECT_EQ(ResourceOf(WithResource(status, "run", "runs/1")).second, "runs/1");
}

}  // namespace
}  // namespace specom

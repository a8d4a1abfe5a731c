// Proves that a checkpoint is believed only as it was signed, and that its file survives crashes.
#include "libs/store/audit_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "libs/base/digest.h"
#include "libs/testing/status_matchers.h"

namespace specom::store {
namespace {

using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const AuditCheckpoint kCheckpoint{.service = "finance",
                                  .head = {.sequence = 12, .hash = "abc"},
                                  .time = absl::FromUnixMicros(1'750'000'000'123'456)};

class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Content() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("specom " + NewUuid());
  const std::string path_ = folder_ / "checkpoints.jsonl";
  const SigningKey key_ = SigningKey::Make();
  const PublicKey public_key_ = *PublicKey::FromPem(key_.PublicPem());
};

TEST_F(CheckpointTest, IsReadAsItWasSigned) {
  ASSERT_THAT(AppendCheckpoints(path_, {SignedLine(kCheckpoint, key_)}), IsOk());
  AuditCheckpoint later = kCheckpoint;
  later.head = {.sequence = 13, .hash = "def"};
  ASSERT_THAT(AppendCheckpoints(path_, {SignedLine(later, key_)}), IsOk());
  const CheckpointFile file = ReadCheckpoints(Content(), public_key_);
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.checkpoints, SizeIs(2));
  EXPECT_EQ(file.checkpoints[0].service, "finance");
  EXPECT_EQ(file.checkpoints[0].head, kCheckpoint.head);
  EXPECT_EQ(file.checkpoints[0].time, kCheckpoint.time);
  EXPECT_EQ(file.checkpoints[1].head, later.head);
}

TEST_F(CheckpointTest, IsNotBelievedOnceItWasAltered) {
  const std::string line = SignedLine(kCheckpoint, key_);
  for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{
           {"finance", "portfolio"}, {":12", ":11"}, {"abc", "abd"}, {"2025", "2024"}}) {
    std::string altered = line;
    const auto at = altered.find(what);
    ASSERT_NE(at, altered.npos) << what << " in " << line;
    altered.replace(at, what.size(), with);
    const CheckpointFile file = ReadCheckpoints(line + "\n" + altered + "\n", public_key_);
    EXPECT_THAT(file.checkpoints, SizeIs(1));
    EXPECT_THAT(file.problems, ElementsAre(HasSubstr("line 2 is not signed"))) << what;
  }
  EXPECT_THAT(ReadCheckpoints(SignedLine(kCheckpoint, SigningKey::Make()), public_key_).checkpoints,
              IsEmpty());
}

TEST_F(CheckpointTest, ALineThatACrashToreTakesNoOtherWithIt) {
  std::ofstream(path_) << SignedLine(kCheckpoint, key_) << "\n"
                       << SignedLine(kCheckpoint, key_).substr(0, 40);
  ASSERT_THAT(AppendCheckpoints(path_, {SignedLine(kCheckpoint, key_)}), IsOk());
  const CheckpointFile file = ReadCheckpoints(Content(), public_key_);
  EXPECT_THAT(file.checkpoints, SizeIs(2));
  EXPECT_THAT(file.problems, IsEmpty());
  EXPECT_THAT(file.fragments, ElementsAre("line 2 is no checkpoint"));
}

TEST_F(CheckpointTest, SaysWhenItCannotBeWritten) {
  EXPECT_THAT(AppendCheckpoints(folder_ / "no folder" / "file", {"x"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "CHECKPOINTS_FILE"));
}

}  // namespace
}  // namespace specom::store

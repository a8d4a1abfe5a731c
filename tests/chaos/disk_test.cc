// Proves that a full disk under the embedded platform refuses what would be written, serves what is
// there, leaves nothing half-done, and that writes go on once there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/chaos/machine.h"
#include "tests/chaos/scenario.h"

namespace specom::chaos {
namespace {

using journeys::Eventually;
using journeys::Process;
using ::testing::Each;
using ::testing::Field;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class DiskFault : public ::testing::Test {
 protected:
  DiskFault() { Start(); }

  void Start() {
    std::filesystem::remove(files_.Path("endpoint"));
    platform_ =
        std::make_unique<Process>("specom",
                                  std::vector<std::string>{"dev", "--data-dir", data_.path(), "--grpc-port",
                                                           "0", "--endpoint-file", files_.Path("endpoint")},
                                  disk_.Environment(data_.path()));
    ASSERT_TRUE(Eventually([this] { return !journeys::ReadFile(files_.Path("endpoint")).empty(); }))
        << platform_->Errors();
    const std::string endpoint = journeys::Lines(journeys::ReadFile(files_.Path("endpoint"))).at(0);
    if (callers_ == nullptr) {
      callers_ = std::make_unique<Callers>(Endpoints{endpoint, endpoint, endpoint});
    } else {
      callers_->MoveTo({endpoint, endpoint, endpoint});
    }
  }

  FullDisk disk_;
  journeys::TemporaryFolder data_, files_;
  std::unique_ptr<Process> platform_;
  std::unique_ptr<Callers> callers_;
};

TEST_F(DiskFault, RefusesWritesServesReadsAndGoesOn) {
  callers_->Publish();
  EXPECT_THAT(callers_->CallEach(), Each(Field(&Outcomes::value_type::second, "OK")));
  disk_.Fill();
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(callers_->CallEach(),
                UnorderedElementsAre(Pair(kPortfolioRead, "OK"), Pair(kFinanceRead, "OK"),
                                     Pair(kFootprintRead, "OK"), Pair(kReportRead, "OK"),
                                     Pair(kPortfolioWrite, "RESOURCE_EXHAUSTED/DATABASE_FULL"),
                                     Pair(kFinanceWrite, "RESOURCE_EXHAUSTED/DATABASE_FULL")));
  }
  // What was refused is not there, and what was accepted is.
  EXPECT_EQ(callers_->CountWrites(), "1 decisions, 1 input sets");

  disk_.MakeRoom();
  EXPECT_EQ(callers_->FinishWrites(), "");
  callers_->ComputeAnotherRun();
  Undisturbed undisturbed;
  EXPECT_TRUE(Eventually([&] { return callers_->Reports() == undisturbed.Reports(); }));

  // Stopped in good order and started again, the files say the same.
  platform_->Signal(SIGTERM);
  EXPECT_EQ(platform_->Wait().code, 0);
  Start();
  EXPECT_EQ(callers_->CountWrites(), "6 decisions, 6 input sets");
  EXPECT_EQ(callers_->FinishWrites(), "");
  EXPECT_EQ(callers_->Reports(), undisturbed.Reports());
  journeys::Finished audit = journeys::RunProgram("specom", {"verify", "audit", "--data-dir", data_.path()});
  EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
}

}  // namespace
}  // namespace specom::chaos

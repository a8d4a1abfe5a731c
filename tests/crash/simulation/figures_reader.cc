#include "tests/crash/simulation/figures_reader.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace specom::crash {
namespace {

constexpr std::string_view kPackage = "specom.events.v1.";

}  // namespace

absl::Status FiguresReader::Handle(const events::Event& event) {
  if (!ids_.insert(event.id).second) {
    ++repeats_;
    return absl::OkStatus();
  }
  std::vector<std::string>& seen = seen_[event.subject];
  seen.push_back(event.type.substr(kPackage.size()));
  if (event.aggregate_seq != std::ssize(seen)) {
    findings_.push_back(
        absl::StrCat("event ", event.aggregate_seq, " of ", event.subject, " came as number ", seen.size()));
  }
  if (seen.back() == "AllocationPublished") {
    specom::events::v1::AllocationPublished published;
    if (published.ParseFromString(event.data)) Published(published);
  } else if (seen.back() == "RunSuperseded") {
    specom::events::v1::RunSuperseded superseded;
    if (!superseded.ParseFromString(event.data) || superseded.run().superseded_by().empty()) {
      findings_.push_back(absl::StrCat(event.subject, " does not say what superseded it"));
    }
  }
  return absl::OkStatus();
}

// Money is conserved: ICBs add up to regions, regions to England.
void FiguresReader::Published(const specom::events::v1::AllocationPublished& published) {
  const auto& run = published.run();
  in_force_[absl::StrCat(run.stream(), " ", run.financial_year())] = run.name();
  std::map<std::string, std::int64_t> of_icbs, of_regions;
  std::int64_t england = 0;
  for (const auto& allocation : published.allocations()) {
    if (allocation.code() == "England") {
      england = allocation.allocation_pence();
    } else if (allocation.code() == allocation.region_code()) {
      of_regions[allocation.code()] += allocation.allocation_pence();
    } else {
      of_icbs[allocation.region_code()] += allocation.allocation_pence();
    }
  }
  std::int64_t sum = 0;
  for (const auto& [_, pence] : of_icbs) sum += pence;
  if (of_icbs != of_regions || sum != england || england != run.allocation_pence() || england <= 0) {
    findings_.push_back(absl::StrCat("the figures of ", run.name(), " do not add up: ICBs come to ", sum,
                                     ", England to ", england, ", the run to ", run.allocation_pence()));
  }
}

}  // namespace specom::crash

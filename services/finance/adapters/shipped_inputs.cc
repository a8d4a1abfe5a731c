// Thin: reading and checking is done beside the formats, in adapters/inputs.
#include "services/finance/adapters/shipped_inputs.h"

#include <utility>

#include "libs/base/status.h"
#include "services/finance/adapters/inputs/input_import.h"
#include "services/finance/adapters/inputs/reference_packs.h"

namespace specom::finance {
namespace {

class BuiltInLibrary final : public ReferenceLibrary {
 public:
  explicit BuiltInLibrary(ReferenceData data) : data_(std::move(data)) {}

  const std::map<std::string, AllocationPolicy>& policies() const override { return data_.policies; }

  std::vector<const InputSet*> inputs() const override {
    std::vector<const InputSet*> all;
    for (const auto& [slug, pack] : data_.packs) all.push_back(&pack.inputs);
    return all;
  }

  const InputSet* FindInputs(std::string_view stream, FinancialYear year) const override {
    auto pack = data_.packs.find(PolicySlug(stream, year));
    return pack == data_.packs.end() ? nullptr : &pack->second.inputs;
  }

  const PublishedFigures* FindPublished(std::string_view stream, FinancialYear year) const override {
    auto pack = data_.packs.find(PolicySlug(stream, year));
    return pack == data_.packs.end() ? nullptr : &pack->second.published;
  }

  const std::map<IcbCode, RegionCode>& regions() const override { return data_.regions; }

 private:
  const ReferenceData data_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReferenceLibrary>> NewReferenceLibrary() {
  ASSIGN_OR_RETURN(ReferenceData data, LoadReferenceData());
  return std::make_unique<BuiltInLibrary>(std::move(data));
}

InputFindings FileInputReader::Read(const InputFiles& files) const {
  ImportOutcome outcome = ImportInputFiles(files.baseline_csv, files.need_csv, files.policy_json);
  return {std::move(outcome.inputs), std::move(outcome.problems), outcome.further_problems};
}

}  // namespace specom::finance

#include "tests/crash/simulation/requests.h"

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "services/finance/testing/example_inputs.h"

namespace specom::crash {
namespace {

constexpr std::string_view kService = "specom.finance.v1.FinanceService/";
constexpr int kVariants = 3;
constexpr std::array<std::string_view, 2> kYears = {"2026/27", "2027/28"};

Material MakeMaterial(std::string_view year, int variant) {
  Material material{.files = finance::ExampleFiles(variant), .pot = "specialised " + std::string(year)};
  std::string& policy = material.files.policy_json;
  policy.replace(policy.find(kYears[0]), kYears[0].size(), year);
  const finance::InputFindings read = finance::FileInputReader().Read(material.files);
  SPECOM_CHECK(read.inputs.has_value());
  const finance::InputSetId id(finance::InputDigest(*read.inputs));
  material.input_set = finance::ResourceName(id);
  material.run = finance::ResourceName(finance::RunIdOf(id, finance::kMethodVersion));
  return material;
}

}  // namespace

const std::vector<User>& Users() {
  static const std::vector<User> users = {
      {{"author@england.nhs.uk", true, ""}, Role::kNational},
      {{"approver@england.nhs.uk", true, ""}, Role::kNational},
      {{"publisher@england.nhs.uk", true, ""}, Role::kNational},
      {{"finance@qoq.nhs.uk", false, "QOQ"}, Role::kIcb},
      {{"region@y63.nhs.uk", false, "Y63"}, Role::kRegion},
      {{"intruder@qkk.nhs.uk", false, "QKK"}, Role::kIcb},
  };
  return users;
}

const std::vector<Material>& Materials() {
  static const std::vector<Material> materials = [] {
    std::vector<Material> made;
    for (std::string_view year : kYears) {
      for (int variant = 0; variant < kVariants; ++variant) made.push_back(MakeMaterial(year, variant));
    }
    return made;
  }();
  return materials;
}

std::string Asked::Method() const {
  constexpr std::array<std::string_view, 4> kNames = {"ImportInputs", "CreateRun", "ApproveRun",
                                                      "PublishRun"};
  return std::string(kService).append(kNames[static_cast<std::size_t>(verb)]);
}

std::string Asked::Content() const {
  return absl::StrCat(Materials()[material].run, " ", seen);
}

std::string InWords(const Asked& asked) {
  return absl::StrCat(Users()[asked.user].caller.user, " ", asked.Method().substr(kService.size()), " #",
                      asked.material, asked.seen > 0 ? absl::StrCat(" v", asked.seen) : "",
                      asked.request_id.empty() ? "" : " as " + asked.request_id);
}

RequestContext ContextOf(const Asked& asked, absl::Time now) {
  const User& user = Users()[asked.user];
  RequestContext context;
  context.principal = {user.caller.user, {user.role}, user.caller.organisation};
  context.method = asked.Method();
  context.request_id = asked.request_id;
  context.received_at = now;
  context.deadline = context.received_at + absl::Seconds(15);
  context.idempotency = {.request_id = asked.request_id, .fingerprint = Sha256Hex(asked.Content())};
  return context;
}

Outcome Execute(FinanceWorld& world, const RequestContext& context, const Asked& asked) {
  const Material& material = Materials()[asked.material];
  const finance::RunId run = finance::RunIdFrom(material.run);
  const auto told = [](const auto& result, const auto& name) -> Outcome {
    if (result.ok()) return {.resource = name(*result)};
    return {result.status().code(), ErrorReason(result.status()), ""};
  };
  const auto run_name = [](const finance::Run& value) { return finance::ResourceName(value.id); };
  const std::string etag = absl::StrCat("v", asked.seen);
  switch (asked.verb) {
    case Verb::kImport:
      return told(world.import_inputs.Execute(context, {material.files, asked.validate_only}),
                  [](const auto& record) { return finance::ResourceName(record.id); });
    case Verb::kCreate: {
      const std::string digest = material.input_set.substr(std::string_view("inputSets/").size());
      return told(world.create_run.Execute(context, {.input_set = finance::InputSetId(digest),
                                                     .validate_only = asked.validate_only}),
                  run_name);
    }
    case Verb::kApprove:
      return told(world.approve_run.Execute(
                      context, {.run = run, .etag = etag, .note = {}, .validate_only = asked.validate_only}),
                  run_name);
    case Verb::kPublish:
      return told(world.publish_run.Execute(context,
                                            {.run = run, .etag = etag, .validate_only = asked.validate_only}),
                  run_name);
  }
  SPECOM_CHECK(false);
}

Outcome Predict(LifeCycleModel& model, const Asked& asked) {
  const Material& material = Materials()[asked.material];
  const ModelCaller& caller = Users()[asked.user].caller;
  const ModelRequest request = {asked.Method(), asked.request_id, asked.Content()};
  switch (asked.verb) {
    case Verb::kImport:
      return model.Import(caller, request, material.input_set, material.pot);
    case Verb::kCreate:
      return model.Create(caller, request, material.input_set, material.run);
    case Verb::kApprove:
      return model.Approve(caller, request, material.run, asked.seen);
    case Verb::kPublish:
      return model.Publish(caller, request, material.run, asked.seen);
  }
  SPECOM_CHECK(false);
}

}  // namespace specom::crash

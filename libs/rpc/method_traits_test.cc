// Proves that every method of every service that is linked in says how it is called, and that nothing
// else can be called.
#include "libs/rpc/method_traits.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor_database.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "google/longrunning/operations.pb.h"
#include "libs/testing/status_matchers.h"
#include "specom/common/v1/access_service.pb.h"
#include "specom/common/v1/audit_service.pb.h"
#include "specom/finance/v1/finance_service.pb.h"
#include "specom/portfolio/v1/portfolio_service.pb.h"
#include "specom/reporting/v1/reporting_service.pb.h"

namespace specom::rpc {
namespace {

using ::specom::testing::StatusIs;

std::vector<const google::protobuf::ServiceDescriptor*> LinkedServices() {
  // A static library's descriptors are there when something of their file is used.
  google::longrunning::Operation::descriptor();
  common::v1::ExplainAccessRequest::descriptor();
  common::v1::AuditRecord::descriptor();
  finance::v1::GetRunRequest::descriptor();
  portfolio::v1::GetServiceRequest::descriptor();
  reporting::v1::RegionalReport::descriptor();
  std::vector<std::string> files;
  google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const std::string& name : files) {
    if (!name.starts_with("specom/") && !name.starts_with("google/longrunning/")) continue;
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

TEST(MethodTraits, EveryMethodOfEveryServiceSaysHowItIsCalled) {
  int methods = 0;
  for (const auto* service : LinkedServices()) {
    for (int i = 0; i < service->method_count(); ++i, ++methods) {
      const auto& method = *service->method(i);
      EXPECT_THAT(MissingTraits(method), ::testing::IsEmpty()) << method.full_name();
      auto traits = TraitsOf(FullMethodName(method));
      ASSERT_TRUE(traits.ok()) << traits.status();
      EXPECT_FALSE(traits->access.allow.empty()) << method.full_name();
      EXPECT_GT(traits->longest, absl::ZeroDuration()) << method.full_name();
      // What the pipeline cannot serve must not be in the contract.
      EXPECT_FALSE(method.client_streaming() || method.server_streaming()) << method.full_name();
      EXPECT_EQ(MethodOfRequest(*method.input_type()), &method) << method.full_name();
    }
  }
  EXPECT_GE(methods, 40);
}

TEST(MethodTraits, TheWalkSeesEveryServiceOfTheContract) {
  const char* source = std::getenv("SPECOM_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "run through ./tools/test";
  std::set<std::string> walked;
  for (const auto* service : LinkedServices()) walked.insert(service->file()->name());
  std::filesystem::path root = std::filesystem::path(source) / "protos";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".proto") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("service ")) continue;
      EXPECT_TRUE(walked.contains(std::filesystem::relative(entry.path(), root).string())) << entry.path();
    }
  }
}

TEST(MethodTraits, AreReadFromTheContract) {
  auto approve = TraitsOf("/specom.finance.v1.FinanceService/ApproveRun");
  ASSERT_TRUE(approve.ok()) << approve.status();
  EXPECT_EQ(approve->full_method, "specom.finance.v1.FinanceService/ApproveRun");
  EXPECT_EQ(approve->access.allow, std::set<Role>{Role::kNational});
  EXPECT_EQ(approve->audit, common::v1::AUDIT_CHANGES);
  EXPECT_EQ(approve->idempotency, common::v1::IDEMPOTENCY_REQUEST_ID);
  EXPECT_EQ(approve->execution, common::v1::EXECUTION_BLOCKING);
  EXPECT_EQ(approve->longest, absl::Seconds(15));
  EXPECT_EQ(approve->Domain(), "finance.specom");
  EXPECT_EQ(TraitsOf("google.longrunning.Operations/GetOperation")->Domain(), "platform.specom");
  EXPECT_TRUE(TraitsOf("grpc.health.v1.Health/Check")->answered_by_grpc);
}

TEST(MethodTraits, AMethodThatDoesNotExistHasNone) {
  EXPECT_THAT(TraitsOf("specom.finance.v1.FinanceService/Steal"),
              StatusIs(absl::StatusCode::kNotFound, "UNKNOWN_METHOD"));
  EXPECT_THAT(TraitsOf(""), StatusIs(absl::StatusCode::kNotFound, "UNKNOWN_METHOD"));
}

TEST(MethodTraits, TellsWhatAContractLeavesOpen) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("open.proto");
  file.set_package("open");
  file.add_message_type()->set_name("Nothing");
  auto* service = file.add_service();
  service->set_name("Open");
  auto* method = service->add_method();
  method->set_name("Call");
  method->set_input_type(".open.Nothing");
  method->set_output_type(".open.Nothing");
  auto* policy = method->mutable_options()->MutableExtension(common::v1::method_policy);
  policy->set_audit(common::v1::AUDIT_CHANGES);
  policy->set_idempotency(common::v1::IDEMPOTENCY_REQUEST_ID);
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const auto* built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  EXPECT_THAT(MissingTraits(*built->service(0)->method(0)),
              ::testing::ElementsAre("allow", "a request_id in Nothing", "execution", "deadline", "scope"));
}

}  // namespace
}  // namespace specom::rpc

// Proves that the table of README.md, the contract and what a served platform does are one: every method
// with every role, and every method that takes a draft with every role and organisation.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/access_rules.h"
#include "libs/rpc/client.h"
#include "libs/rpc/error_model.h"
#include "libs/testing/status_matchers.h"
#include "services/finance/testing/example_inputs.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "tools/specom/access_table.h"
#include "tools/specom/platform.h"

namespace specom {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using FinanceStub = finance::v1::FinanceService::Stub;

constexpr char kBegin[] = "<!-- specom access table -->\n";
constexpr char kEnd[] = "<!-- end of specom access table -->";

// The tables between the markers of README.md.
std::string TableOfReadme() {
  const char* source = std::getenv("SPECOM_SOURCE_DIR");
  if (source == nullptr) return "SPECOM_SOURCE_DIR is not set: run through ./tools/test";
  std::ifstream file(std::string(source) + "/README.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string readme = text.str();
  const std::size_t begin = readme.find(kBegin), end = readme.find(kEnd);
  if (begin == readme.npos || end == readme.npos) return "README.md has no access table";
  return readme.substr(begin + sizeof(kBegin) - 1, end - begin - sizeof(kBegin) + 1);
}

struct ReadmeRow {
  // "PortfolioService/GetService"
  std::string method;
  std::string scope;
  std::set<Role> allow;
};

struct Readme {
  std::vector<ReadmeRow> methods;
  // "all", "its own and its region's", "its own", "none"
  std::map<Role, std::string> drafts;
};

Readme ParseReadme() {
  Readme readme;
  std::vector<Role> columns;
  for (absl::string_view line : absl::StrSplit(TableOfReadme(), '\n', absl::SkipEmpty())) {
    std::vector<std::string> cells;
    for (absl::string_view cell : absl::StrSplit(line, '|')) {
      cells.emplace_back(absl::StripAsciiWhitespace(cell));
    }
    if (cells.size() < 4 || cells[1] == "---") continue;
    const std::size_t first = cells[1] == "method" || cells[1].starts_with('`') ? 3 : 2;
    if (cells[1] == "method" || cells[1] == "reaches") {
      columns.clear();
      for (std::size_t i = first; i + 1 < cells.size(); ++i) columns.push_back(ParseRole(cells[i]).value());
    } else if (cells[1] == "drafts") {
      for (std::size_t i = 0; i < columns.size(); ++i) readme.drafts[columns[i]] = cells[first + i];
    } else {
      ReadmeRow row = {cells[1].substr(1, cells[1].size() - 2), cells[2], {}};
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (cells[first + i] == "yes") row.allow.insert(columns[i]);
      }
      readme.methods.push_back(std::move(row));
    }
  }
  return readme;
}

const google::protobuf::MethodDescriptor& MethodOf(const rpc::MethodTraits& traits) {
  std::string dotted = traits.full_method;
  dotted[dotted.find('/')] = '.';
  return *google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(dotted);
}

std::unique_ptr<Message> EmptyRequest(const rpc::MethodTraits& traits) {
  return std::unique_ptr<Message>(google::protobuf::MessageFactory::generated_factory()
                                      ->GetPrototype(MethodOf(traits).input_type())
                                      ->New());
}

// A request of the method about the resource, in every field that holds a name; false where it has none.
bool NameResource(Message& request, const std::string& resource) {
  static const std::set<std::string> kNames = {"name", "names", "parent", "run", "base_run", "other_run"};
  const Descriptor& type = *request.GetDescriptor();
  const auto& reflection = *request.GetReflection();
  bool named = false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (kNames.contains(field->name())) {
      field->is_repeated() ? reflection.AddString(&request, field, resource)
                           : reflection.SetString(&request, field, resource);
      named = true;
    } else if (field->name() == "icb" && type.name().starts_with("Explain")) {
      reflection.SetString(&request, field, "QOQ");
    } else if (field->name() == "years") {
      reflection.SetInt32(&request, field, 1);
    }
  }
  return named;
}

class AccessTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = cli::TemporaryFolder::Make().value().release();
    cli::PlatformOptions options;
    options.data.data_dir = folder_->path();
    platform_ = cli::Platform::Create(options).value().release();
    ASSERT_TRUE(platform_->Migrate().ok());
    const absl::Status started = platform_->Start();
    ASSERT_TRUE(started.ok()) << started;
    channel_ = new std::shared_ptr<grpc::Channel>(rpc::OpenChannel(platform_->address()));
    methods_ = new std::vector<rpc::MethodTraits>(rpc::EveryMethod());
  }
  static void TearDownTestSuite() {
    delete methods_;
    delete channel_;
    delete platform_;
    delete folder_;
  }

  static grpc::Status Call(const rpc::MethodTraits& method, const Message& request, const Principal& caller) {
    grpc::ClientContext context;
    for (const auto& [key, value] : rpc::DevelopmentIdentity(caller)) context.AddMetadata(key, value);
    context.AddMetadata("x-request-id", "the-same-for-all");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    const grpc::Slice bytes(request.SerializeAsString());
    grpc::ByteBuffer sent(&bytes, 1), received;
    grpc::Status status;
    absl::Notification done;
    grpc::GenericStub(*channel_).UnaryCall(&context, "/" + method.full_method, {}, &sent, &received,
                                           [&](grpc::Status outcome) {
                                             status = std::move(outcome);
                                             done.Notify();
                                           });
    done.WaitForNotification();
    return status;
  }

  static Principal CallerOf(Role role, const std::string& organisation) {
    return {std::string(ToString(role)) + "@example.nhs.uk", {role}, organisation};
  }

  static const rpc::MethodTraits* Find(const std::string& short_name) {
    for (const auto& method : *methods_) {
      if (method.full_method.ends_with("." + short_name)) return &method;
    }
    return nullptr;
  }

  static inline cli::TemporaryFolder* folder_ = nullptr;
  static inline cli::Platform* platform_ = nullptr;
  static inline std::shared_ptr<grpc::Channel>* channel_ = nullptr;
  static inline std::vector<rpc::MethodTraits>* methods_ = nullptr;
};

TEST_F(AccessTest, TheReadmeHasTheTableOfTheContract) {
  EXPECT_EQ(TableOfReadme(), cli::AccessMarkdown())
      << "put what `specom access table --format markdown` prints between the markers of README.md";
}

TEST_F(AccessTest, EveryMethodIsOpenToTheRolesOfTheReadmeAndToNoOther) {
  const Readme readme = ParseReadme();
  ASSERT_EQ(readme.methods.size(), methods_->size());
  ASSERT_GE(methods_->size(), 60u);
  for (const ReadmeRow& row : readme.methods) {
    const rpc::MethodTraits* method = Find(row.method);
    ASSERT_NE(method, nullptr) << row.method;
    EXPECT_EQ(row.scope, std::string(rpc::ScopeName(method->scope))) << row.method;
    for (Role role : rpc::kEveryRole) {
      SCOPED_TRACE(row.method + " / " + std::string(ToString(role)));
      const absl::Status status =
          rpc::FromGrpcStatus(Call(*method, *EmptyRequest(*method), CallerOf(role, "QOQ")));
      const bool denied = absl::IsPermissionDenied(status) && ErrorReason(status) == "MISSING_ROLE";
      EXPECT_EQ(denied, !row.allow.contains(role)) << status;
      EXPECT_FALSE(absl::IsUnimplemented(status) && ErrorReason(status).empty()) << "not served: " << status;
    }
  }
}

// The drafts of one ICB, and the names of what was never there.
struct Draft {
  std::string exists;
  std::string missing;
};

class DraftsTest : public AccessTest {
 protected:
  void SetUp() override {
    const finance::InputFiles files = finance::ExampleFiles();
    rpc::Client icb(*channel_, {.identity = rpc::DevelopmentIdentity(CallerOf(Role::kIcb, "QOQ"))});
    finance::v1::ImportInputsRequest import;
    import.mutable_files()->set_baseline_csv(files.baseline_csv);
    import.mutable_files()->set_need_csv(files.need_csv);
    import.mutable_files()->set_policy_json(files.policy_json);
    auto input_set = icb.Call(&FinanceStub::ImportInputs, import);
    ASSERT_THAT(input_set, testing::IsOk());
    finance::v1::CreateRunRequest create;
    create.set_input_set(input_set->name());
    auto operation = icb.Call(&FinanceStub::CreateRun, create);
    ASSERT_THAT(operation, testing::IsOk());
    google::longrunning::WaitOperationRequest wait;
    wait.set_name(operation->name());
    operation = icb.Call(&google::longrunning::Operations::Stub::WaitOperation, wait);
    ASSERT_TRUE(operation.ok() && operation->done());
    const std::string id = operation->name().substr(operation->name().find('/') + 1);
    drafts_ = {{"runs/" + id, "runs/" + std::string(20, '0')},
               {"operations/" + id, "operations/" + std::string(20, '0')},
               {input_set->name(), "inputSets/" + std::string(64, '0')}};
  }

  // The draft that the method reads; nothing when it reads none.
  const Draft* DraftOf(const rpc::MethodTraits& method) {
    if (method.scope != common::v1::SCOPE_OWN_DRAFTS || method.access.needs_organisation) return nullptr;
    auto reads = [&](const std::string& resource) {
      auto request = EmptyRequest(method);
      return NameResource(*request, resource) && Call(method, *request, CallerOf(Role::kNational, "")).ok();
    };
    for (const Draft& draft : drafts_) {
      if (reads(draft.exists) && !reads(draft.missing)) return &draft;
    }
    return nullptr;
  }

  std::vector<Draft> drafts_;
};

// QOQ brought the draft and is of the region Y63, as QWO is.
bool Reaches(const std::string& drafts, const std::string& organisation) {
  if (drafts == "all") return true;
  if (drafts == "its own") return organisation == "QOQ";
  if (drafts == "its own and its region's") return organisation == "QOQ" || organisation == "Y63";
  return false;
}

// "runs/3f2a" -> "3f2a"
std::string IdOf(const std::string& name) {
  return name.substr(name.find('/') + 1);
}

std::string With(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at; (at = text.find(from)) != text.npos;) text.replace(at, from.size(), to);
  return text;
}

TEST_F(DraftsTest, EveryMethodOnADraftReachesItAsTheReadmeSaysAndDeniesAlikeWhatIsNotThere) {
  const Readme readme = ParseReadme();
  ASSERT_EQ(readme.drafts.size(), std::size(rpc::kEveryRole));
  std::set<std::string> on_drafts;
  for (const rpc::MethodTraits& method : *methods_) {
    const Draft* draft = DraftOf(method);
    if (draft == nullptr) continue;
    on_drafts.insert(method.full_method.substr(method.full_method.find('/') + 1));
    const std::string exists = IdOf(draft->exists), missing_id = IdOf(draft->missing);
    auto hidden = EmptyRequest(method), missing = EmptyRequest(method);
    NameResource(*hidden, draft->exists);
    NameResource(*missing, draft->missing);
    for (Role role : method.access.allow) {
      for (const std::string organisation : {"QOQ", "QWO", "Y63", "Y60", ""}) {
        SCOPED_TRACE(method.full_method + " / " + std::string(ToString(role)) + " of " + organisation);
        const Principal caller = CallerOf(role, organisation);
        const grpc::Status status = Call(method, *hidden, caller);
        if (Reaches(readme.drafts.at(role), organisation)) {
          EXPECT_TRUE(status.ok()) << status.error_message();
          continue;
        }
        EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
        // To the byte, but for the request's own words.
        const grpc::Status other = Call(method, *missing, caller);
        EXPECT_EQ(other.error_code(), status.error_code());
        EXPECT_EQ(other.error_message(), With(status.error_message(), exists, missing_id));
        EXPECT_EQ(other.error_details(), With(status.error_details(), exists, missing_id));
      }
    }
  }
  EXPECT_THAT(on_drafts, ::testing::IsSupersetOf({"GetRun", "BatchGetRuns", "ListAllocations", "GetInputSet",
                                                  "ListBaselineLines", "ExplainAllocation", "CompareRuns",
                                                  "ProjectAllocations", "GetOperation", "WaitOperation"}));
}

}  // namespace
}  // namespace specom

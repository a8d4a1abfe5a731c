#include "libs/rpc/method_traits.h"

#include <algorithm>
#include <array>

#include "libs/base/status.h"
#include "libs/rpc/roles.h"

namespace specom::rpc {
namespace {

using common::v1::MethodPolicy;

// The services that gRPC itself answers, to everybody: they tell whether the server lives and what
// its contract is, and nothing of anybody's data.
constexpr std::array<std::string_view, 3> kAnsweredByGrpc = {
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

bool AnsweredByGrpc(std::string_view full_method) {
  return std::find(kAnsweredByGrpc.begin(), kAnsweredByGrpc.end(), full_method) != kAnsweredByGrpc.end();
}

absl::Duration Longest(common::v1::DeadlineClass deadline) {
  switch (deadline) {
    case common::v1::DEADLINE_CLASS_SHORT:
      return absl::Seconds(2);
    case common::v1::DEADLINE_CLASS_NORMAL:
      return absl::Seconds(15);
    case common::v1::DEADLINE_CLASS_LONG:
      return absl::Seconds(120);
    default:
      return absl::ZeroDuration();
  }
}

bool HasRequestId(const google::protobuf::Descriptor& request) {
  const auto* field = request.FindFieldByName("request_id");
  return field != nullptr && field->type() == google::protobuf::FieldDescriptor::TYPE_STRING &&
         !field->is_repeated();
}

std::vector<std::string> Missing(const MethodPolicy& policy,
                                 const google::protobuf::MethodDescriptor& method) {
  std::vector<std::string> missing;
  bool roles_known = std::all_of(policy.allow().begin(), policy.allow().end(), [](int role) {
    return FromProto(static_cast<common::v1::Role>(role)).has_value();
  });
  if (policy.allow().empty() || !roles_known) missing.push_back("allow");
  if (policy.audit() == common::v1::AUDIT_UNSPECIFIED) missing.push_back("audit");
  if (policy.idempotency() == common::v1::IDEMPOTENCY_UNSPECIFIED) missing.push_back("idempotency");
  if (policy.idempotency() == common::v1::IDEMPOTENCY_REQUEST_ID && !HasRequestId(*method.input_type())) {
    missing.push_back("a request_id in " + std::string(method.input_type()->name()));
  }
  if (policy.execution() == common::v1::EXECUTION_UNSPECIFIED) missing.push_back("execution");
  if (Longest(policy.deadline()) == absl::ZeroDuration()) missing.push_back("deadline");
  if (policy.scope() == common::v1::SCOPE_UNSPECIFIED) missing.push_back("scope");
  return missing;
}

const google::protobuf::MethodDescriptor* FindMethod(std::string_view full_method) {
  std::string dotted(full_method);
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(dotted);
}

}  // namespace

std::string MethodTraits::Domain() const {
  constexpr std::string_view kPackage = "specom.";
  if (!full_method.starts_with(kPackage)) return "platform.specom";
  std::string_view rest = std::string_view(full_method).substr(kPackage.size());
  return std::string(rest.substr(0, rest.find('.'))) + ".specom";
}

absl::StatusOr<MethodTraits> TraitsOf(std::string_view full_method) {
  if (full_method.starts_with('/')) full_method.remove_prefix(1);
  MethodTraits traits;
  traits.full_method = full_method;
  if (AnsweredByGrpc(full_method)) {
    traits.audit = common::v1::AUDIT_DENIALS;
    traits.idempotency = common::v1::IDEMPOTENCY_READ_ONLY;
    traits.execution = common::v1::EXECUTION_INLINE;
    traits.longest = absl::InfiniteDuration();
    traits.scope = common::v1::SCOPE_PUBLISHED;
    traits.answered_by_grpc = true;
    return traits;
  }
  const auto* method = FindMethod(full_method);
  if (method == nullptr) {
    return MakeError(absl::StatusCode::kNotFound, "UNKNOWN_METHOD",
                     "There is no method " + traits.full_method + ".", {{"method", traits.full_method}});
  }
  const MethodPolicy& policy = method->options().GetExtension(common::v1::method_policy);
  std::vector<std::string> missing = Missing(policy, *method);
  if (!missing.empty()) {
    std::string list;
    for (const std::string& trait : missing) list += (list.empty() ? "" : ", ") + trait;
    return MakeError(absl::StatusCode::kFailedPrecondition, "NO_METHOD_TRAITS",
                     "The contract of " + traits.full_method + " does not say: " + list + ".",
                     {{"method", traits.full_method}, {"missing", list}});
  }
  for (int role : policy.allow()) traits.access.allow.insert(*FromProto(static_cast<common::v1::Role>(role)));
  traits.audit = policy.audit();
  traits.idempotency = policy.idempotency();
  traits.execution = policy.execution();
  traits.longest = Longest(policy.deadline());
  traits.scope = policy.scope();
  traits.access.needs_organisation = traits.scope == common::v1::SCOPE_OWN_DRAFTS &&
                                     traits.idempotency == common::v1::IDEMPOTENCY_REQUEST_ID;
  return traits;
}

std::vector<std::string> MissingTraits(const google::protobuf::MethodDescriptor& method) {
  if (AnsweredByGrpc(FullMethodName(method))) return {};
  return Missing(method.options().GetExtension(common::v1::method_policy), method);
}

std::string FullMethodName(const google::protobuf::MethodDescriptor& method) {
  return std::string(method.service()->full_name()) + "/" + std::string(method.name());
}

const google::protobuf::MethodDescriptor* MethodOfRequest(const google::protobuf::Descriptor& request) {
  const auto* file = request.file();
  for (int s = 0; s < file->service_count(); ++s) {
    for (int m = 0; m < file->service(s)->method_count(); ++m) {
      if (file->service(s)->method(m)->input_type() == &request) return file->service(s)->method(m);
    }
  }
  return nullptr;
}

}  // namespace specom::rpc

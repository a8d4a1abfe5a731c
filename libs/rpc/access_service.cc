#include "libs/rpc/access_service.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/access_rules.h"
#include "libs/rpc/roles.h"

namespace specom::rpc {
namespace {

namespace v1 = common::v1;

constexpr char kExplainAccess[] = "specom.common.v1.AccessService/ExplainAccess";

absl::StatusOr<Principal> CallerOf(const v1::ExplainAccessRequest& request) {
  Principal caller;
  caller.user = request.user();
  caller.organisation = request.organisation();
  for (int i = 0; i < request.roles_size(); ++i) {
    auto role = FromProto(request.roles(i));
    if (!role) return InvalidFields({{"roles[" + std::to_string(i) + "]", "must be a role"}});
    caller.roles.insert(*role);
  }
  return caller;
}

v1::MethodPolicy PolicyOf(const std::string& full_method) {
  std::string dotted = full_method;
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(dotted);
  return method == nullptr ? v1::MethodPolicy() : method->options().GetExtension(v1::method_policy);
}

}  // namespace

void AccessService::SetServed(std::set<std::string> services) {
  absl::MutexLock lock(&mutex_);
  served_ = std::move(services);
}

bool AccessService::Serves(const std::string& full_method) {
  absl::MutexLock lock(&mutex_);
  return served_.contains(full_method.substr(0, full_method.find('/')));
}

grpc::ServerUnaryReactor* AccessService::ExplainAccess(grpc::CallbackServerContext* context,
                                                       const v1::ExplainAccessRequest* request,
                                                       v1::AccessExplanation* response) {
  return pipeline_.Unary<v1::ExplainAccessRequest, v1::AccessExplanation>(
      context, kExplainAccess, *request, response,
      [this](RequestContext& rc, const v1::ExplainAccessRequest& explain) { return Explain(rc, explain); });
}

absl::StatusOr<v1::AccessExplanation> AccessService::Explain(const RequestContext& context,
                                                             const v1::ExplainAccessRequest& request) {
  Principal caller;
  MethodTraits method;
  ASSIGN_OR_RETURN(caller, CallerOf(request));
  ASSIGN_OR_RETURN(method, TraitsOf(request.method()));
  if (!Serves(method.full_method)) {
    return MakeError(absl::StatusCode::kNotFound, "NOT_SERVED_HERE",
                     "This process does not serve " + method.full_method +
                         "; ask the one that does: it alone knows who reaches its resources.",
                     {{"method", method.full_method}});
  }
  v1::AccessExplanation explanation;
  explanation.set_allowed(true);
  for (AccessCheck& check : CheckAccess(method, caller, request.resource(),
                                        [&] { return reach_(context, caller, request.resource()); })) {
    auto* added = explanation.add_checks();
    added->set_check(std::move(check.check));
    added->set_passed(check.passed);
    added->set_finding(std::move(check.finding));
    explanation.set_allowed(explanation.allowed() && check.passed);
  }
  *explanation.mutable_policy() = PolicyOf(method.full_method);
  return explanation;
}

}  // namespace specom::rpc

#include "libs/rpc/pipeline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/observe/trace.h"
#include "libs/rpc/denial_sink.h"
#include "libs/rpc/denied_call.h"
#include "libs/rpc/error_model.h"
#include "libs/rpc/field_validation.h"
#include "libs/rpc/method_table.h"
#include "libs/rpc/pipeline_dependencies.h"
#include "libs/rpc/request_digest.h"
#include "libs/rpc/step_order.h"

namespace specom::rpc {
namespace {

constexpr char kRequestIdHeader[] = "x-request-id";
constexpr char kTraceparentHeader[] = "traceparent";
constexpr std::size_t kMaxRequestId = 128;

class ContextMetadata final : public CallMetadata {
 public:
  explicit ContextMetadata(const grpc::CallbackServerContext& context)
      : metadata_(context.client_metadata()) {}

  std::vector<std::string_view> Values(std::string_view key) const override {
    std::vector<std::string_view> values;
    auto [begin, end] = metadata_.equal_range(grpc::string_ref(key.data(), key.size()));
    for (auto it = begin; it != end; ++it) values.emplace_back(it->second.data(), it->second.size());
    return values;
  }

  // The first value, "" without one.
  std::string_view First(std::string_view key) const {
    auto found = metadata_.find(grpc::string_ref(key.data(), key.size()));
    return found == metadata_.end() ? std::string_view()
                                    : std::string_view(found->second.data(), found->second.size());
  }

 private:
  const std::multimap<grpc::string_ref, grpc::string_ref>& metadata_;
};

// A caller's request id goes into logs and back to the caller: short, visible ASCII, or not at all.
bool IsSoundRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~'; });
}

enum class Flow {
  kNext,
  // The call goes on in another thread: this one must not touch it again.
  kElsewhere,
};

// One call on its way through the steps. It is its own reactor and goes when gRPC is done with it.
class Call final : public grpc::ServerUnaryReactor {
 public:
  using Operation = std::function<absl::Status(RequestContext&)>;

  Call(const Pipeline::Dependencies& used, const Method& called, grpc::CallbackServerContext* server_context,
       const google::protobuf::Message& message, Operation to_do)
      : dependencies(used),
        method(called),
        context(server_context),
        request(message),
        operation(std::move(to_do)) {
    rc.method = method.name;
    rc.received_at = dependencies.clock.Now();
    // By gRPC's clock: ours learns some seconds later that the machine's was set.
    if (auto asked = context->deadline(); asked != std::chrono::system_clock::time_point::max()) {
      asked_for = absl::FromChrono(asked - std::chrono::system_clock::now());
    }
    // An operation that answers at once has no time to ask.
    if (!method.IsInline()) {
      rc.is_cancelled = [left = caller_left] { return left->load(std::memory_order_relaxed); };
    }
  }

  void OnCancel() override { caller_left->store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }
  // Both of these do next to nothing, so that gRPC need not hand them to another of its threads: that
  // would cost each call more than all of the steps.
  bool InternalInlineable() override { return true; }

  // What the caller asked for, at most what the method's class allows.
  absl::Time EffectiveDeadline() const {
    return rc.received_at + std::min(method.traits->longest, asked_for);
  }

  // From the step that is next to the last one that this thread may run.
  void Run();

  const Pipeline::Dependencies& dependencies;
  const Method& method;
  grpc::CallbackServerContext* const context;
  const google::protobuf::Message& request;
  const Operation operation;

  RequestContext rc;
  // How long the caller waits, from the call's arrival on.
  absl::Duration asked_for = absl::InfiniteDuration();
  Peer peer;
  absl::Status status;
  grpc::Status reply;
  // An exception becomes a status from here on.
  bool guarded = false;
  // Outlives the call in copies of rc.
  const std::shared_ptr<std::atomic<bool>> caller_left = std::make_shared<std::atomic<bool>>(false);

 private:
  std::size_t next_ = 0;
};

// run: refuses the call by setting call.status. always: also runs for a call that was refused before.
// leave: runs after the last step, in reverse order, for every call.
struct Step {
  StepPlace place;
  Flow (*run)(Call& call) = nullptr;
  bool always = false;
  void (*leave)(Call& call) = nullptr;
};

// recover: no exception gets out, and one reply always does.
Flow Recover(Call& call) {
  call.guarded = true;
  return Flow::kNext;
}
void Reply(Call& call) {
  // The call may be gone when this returns.
  call.Finish(call.reply);
}

Flow RequestIdAndTrace(Call& call) {
  ContextMetadata metadata(*call.context);
  std::string_view id = metadata.First(kRequestIdHeader);
  call.rc.request_id = IsSoundRequestId(id) ? std::string(id) : NewUuid();
  call.rc.traceparent = observe::ContinueTrace(metadata.First(kTraceparentHeader)).Traceparent();
  call.context->AddTrailingMetadata(kRequestIdHeader, call.rc.request_id);
  return Flow::kNext;
}

Flow CountAndTime(Call& call) {
  call.method.metrics->Started();
  return Flow::kNext;
}
void CountOutcome(Call& call) {
  call.method.metrics->Finished(static_cast<absl::StatusCode>(call.reply.error_code()),
                                call.dependencies.clock.Now() - call.rc.received_at);
}

Flow KnowPeer(Call& call) {
  call.peer.address = call.context->peer();
  auto auth = call.context->auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated()) {
    for (const auto& id : auth->FindPropertyValues("peer_spiffe_id"))
      call.peer.workload.assign(id.data(), id.size());
    call.rc.workload = call.peer.workload;
  }
  return Flow::kNext;
}

Flow KnowUser(Call& call) {
  auto principal = call.dependencies.authenticator.Authenticate(ContextMetadata(*call.context), call.peer);
  if (principal.ok()) {
    call.rc.principal = *std::move(principal);
  } else {
    call.status = principal.status();
  }
  return Flow::kNext;
}

Flow ApplyPolicy(Call& call) {
  if (!call.method.traits.ok()) {
    call.dependencies.logger.Error(
        "method without traits",
        {{"method", call.method.name}, {"error", call.method.traits.status().ToString()}});
    call.status = MakeError(absl::StatusCode::kPermissionDenied, "NO_METHOD_TRAITS",
                            "This method is open to nobody: its contract does not say who may call it.");
    return Flow::kNext;
  }
  call.status = Authorize(call.method.traits->access, call.rc.principal);
  return Flow::kNext;
}

Flow Admit(Call& call) {
  if (call.method.IsInline()) return Flow::kNext;
  Executor& executor = call.dependencies.executor;
  absl::Status taken = executor.Submit(
      executor.Now() + (call.EffectiveDeadline() - call.dependencies.clock.Now()),
      [&call](absl::Status admitted) {
        call.status = std::move(admitted);
        call.Run();
      },
      &call.method);
  if (taken.ok()) return Flow::kElsewhere;
  call.status = std::move(taken);
  return Flow::kNext;
}

Flow SetDeadline(Call& call) {
  call.rc.deadline = call.EffectiveDeadline();
  if (call.rc.Remaining(call.dependencies.clock.Now()) <= absl::ZeroDuration()) {
    call.status = MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                            "The call's deadline had passed when it arrived; nothing was done.");
  }
  return Flow::kNext;
}

Flow CheckFields(Call& call) {
  call.status = ValidateFields(call.request);
  return Flow::kNext;
}

Flow MakeIdempotencyKey(Call& call) {
  if (call.method.traits->idempotency == common::v1::IDEMPOTENCY_READ_ONLY) return Flow::kNext;
  call.rc.idempotency.request_id = StringField(call.request, "request_id");
  if (!call.rc.idempotency.request_id.empty()) {
    call.rc.idempotency.fingerprint = RequestDigest(call.method.name, call.request, {"request_id"});
  }
  return Flow::kNext;
}

Flow Operate(Call& call) {
  call.status = call.operation(call.rc);
  return Flow::kNext;
}

Flow MapError(Call& call) {
  if (call.status.ok()) return Flow::kNext;
  if (IsOurFault(call.status.code())) {
    std::string reference = NewUuid();
    call.dependencies.logger.Error("internal error", {{"reference", reference},
                                                      {"method", call.method.name},
                                                      {"error", call.status.ToString()},
                                                      {"request_id", call.rc.request_id},
                                                      {"traceparent", call.rc.traceparent}});
    call.status = MaskedError(reference);
  }
  call.reply = ToGrpcStatus(call.status, call.method.domain, call.rc.request_id);
  return Flow::kNext;
}

Flow AuditDenials(Call& call) {
  bool denied = absl::IsPermissionDenied(call.status) || absl::IsUnauthenticated(call.status);
  if (!denied) return Flow::kNext;
  std::string roles;
  for (Role role : call.rc.principal.roles) roles += (roles.empty() ? "" : ",") + std::string(ToString(role));
  call.dependencies.logger.Warning("access denied", {{"method", call.method.name},
                                                     {"reason", ErrorReason(call.status)},
                                                     {"user", call.rc.principal.user},
                                                     {"roles", roles},
                                                     {"organisation", call.rc.principal.organisation},
                                                     {"peer", call.peer.address},
                                                     {"workload", call.peer.workload},
                                                     {"request_id", call.rc.request_id},
                                                     {"traceparent", call.rc.traceparent}});
  if (call.dependencies.denials == nullptr) return Flow::kNext;
  const bool taken = call.dependencies.denials->Record(
      call.rc, DenialOf(call.status, call.request, call.peer.address), [&call] { call.Run(); });
  return taken ? Flow::kElsewhere : Flow::kNext;
}

Flow LogAccess(Call& call) {
  if (!call.dependencies.logger.Logs(observe::LogLevel::kInfo)) return Flow::kNext;
  const std::string reason = call.status.ok() ? std::string() : ErrorReason(call.status);
  call.dependencies.logger.Access({.method = call.method.name,
                                   .code = CodeName(call.status.code()),
                                   .reason = reason,
                                   .user = call.rc.principal.user,
                                   .organisation = call.rc.principal.organisation,
                                   .peer = call.peer.address,
                                   .request_id = call.rc.request_id,
                                   .trace_id = observe::TraceIdOf(call.rc.traceparent),
                                   .took = call.dependencies.clock.Now() - call.rc.received_at,
                                   .caller_left = call.caller_left->load(std::memory_order_relaxed)});
  return Flow::kNext;
}

const std::vector<Step>& AllSteps() {
  static const auto& steps = *new std::vector<Step>{
      {.place = {"recover", {}}, .run = Recover, .leave = Reply},
      {.place = {"request_id_and_trace", {"recover"}}, .run = RequestIdAndTrace},
      {.place = {"count_and_time", {"recover"}}, .run = CountAndTime, .leave = CountOutcome},
      {.place = {"peer", {"request_id_and_trace"}}, .run = KnowPeer},
      {.place = {"user", {"peer"}}, .run = KnowUser},
      {.place = {"policy", {"user"}}, .run = ApplyPolicy},
      // Only a call that may be made takes a place in the queue.
      {.place = {"admission", {"policy", "count_and_time"}}, .run = Admit},
      // The time in the queue counts.
      {.place = {"deadline", {"policy", "admission"}}, .run = SetDeadline},
      // Who may not call learns nothing of what a request must look like.
      {.place = {"field_validation", {"policy", "admission", "deadline"}}, .run = CheckFields},
      {.place = {"idempotency", {"field_validation"}}, .run = MakeIdempotencyKey},
      {.place = {"operation", {"user", "policy", "admission", "deadline", "field_validation", "idempotency"}},
       .run = Operate},
      {.place = {"error_mapping", {"recover", "request_id_and_trace", "operation"}},
       .run = MapError,
       .always = true},
      {.place = {"audit_of_denials", {"user", "policy", "error_mapping"}},
       .run = AuditDenials,
       .always = true},
      {.place = {"access_log", {"error_mapping", "audit_of_denials"}}, .run = LogAccess, .always = true},
  };
  return steps;
}

absl::Status FromException(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const std::exception& error) {
    return absl::InternalError(std::string("exception: ") + error.what());
  } catch (...) {
    return absl::InternalError("exception of an unknown type");
  }
}

void Call::Run() {
  const std::vector<Step>& steps = AllSteps();
  while (next_ < steps.size()) {
    const Step& step = steps[next_++];
    if (!status.ok() && !step.always) continue;
    try {
      if (step.run(*this) == Flow::kElsewhere) return;
    } catch (...) {
      if (!guarded) throw;
      status = FromException(std::current_exception());
    }
  }
  // An exception after the errors were mapped must not turn into a success.
  if (!status.ok() && reply.ok()) reply = ToGrpcStatus(MaskedError(rc.request_id), "platform.specom");
  // The first step's comes last: it replies, and this call is gone.
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (steps[i].leave != nullptr) steps[i].leave(*this);
  }
}

}  // namespace

struct Pipeline::State {
  explicit State(const Dependencies& used) : dependencies(used), methods(used.metrics) {}

  const Dependencies dependencies;
  MethodTable methods;
};

Pipeline::Pipeline(Dependencies dependencies) : state_(std::make_unique<State>(dependencies)) {
  std::vector<StepPlace> places;
  for (const Step& step : AllSteps()) places.push_back(step.place);
  SPECOM_CHECK(CheckOrder(places).ok());
}

Pipeline::~Pipeline() = default;

std::vector<std::string> Pipeline::Steps() {
  std::vector<std::string> names;
  for (const Step& step : AllSteps()) names.emplace_back(step.place.name);
  return names;
}

grpc::ServerUnaryReactor* Pipeline::Serve(grpc::CallbackServerContext* context, const char* full_method,
                                          const google::protobuf::Message& request,
                                          std::function<absl::Status(RequestContext&)> operation) {
  auto* call = new Call(state_->dependencies, state_->methods.Find(full_method), context, request,
                        std::move(operation));
  call->Run();
  return call;
}

}  // namespace specom::rpc

#include "libs/rpc/operations.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/rpc/paging.h"

namespace specom::rpc {
namespace {

namespace lro = google::longrunning;

constexpr char kGet[] = "google.longrunning.Operations/GetOperation";
constexpr char kList[] = "google.longrunning.Operations/ListOperations";
constexpr char kWait[] = "google.longrunning.Operations/WaitOperation";
constexpr char kCancel[] = "google.longrunning.Operations/CancelOperation";
constexpr char kDelete[] = "google.longrunning.Operations/DeleteOperation";

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;
// How soon a waiting call sees that its caller has gone or that the server drains.
constexpr absl::Duration kSlice = absl::Milliseconds(250);

}  // namespace

absl::Status OperationSource::Cancel(const RequestContext&, const std::string& name) {
  return MakeError(absl::StatusCode::kUnimplemented, "CANNOT_CANCEL",
                   "The operation " + name + " cannot be cancelled; it ends by itself.", {{"name", name}});
}

OperationsService::OperationsService(Pipeline& pipeline, OperationSource& source, const Clock& clock,
                                     int waiters)
    : pipeline_(pipeline), source_(source), clock_(clock), max_waiters_(waiters) {}

grpc::ServerUnaryReactor* OperationsService::GetOperation(grpc::CallbackServerContext* context,
                                                          const lro::GetOperationRequest* request,
                                                          lro::Operation* response) {
  return pipeline_.Unary<lro::GetOperationRequest, lro::Operation>(
      context, kGet, *request, response, [this](RequestContext& rc, const lro::GetOperationRequest& get) {
        return source_.Get(rc, get.name());
      });
}

grpc::ServerUnaryReactor* OperationsService::ListOperations(grpc::CallbackServerContext* context,
                                                            const lro::ListOperationsRequest* request,
                                                            lro::ListOperationsResponse* response) {
  return pipeline_.Unary<lro::ListOperationsRequest, lro::ListOperationsResponse>(
      context, kList, *request, response,
      [this](RequestContext& rc, const lro::ListOperationsRequest& list) { return List(rc, list); });
}

grpc::ServerUnaryReactor* OperationsService::WaitOperation(grpc::CallbackServerContext* context,
                                                           const lro::WaitOperationRequest* request,
                                                           lro::Operation* response) {
  return pipeline_.Unary<lro::WaitOperationRequest, lro::Operation>(
      context, kWait, *request, response,
      [this](RequestContext& rc, const lro::WaitOperationRequest& wait) { return Wait(rc, wait); });
}

grpc::ServerUnaryReactor* OperationsService::CancelOperation(grpc::CallbackServerContext* context,
                                                             const lro::CancelOperationRequest* request,
                                                             google::protobuf::Empty* response) {
  return pipeline_.Unary<lro::CancelOperationRequest, google::protobuf::Empty>(
      context, kCancel, *request, response,
      [this](RequestContext& rc,
             const lro::CancelOperationRequest& cancel) -> absl::StatusOr<google::protobuf::Empty> {
        RETURN_IF_ERROR(source_.Cancel(rc, cancel.name()));
        return google::protobuf::Empty();
      });
}

grpc::ServerUnaryReactor* OperationsService::DeleteOperation(grpc::CallbackServerContext* context,
                                                             const lro::DeleteOperationRequest* request,
                                                             google::protobuf::Empty* response) {
  return pipeline_.Unary<lro::DeleteOperationRequest, google::protobuf::Empty>(
      context, kDelete, *request, response,
      [](RequestContext&,
         const lro::DeleteOperationRequest& gone) -> absl::StatusOr<google::protobuf::Empty> {
        return MakeError(
            absl::StatusCode::kUnimplemented, "CANNOT_DELETE",
            "The operation " + gone.name() + " cannot be deleted: operations are part of the record.",
            {{"name", gone.name()}});
      });
}

absl::StatusOr<lro::ListOperationsResponse> OperationsService::List(
    RequestContext& context, const lro::ListOperationsRequest& request) {
  int limit = 0;
  std::optional<PagePosition> position;
  ASSIGN_OR_RETURN(limit, PageSize(request.page_size(), kStandardPage, kLargestPage));
  ASSIGN_OR_RETURN(position, ReadPageToken(kList, request));
  OperationPage page;
  ASSIGN_OR_RETURN(page, source_.List(context, request.filter(), position ? position->after : "", limit));
  lro::ListOperationsResponse response;
  for (lro::Operation& operation : page.operations) *response.add_operations() = std::move(operation);
  if (!page.next_after.empty()) {
    response.set_next_page_token(MakePageToken(kList, request, {page.next_after, context.received_at}));
  }
  return response;
}

absl::StatusOr<lro::Operation> OperationsService::Wait(RequestContext& context,
                                                       const lro::WaitOperationRequest& request) {
  absl::Time until = context.deadline - kSlice;
  if (request.has_timeout()) {
    absl::Duration timeout =
        absl::Seconds(request.timeout().seconds()) + absl::Nanoseconds(request.timeout().nanos());
    until = std::min(until, context.received_at + timeout);
  }
  struct Place {
    std::atomic<int>& count;
    const int before;
    explicit Place(std::atomic<int>& waiters) : count(waiters), before(waiters.fetch_add(1)) {}
    ~Place() { count.fetch_sub(1); }
  } place(waiters_);
  if (place.before >= max_waiters_) return source_.Get(context, request.name());

  while (true) {
    lro::Operation operation;
    absl::Time now = clock_.Now();
    ASSIGN_OR_RETURN(operation, source_.Wait(context, request.name(), std::min(until, now + kSlice)));
    if (operation.done() || clock_.Now() >= until || ending_ || context.Cancelled()) return operation;
  }
}

}  // namespace specom::rpc

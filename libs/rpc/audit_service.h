// specom.common.v1.AuditService for the chains of a process.
#pragma once

#include <map>
#include <string>

#include "libs/rpc/pipeline.h"
#include "libs/store/store.h"
#include "specom/common/v1/audit_service.grpc.pb.h"

namespace specom::rpc {

class AuditService final : public common::v1::AuditService::CallbackService {
 public:
  // The pipeline outlives the service.
  explicit AuditService(Pipeline& pipeline) : pipeline_(pipeline) {}

  // Before calls arrive. service: e.g. "finance". The store outlives the calls.
  void AddChain(const std::string& service, store::Store& store) { stores_[service] = &store; }

  // Errors: INVALID_ARGUMENT/INVALID_FIELDS for a service whose chain is not in this process, with those
  // that are, and for times that are none; those of paging.
  grpc::ServerUnaryReactor* ListAuditRecords(grpc::CallbackServerContext* context,
                                             const common::v1::ListAuditRecordsRequest* request,
                                             common::v1::ListAuditRecordsResponse* response) override;
  grpc::ServerUnaryReactor* VerifyAudit(grpc::CallbackServerContext* context,
                                        const common::v1::VerifyAuditRequest* request,
                                        common::v1::AuditVerification* response) override;

 private:
  absl::StatusOr<store::Store*> StoreOf(const std::string& service) const;
  absl::StatusOr<common::v1::ListAuditRecordsResponse> List(
      const RequestContext& context, const common::v1::ListAuditRecordsRequest& request) const;
  absl::StatusOr<common::v1::AuditVerification> Verify(const RequestContext& context,
                                                       const common::v1::VerifyAuditRequest& request) const;

  Pipeline& pipeline_;
  std::map<std::string, store::Store*> stores_;
};

}  // namespace specom::rpc

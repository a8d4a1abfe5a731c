// ReportingService over gRPC: each handler is one line, the work is in the operations.
#pragma once

#include "libs/rpc/pipeline.h"
#include "services/reporting/app/get_regional_report.h"
#include "services/reporting/app/list_regional_reports.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"

namespace specom::reporting {

class ReportingGrpc final : public v1::ReportingService::CallbackService {
 public:
  // All outlive the service.
  ReportingGrpc(rpc::Pipeline& pipeline, reporting::GetRegionalReport& get,
                reporting::ListRegionalReports& list)
      : pipeline_(pipeline), get_(get), list_(list) {}

  grpc::ServerUnaryReactor* GetRegionalReport(grpc::CallbackServerContext* context,
                                              const v1::GetRegionalReportRequest* request,
                                              v1::RegionalReport* response) override;
  grpc::ServerUnaryReactor* ListRegionalReports(grpc::CallbackServerContext* context,
                                                const v1::ListRegionalReportsRequest* request,
                                                v1::ListRegionalReportsResponse* response) override;

 private:
  rpc::Pipeline& pipeline_;
  reporting::GetRegionalReport& get_;
  reporting::ListRegionalReports& list_;
};

}  // namespace specom::reporting

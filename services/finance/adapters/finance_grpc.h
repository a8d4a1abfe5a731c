// FinanceService over gRPC: each handler is one line, the work is in the operations.
#pragma once

#include "libs/rpc/pipeline.h"
#include "services/finance/adapters/published_answers.h"
#include "services/finance/app/operations.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"

namespace specom::finance {

class FinanceGrpc final : public v1::FinanceService::CallbackService {
 public:
  // All outlive the service.
  FinanceGrpc(rpc::Pipeline& pipeline, Operations& operations, PublishedAnswers& published)
      : pipeline_(pipeline), operations_(operations), published_(published) {}

  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetPolicyRequest* request,
                                      v1::AllocationPolicy* response) override;
  grpc::ServerUnaryReactor* ListPolicies(grpc::CallbackServerContext* context,
                                         const v1::ListPoliciesRequest* request,
                                         v1::ListPoliciesResponse* response) override;
  grpc::ServerUnaryReactor* CheckInputs(grpc::CallbackServerContext* context,
                                        const v1::CheckInputsRequest* request,
                                        v1::CheckInputsResponse* response) override;
  grpc::ServerUnaryReactor* ImportInputs(grpc::CallbackServerContext* context,
                                         const v1::ImportInputsRequest* request,
                                         v1::InputSet* response) override;
  grpc::ServerUnaryReactor* GetInputSet(grpc::CallbackServerContext* context,
                                        const v1::GetInputSetRequest* request,
                                        v1::InputSet* response) override;
  grpc::ServerUnaryReactor* ListInputSets(grpc::CallbackServerContext* context,
                                          const v1::ListInputSetsRequest* request,
                                          v1::ListInputSetsResponse* response) override;
  grpc::ServerUnaryReactor* ListBaselineLines(grpc::CallbackServerContext* context,
                                              const v1::ListBaselineLinesRequest* request,
                                              v1::ListBaselineLinesResponse* response) override;
  grpc::ServerUnaryReactor* CreateRun(grpc::CallbackServerContext* context,
                                      const v1::CreateRunRequest* request,
                                      google::longrunning::Operation* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context, const v1::GetRunRequest* request,
                                   v1::Run* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context, const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetRuns(grpc::CallbackServerContext* context,
                                         const v1::BatchGetRunsRequest* request,
                                         v1::BatchGetRunsResponse* response) override;
  grpc::ServerUnaryReactor* ListAllocations(grpc::CallbackServerContext* context,
                                            const v1::ListAllocationsRequest* request,
                                            v1::ListAllocationsResponse* response) override;
  grpc::ServerUnaryReactor* ExplainAllocation(grpc::CallbackServerContext* context,
                                              const v1::ExplainAllocationRequest* request,
                                              v1::Explanation* response) override;
  grpc::ServerUnaryReactor* CompareRuns(grpc::CallbackServerContext* context,
                                        const v1::CompareRunsRequest* request,
                                        v1::RunComparison* response) override;
  grpc::ServerUnaryReactor* ProjectAllocations(grpc::CallbackServerContext* context,
                                               const v1::ProjectAllocationsRequest* request,
                                               v1::Projection* response) override;
  grpc::ServerUnaryReactor* ApproveRun(grpc::CallbackServerContext* context,
                                       const v1::ApproveRunRequest* request, v1::Run* response) override;
  grpc::ServerUnaryReactor* PublishRun(grpc::CallbackServerContext* context,
                                       const v1::PublishRunRequest* request, v1::Run* response) override;

 private:
  rpc::Pipeline& pipeline_;
  Operations& operations_;
  PublishedAnswers& published_;
};

}  // namespace specom::finance

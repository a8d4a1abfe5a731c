// PortfolioService over gRPC: each handler is one line, the work is in the operations.
#pragma once

#include "libs/rpc/pipeline.h"
#include "services/portfolio/adapters/answer_cache.h"
#include "services/portfolio/app/operations.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::portfolio {

class PortfolioGrpc final : public v1::PortfolioService::CallbackService {
 public:
  // All outlive the service.
  PortfolioGrpc(rpc::Pipeline& pipeline, Operations& operations, AnswerCache& answers)
      : pipeline_(pipeline), operations_(operations), answers_(answers) {}

  grpc::ServerUnaryReactor* GetOrganisation(grpc::CallbackServerContext* context,
                                            const v1::GetOrganisationRequest* request,
                                            v1::Organisation* response) override;
  grpc::ServerUnaryReactor* ListOrganisations(grpc::CallbackServerContext* context,
                                              const v1::ListOrganisationsRequest* request,
                                              v1::ListOrganisationsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetOrganisations(grpc::CallbackServerContext* context,
                                                  const v1::BatchGetOrganisationsRequest* request,
                                                  v1::BatchGetOrganisationsResponse* response) override;
  grpc::ServerUnaryReactor* GetProgramme(grpc::CallbackServerContext* context,
                                         const v1::GetProgrammeRequest* request,
                                         v1::Programme* response) override;
  grpc::ServerUnaryReactor* ListProgrammes(grpc::CallbackServerContext* context,
                                           const v1::ListProgrammesRequest* request,
                                           v1::ListProgrammesResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetProgrammes(grpc::CallbackServerContext* context,
                                               const v1::BatchGetProgrammesRequest* request,
                                               v1::BatchGetProgrammesResponse* response) override;
  grpc::ServerUnaryReactor* GetClinicalReferenceGroup(grpc::CallbackServerContext* context,
                                                      const v1::GetClinicalReferenceGroupRequest* request,
                                                      v1::ClinicalReferenceGroup* response) override;
  grpc::ServerUnaryReactor* ListClinicalReferenceGroups(
      grpc::CallbackServerContext* context, const v1::ListClinicalReferenceGroupsRequest* request,
      v1::ListClinicalReferenceGroupsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetClinicalReferenceGroups(
      grpc::CallbackServerContext* context, const v1::BatchGetClinicalReferenceGroupsRequest* request,
      v1::BatchGetClinicalReferenceGroupsResponse* response) override;
  grpc::ServerUnaryReactor* GetService(grpc::CallbackServerContext* context,
                                       const v1::GetServiceRequest* request, v1::Service* response) override;
  grpc::ServerUnaryReactor* ListServices(grpc::CallbackServerContext* context,
                                         const v1::ListServicesRequest* request,
                                         v1::ListServicesResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetServices(grpc::CallbackServerContext* context,
                                             const v1::BatchGetServicesRequest* request,
                                             v1::BatchGetServicesResponse* response) override;
  grpc::ServerUnaryReactor* GetServiceLine(grpc::CallbackServerContext* context,
                                           const v1::GetServiceLineRequest* request,
                                           v1::ServiceLine* response) override;
  grpc::ServerUnaryReactor* ListServiceLines(grpc::CallbackServerContext* context,
                                             const v1::ListServiceLinesRequest* request,
                                             v1::ListServiceLinesResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetServiceLines(grpc::CallbackServerContext* context,
                                                 const v1::BatchGetServiceLinesRequest* request,
                                                 v1::BatchGetServiceLinesResponse* response) override;
  grpc::ServerUnaryReactor* GetSpecification(grpc::CallbackServerContext* context,
                                             const v1::GetSpecificationRequest* request,
                                             v1::Specification* response) override;
  grpc::ServerUnaryReactor* ListSpecifications(grpc::CallbackServerContext* context,
                                               const v1::ListSpecificationsRequest* request,
                                               v1::ListSpecificationsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetSpecifications(grpc::CallbackServerContext* context,
                                                   const v1::BatchGetSpecificationsRequest* request,
                                                   v1::BatchGetSpecificationsResponse* response) override;
  grpc::ServerUnaryReactor* GetProviderEligibility(grpc::CallbackServerContext* context,
                                                   const v1::GetProviderEligibilityRequest* request,
                                                   v1::ProviderEligibility* response) override;
  grpc::ServerUnaryReactor* ListProviderEligibilities(
      grpc::CallbackServerContext* context, const v1::ListProviderEligibilitiesRequest* request,
      v1::ListProviderEligibilitiesResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetProviderEligibilities(
      grpc::CallbackServerContext* context, const v1::BatchGetProviderEligibilitiesRequest* request,
      v1::BatchGetProviderEligibilitiesResponse* response) override;
  grpc::ServerUnaryReactor* GetServiceAssessment(grpc::CallbackServerContext* context,
                                                 const v1::GetServiceAssessmentRequest* request,
                                                 v1::ServiceAssessment* response) override;
  grpc::ServerUnaryReactor* ListServiceAssessments(grpc::CallbackServerContext* context,
                                                   const v1::ListServiceAssessmentsRequest* request,
                                                   v1::ListServiceAssessmentsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetServiceAssessments(
      grpc::CallbackServerContext* context, const v1::BatchGetServiceAssessmentsRequest* request,
      v1::BatchGetServiceAssessmentsResponse* response) override;
  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext* context,
                                        const v1::GetDecisionRequest* request,
                                        v1::Decision* response) override;
  grpc::ServerUnaryReactor* ListDecisions(grpc::CallbackServerContext* context,
                                          const v1::ListDecisionsRequest* request,
                                          v1::ListDecisionsResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetDecisions(grpc::CallbackServerContext* context,
                                              const v1::BatchGetDecisionsRequest* request,
                                              v1::BatchGetDecisionsResponse* response) override;
  grpc::ServerUnaryReactor* ResolveDelegation(grpc::CallbackServerContext* context,
                                              const v1::ResolveDelegationRequest* request,
                                              v1::Delegation* response) override;
  grpc::ServerUnaryReactor* ListDelegations(grpc::CallbackServerContext* context,
                                            const v1::ListDelegationsRequest* request,
                                            v1::ListDelegationsResponse* response) override;
  grpc::ServerUnaryReactor* ListServiceStatuses(grpc::CallbackServerContext* context,
                                                const v1::ListServiceStatusesRequest* request,
                                                v1::ListServiceStatusesResponse* response) override;
  grpc::ServerUnaryReactor* RestateFootprint(grpc::CallbackServerContext* context,
                                             const v1::RestateFootprintRequest* request,
                                             v1::RestateFootprintResponse* response) override;
  grpc::ServerUnaryReactor* RecordDecision(grpc::CallbackServerContext* context,
                                           const v1::RecordDecisionRequest* request,
                                           v1::Decision* response) override;
  grpc::ServerUnaryReactor* CorrectDecision(grpc::CallbackServerContext* context,
                                            const v1::CorrectDecisionRequest* request,
                                            v1::Decision* response) override;
  grpc::ServerUnaryReactor* ImportRecords(grpc::CallbackServerContext* context,
                                          const v1::ImportRecordsRequest* request,
                                          v1::ImportRecordsResponse* response) override;

 private:
  rpc::Pipeline& pipeline_;
  Operations& operations_;
  AnswerCache& answers_;
};

}  // namespace specom::portfolio

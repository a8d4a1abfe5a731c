#include "tests/bench/bare_server.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <cstdio>

#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::bench {
namespace {

namespace v1 = portfolio::v1;

class ReadyAnswers final : public v1::PortfolioService::CallbackService {
 public:
  bool Parse(const std::string& delegation, const std::string& service) {
    return delegation_.ParseFromString(delegation) && service_.ParseFromString(service);
  }

  grpc::ServerUnaryReactor* ResolveDelegation(grpc::CallbackServerContext* context,
                                              const v1::ResolveDelegationRequest*,
                                              v1::Delegation* response) override {
    *response = delegation_;
    return Answered(context);
  }
  grpc::ServerUnaryReactor* GetService(grpc::CallbackServerContext* context, const v1::GetServiceRequest*,
                                       v1::Service* response) override {
    *response = service_;
    return Answered(context);
  }

 private:
  static grpc::ServerUnaryReactor* Answered(grpc::CallbackServerContext* context) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  v1::Delegation delegation_;
  v1::Service service_;
};

}  // namespace

int RunBareServer(const std::string& delegation, const std::string& service, const TlsFiles& tls) {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);

  ReadyAnswers answers;
  if (!answers.Parse(delegation, service)) return 1;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", BareServerCredentials(tls), &port);
  builder.RegisterService(&answers);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("the bare server serves on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end, &signal);
  server->Shutdown();
  return 0;
}

}  // namespace specom::bench

// specom-portfolio: the portfolio registry as a process of its own.
#include "libs/rpc/process.h"
#include "services/portfolio/service.h"

int main(int argc, char** argv) {
  return specom::rpc::RunServiceProcess(argc, argv, specom::portfolio::PortfolioProgram());
}

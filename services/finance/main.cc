// specom-finance: the finance service as a process of its own.
#include "libs/rpc/process.h"
#include "services/finance/service.h"

int main(int argc, char** argv) {
  return specom::rpc::RunServiceProcess(argc, argv, specom::finance::FinanceProgram());
}

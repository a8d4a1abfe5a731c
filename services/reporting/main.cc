// specom-reporting: the reporting service as a process of its own.
#include "libs/rpc/process.h"
#include "services/reporting/service.h"

int main(int argc, char** argv) {
  return specom::rpc::RunServiceProcess(argc, argv, specom::reporting::ReportingProgram());
}

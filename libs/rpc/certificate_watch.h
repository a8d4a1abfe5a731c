// The certificates of a process while they change: new ones are taken without a restart, and only when
// they are sound; until then the last good ones stay.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/clock.h"
#include "libs/observe/logger.h"
#include "libs/observe/metrics.h"
#include "libs/rpc/certificates.h"

namespace specom::rpc {

// For any number of threads. Metrics:
//   specom_tls_certificate_expiry_seconds {role: process, authority}: end of validity, Unix time
//   specom_tls_reloads_total {outcome: taken, refused}
class CertificateWatch {
 public:
  // Reads the files now and looks at them in this interval from then on; what is not sound at one look may be
  // half written, and is told at the second. FAILED_PRECONDITION/CERTIFICATES as CheckCertificates tells it.
  // clock, logger and metrics outlive this.
  static absl::StatusOr<std::shared_ptr<const CertificateWatch>> Start(
      const CertificateFiles& files, const Clock& clock, observe::Logger& logger, observe::Metrics& metrics,
      absl::Duration interval = absl::Seconds(1));
  virtual ~CertificateWatch() = default;

  // The last good ones; never null. Another object when others were taken.
  virtual std::shared_ptr<const Certificates> current() const = 0;
};

}  // namespace specom::rpc

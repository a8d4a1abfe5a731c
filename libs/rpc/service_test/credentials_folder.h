// For tests: an authority, and a folder of certificates that it issued, changed as an operator does it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "libs/auth/local_authority.h"
#include "libs/rpc/certificates.h"

namespace specom::rpc {

inline std::string SpiffeId(const std::string& service) {
  return "spiffe://specom.test/svc/" + service;
}

class CredentialsFolder {
 public:
  CredentialsFolder() {
    std::string path = ::testing::TempDir() + "specom.XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    path_ = path;
    auto made = LocalAuthority::Make();
    EXPECT_TRUE(made.ok()) << made.status();
    authority_ = *std::move(made);
    EXPECT_TRUE(authority_->Save(path_).ok());
  }
  ~CredentialsFolder() { std::filesystem::remove_all(path_); }

  LocalAuthority& authority() { return *authority_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  CertificateFiles Files(const std::string& name) const {
    return {Path(name + ".pem"), Path(name + ".key"), Path("authority.pem")};
  }

  // name.pem and name.key, for SpiffeId(service).
  CertificateFiles Issue(const std::string& name, const std::string& service,
                         absl::Time not_before = absl::Now() - absl::Hours(1),
                         absl::Time not_after = absl::Now() + absl::Hours(1)) {
    auto issued = authority_->IssueCertificate(SpiffeId(service), not_before, not_after);
    EXPECT_TRUE(issued.ok()) << issued.status();
    Write(name + ".pem", issued->certificate);
    Write(name + ".key", issued->key.Reveal());
    return Files(name);
  }

  // In one step, so that a reader sees the old file or the new one.
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(Path(name + ".new"), std::ios::binary) << content;
    std::filesystem::rename(Path(name + ".new"), Path(name));
  }

 private:
  std::string path_;
  std::unique_ptr<LocalAuthority> authority_;
};

// What is in the files, checked by nobody: for clients that show what they should not.
inline Certificates Unchecked(const CertificateFiles& files) {
  auto texts = ReadCertificateFiles(files);
  EXPECT_TRUE(texts.ok()) << texts.status();
  Certificates certificates;
  certificates.texts = *std::move(texts);
  return certificates;
}

}  // namespace specom::rpc

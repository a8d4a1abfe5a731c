#include "tools/specom/connection.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "libs/base/status.h"
#include "libs/rpc/client.h"

namespace specom::cli {
namespace {

constexpr std::chrono::seconds kPatience(5);

// Asks for the server's health; any answer at all means that there is a connection. The words of gRPC
// otherwise.
std::string WhyNot(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  // An empty request asks for the server as a whole.
  grpc::Slice nothing;
  grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response, [&](grpc::Status answer) {
    status = std::move(answer);
    done.Notify();
  });
  done.WaitForNotification();
  bool is_answer = status.error_code() != grpc::StatusCode::UNAVAILABLE &&
                   status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED;
  return is_answer ? "" : status.error_message();
}

}  // namespace

absl::StatusOr<rpc::Certificates> ReadCredentials(const std::string& folder) {
  rpc::CertificateFiles files;
  files.authority = folder + "/authority.pem";
  std::error_code ignored;
  bool has_certificate = std::filesystem::exists(folder + "/client.pem", ignored);
  bool has_key = std::filesystem::exists(folder + "/client.key", ignored);
  // With one of them missing, its name shall stand in the error.
  if (has_certificate || has_key) {
    files.certificate = folder + "/client.pem";
    files.key = folder + "/client.key";
  }
  auto texts = rpc::ReadCertificateFiles(files);
  auto checked = texts.ok() ? rpc::CheckCertificates(files, *std::move(texts), absl::Now())
                            : absl::StatusOr<rpc::Certificates>(texts.status());
  if (checked.ok()) return checked;
  return absl::FailedPreconditionError(
      absl::StrCat("--credentials ", folder, ": ", checked.status().message()));
}

absl::StatusOr<Secret> ReadToken(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  std::string token(absl::StripAsciiWhitespace(text.str()));
  if (in && !token.empty() && token.find_first_of(" \t\r\n") == token.npos) return Secret(token);
  return absl::FailedPreconditionError(
      absl::StrCat("--token-file ", file, in ? " does not hold one token" : " cannot be read",
                   "; write a token of your issuer there, or one of specom token"));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& endpoint,
                                                       const rpc::Certificates* certificates) {
  auto channel = rpc::OpenChannel(
      endpoint, certificates == nullptr ? nullptr : rpc::MakeClientCredentials(*certificates));
  std::string words = WhyNot(channel);
  if (words.empty()) return channel;
  rpc::Shown shown = certificates == nullptr           ? rpc::Shown::kPlainText
                     : certificates->spiffe_id.empty() ? rpc::Shown::kNoCertificate
                                                       : rpc::Shown::kCertificate;
  std::string explained = rpc::ExplainConnection(words, shown);
  if (explained != words) {
    return absl::UnavailableError(
        absl::StrCat("no connection to ", endpoint, ": ", explained,
                     shown == rpc::Shown::kPlainText
                         ? ". Give --credentials, a folder with authority.pem, client.pem and client.key."
                         : ". Look at --credentials."));
  }
  if (channel->WaitForConnected(std::chrono::system_clock::now() + kPatience)) return channel;
  return absl::UnavailableError(absl::StrCat("no platform answers at ", endpoint,
                                             "; check the address, or start one with specom dev (", words,
                                             ")"));
}

}  // namespace specom::cli

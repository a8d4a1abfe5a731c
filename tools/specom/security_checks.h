// What specom doctor says of certificates, tokens and clocks.
#pragma once

#include <string>

#include "libs/auth/token_verifier.h"
#include "libs/base/secret.h"
#include "libs/rpc/tls.h"
#include "libs/store/store.h"
#include "tools/specom/examination.h"

namespace specom::cli {

// Files that can be read by this user and by nobody else, that belong together, lead to the authority and
// do not end soon. Says nothing when no file is named.
void ExamineCertificates(const rpc::TlsSettings& tls, Examination& examination);

// The keys of the issuer, and whether the token in the file would be taken. token_file may be empty; says
// nothing when neither is given.
void ExamineTokens(const TokenSettings& tokens, const std::string& token_file, Examination& examination);

// By how much this machine's clock differs from that of the server, beyond what the way there explains.
void ExamineClockOf(const store::DatabaseConfig& postgresql, Examination& examination);
void ExamineClockOfRedis(const Secret& url, Examination& examination);

}  // namespace specom::cli

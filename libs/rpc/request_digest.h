// What a request asks, as a digest: the fingerprint of idempotent writes and the binding of page
// tokens.
#pragma once

#include <google/protobuf/message.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace specom::rpc {

// SHA-256, in hexadecimal digits, of the method and the deterministic serialisation of the request
// without the named top-level fields. A name that the request does not have is ignored.
std::string RequestDigest(std::string_view full_method, const google::protobuf::Message& request,
                          std::initializer_list<std::string_view> without);

// The text of a top-level string field; "" when there is no such field.
std::string StringField(const google::protobuf::Message& message, std::string_view name);

}  // namespace specom::rpc

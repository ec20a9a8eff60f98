// The comments of the .proto files, which say to people what the API's messages, fields and values are.
#pragma once

#include <string>

namespace bpfrig::client::schema {

// In one line, of the declaration with that full name: "bpfrig.v1.ConnectRequest.to". Empty if it has none.
// Calls and fields are called as plans call them.
[[nodiscard]] const std::string& CommentOf(const std::string& full_name);

}  // namespace bpfrig::client::schema

// What is known of datagrams that were sent before one was waited for in vain: for the report of a step that
// failed. The handlers of connect and receive in run/ call it.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "bpfrig/v1/traffic.pb.h"

namespace bpfrig::client::verdict {

// "sent before: 5 bytes from c to 10.0.0.1:53; then server dns had one from 10.0.0.2:4000, and answered it".
[[nodiscard]] std::string DescribeSent(
    const google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram>& sent);

}  // namespace bpfrig::client::verdict

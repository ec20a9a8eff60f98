// Makes a message fit to be sent: protobuf refuses to parse a string that is not UTF-8, and names, logs and
// messages of errors come out of objects and from the kernel. The worker calls it for every last reply; the
// values in a stream of replies are made fit as they are encoded.
#pragma once

#include "google/protobuf/message.h"

namespace bpfrig::ipc {

// Replaces what is not UTF-8 in the message's strings, at any depth, as common::ShownText does. Bytes stay.
void ShowStrings(google::protobuf::Message& message);

}  // namespace bpfrig::ipc

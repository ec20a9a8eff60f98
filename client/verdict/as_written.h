// Says what a map holds in the words that the plan used: an address where it wrote !ip, a number in network
// order where it wrote !be16. For the report; comparisons are made by bytes.
#pragma once

#include <string>

#include "bpfrig/v1/value.pb.h"

namespace bpfrig::client::verdict {

// What `memory` has in the place of such a tag, as "!ip 172.19.0.2". `encoding` is the tag encoded in its
// place and nothing else: its mask shows where that is. Empty for other tags, and if the memory does not
// reach so far.
[[nodiscard]] std::string FormatAsWritten(const bpfrig::v1::Tag& tag,
                                          const bpfrig::v1::ResolvedValue& encoding,
                                          const std::string& memory);

}  // namespace bpfrig::client::verdict

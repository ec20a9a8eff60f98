// Says what a map holds in the words that the plan used: an address where it wrote !ip, a number in network
// order where it wrote !be16. For the report; comparisons are made by bytes.
#pragma once

#include <string>

#include "bpfrig/v1/value.pb.h"

namespace bpfrig::client::verdict {

// `actual` as "!ip 172.19.0.2", if `written` is such a tag and `expected`, which is what it was encoded to
// and decoded again, shows where in the value its bytes are. Otherwise empty.
[[nodiscard]] std::string FormatAsWritten(const bpfrig::v1::Value& written, const bpfrig::v1::Value& expected,
                                          const bpfrig::v1::Value& actual);

}  // namespace bpfrig::client::verdict

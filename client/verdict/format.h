// Values, bytes and entries as a report prints them, close to how a plan writes them.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/steps/step.h"

namespace bpfrig::client::verdict {

[[nodiscard]] std::string FormatValue(const bpfrig::v1::Value& value);
// Printable bytes in quotes, others as "0a 60 00 01"; a long string's beginning, with its length.
[[nodiscard]] std::string FormatBytes(const std::string& bytes);
// "0a 60 00 01"; bytes that the mask has as 0 are "..". Without a mask all are shown.
[[nodiscard]] std::string FormatHex(absl::string_view bytes, absl::string_view mask = "");
// Both sides of a comparison with their lengths; long ones from shortly before the first byte that differs.
[[nodiscard]] std::pair<std::string, std::string> FormatBothBytes(const std::string& expected,
                                                                  const std::string& actual);
// {key: ..., value: ...}, decoded if it could be.
[[nodiscard]] std::string FormatEntry(const bpfrig::v1::DumpedEntry& entry);
// A pattern as the plan writes it: "!at_least 3".
[[nodiscard]] std::string FormatPattern(const plan::Pattern& pattern);
// {key: ..., value: ...}, as the plan writes it.
[[nodiscard]] std::string FormatExpectedEntry(const plan::EntryExpectation& entry);
// What came, for a difference: an empty text is "none", bytes have their length.
[[nodiscard]] std::string FormatActual(const bpfrig::v1::Value& value);
[[nodiscard]] std::string FormatEvent(const bpfrig::v1::Event& event);

}  // namespace bpfrig::client::verdict

// Text from anywhere, for reports in XML and HTML.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::report {

// UTF-8 that shows all that is in it: \xNN stands for bytes that are not UTF-8, and for those of characters
// that neither XML nor HTML may have (controls but newline and tab) or that let text look like another (those
// that turn its direction).
[[nodiscard]] std::string Printable(absl::string_view text);

}  // namespace bpfrig::client::report

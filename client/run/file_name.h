// Names of files and folders, made of what plans call things.
#pragma once

#include <set>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::run {

// A name that a file may have anywhere: other characters become lines. Never empty, hidden, or longer than
// 200 bytes; different texts may have the same one.
[[nodiscard]] std::string FileName(absl::string_view text);

// The stem and the extension, with `@2` or a higher number between them if it is taken, also where case does
// not count. It is taken then.
[[nodiscard]] std::string UniqueName(const std::string& stem, absl::string_view extension,
                                     std::set<std::string>& taken);

}  // namespace bpfrig::client::run

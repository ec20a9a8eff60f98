// How bytes that need not be text are shown: names out of ELF files and BTF, and what the kernel prints, can
// be any bytes, and protobuf takes no string that is not UTF-8. The worker's replies go through here.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

// Whether `bytes` are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool IsUtf8(absl::string_view bytes);

// The length of the UTF-8 character that `bytes`, which are not empty, start with; 0 if there is none.
[[nodiscard]] size_t Utf8CharacterLength(absl::string_view bytes);

// UTF-8 as it is, each byte that is not part of it as \xNN.
[[nodiscard]] std::string ShownText(absl::string_view bytes);

}  // namespace bpfrig::common

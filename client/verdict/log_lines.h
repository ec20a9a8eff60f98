// The lines of a verifier's log that a message shows: a log may have a hundred thousand.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::client::verdict {

// Whether the text has more lines than a message should.
[[nodiscard]] bool IsLong(absl::string_view text);

// The lines that have most of the words of `wanted`, with their numbers; the last ones if none has any.
[[nodiscard]] std::string NearestLines(absl::string_view text, absl::string_view wanted);

// The last lines: the verifier says there why it refuses. On kernels that go on with long diagnostics
// (Linux 7.3), those from just before "Verification failed:".
[[nodiscard]] std::string DecisiveLines(absl::string_view log);

// Where the whole log can be read: in `file`, or if that is empty, how to have one written.
[[nodiscard]] std::string WhereTheLogIs(const std::string& file);
// What is said below DecisiveLines: how many of the lines they are, and where the others are. Empty if they
// are all.
[[nodiscard]] std::string WhereTheOthersAre(absl::string_view log, bool truncated, const std::string& file);

}  // namespace bpfrig::client::verdict

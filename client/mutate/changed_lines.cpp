#include "client/mutate/changed_lines.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace bpfrig::client::mutate {
namespace {

// One side of a hunk.
struct Span {
  uint32_t first = 0;
  uint32_t count = 1;
};

// "-12,3" or "+12"; false if it is something else.
bool ReadSpan(absl::string_view text, char sign, Span& span) {
  if (!absl::ConsumePrefix(&text, absl::string_view(&sign, 1))) return false;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(',', 1));
  return absl::SimpleAtoi(parts.first, &span.first) &&
         (parts.second.empty() || absl::SimpleAtoi(parts.second, &span.count));
}

}  // namespace

std::vector<LineRange> ChangedLines(absl::string_view diff) {
  std::vector<LineRange> changed;
  std::string file;
  // Lines of the hunk that are still to come: they may look like anything.
  uint64_t rest = 0;
  for (absl::string_view line : absl::StrSplit(diff, '\n')) {
    if (rest > 0) {
      if (!line.empty() && line[0] != '\\') --rest;
      continue;
    }
    if (absl::ConsumePrefix(&line, "+++ ")) {
      // Behind a name with blanks git puts a tab.
      file = std::string(absl::StripSuffix(line, "\t"));
      continue;
    }
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    Span before;
    Span after;
    if (words.size() < 3 || words[0] != "@@" || !ReadSpan(words[1], '-', before) ||
        !ReadSpan(words[2], '+', after)) {
      continue;
    }
    rest = uint64_t{before.count} + after.count;
    if (after.count > 0) changed.push_back({file, after.first, after.first + after.count - 1});
  }
  return changed;
}

}  // namespace bpfrig::client::mutate

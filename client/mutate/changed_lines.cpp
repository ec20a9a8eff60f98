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

void Pass(Span& span) {
  ++span.first;
  if (span.count > 0) --span.count;
}

// To the range before it, if it comes next.
void AddLine(const std::string& file, uint32_t line, std::vector<LineRange>& ranges) {
  if (ranges.empty() || ranges.back().file != file || ranges.back().last + 1 != line) {
    ranges.push_back({file, line, line});
  }
  ranges.back().last = line;
}

}  // namespace

std::vector<LineRange> ChangedLines(absl::string_view diff) {
  std::vector<LineRange> changed;
  std::string file;
  // Lines of the hunk's two sides that are still to come: they may look like anything.
  Span before{0, 0};
  Span after{0, 0};
  for (absl::string_view line : absl::StrSplit(diff, '\n')) {
    if (before.count > 0 || after.count > 0) {
      const char side = line.empty() ? ' ' : line[0];
      if (side == '+') AddLine(file, after.first, changed);
      if (side == '+' || side == ' ') Pass(after);
      if (side == '-' || side == ' ') Pass(before);
      continue;
    }
    if (absl::ConsumePrefix(&line, "+++ ")) {
      // Behind a name with blanks git puts a tab.
      file = std::string(absl::StripSuffix(line, "\t"));
      continue;
    }
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 3));
    Span old_side;
    Span new_side;
    if (words.size() < 3 || words[0] != "@@" || !ReadSpan(words[1], '-', old_side) ||
        !ReadSpan(words[2], '+', new_side)) {
      continue;
    }
    before = old_side;
    after = new_side;
  }
  return changed;
}

}  // namespace bpfrig::client::mutate

#include "client/verdict/log_lines.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace bpfrig::client::verdict {
namespace {

using Lines = std::vector<absl::string_view>;

constexpr size_t kLinesShown = 25;
constexpr size_t kLinesBeforeReason = 10;
constexpr size_t kNearestShown = 5;
constexpr absl::string_view kReason = "Verification failed:";

Lines LinesOf(absl::string_view text) {
  return absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n');
}

Lines WordsOf(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n,;:()=<>\"'"), absl::SkipEmpty());
}

// The first of the lines that DecisiveLines shows.
size_t FirstDecisive(const Lines& lines) {
  const size_t first = lines.size() - std::min(lines.size(), kLinesShown);
  for (size_t i = lines.size(); i-- > 0;) {
    if (absl::StrContains(lines[i], kReason)) return std::min(first, i - std::min(i, kLinesBeforeReason));
  }
  return first;
}

}  // namespace

bool IsLong(absl::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= kLinesShown;
}

std::string NearestLines(absl::string_view text, absl::string_view wanted) {
  const Lines lines = LinesOf(text);
  const Lines words = WordsOf(wanted);
  std::vector<size_t> scores(lines.size());
  std::vector<size_t> order(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    order[i] = i;
    for (const absl::string_view word : words)
      scores[i] += absl::StrContains(lines[i], word) ? word.size() : 0;
  }
  const size_t shown = std::min(lines.size(), kNearestShown);
  // Of lines that are equally near, the last: they are nearer to the verdict.
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
      [&](size_t a, size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a > b; });
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown));
  std::string nearest = absl::StrCat("not in its ", lines.size(), " lines; the nearest ", shown, " are");
  for (size_t i = 0; i < shown; ++i)
    absl::StrAppend(&nearest, "\nline ", order[i] + 1, ": ", lines[order[i]]);
  return nearest;
}

std::string DecisiveLines(absl::string_view log) {
  const Lines lines = LinesOf(log);
  const size_t first = FirstDecisive(lines);
  const size_t end = std::min(lines.size(), first + kLinesShown);
  return absl::StrJoin(lines.begin() + static_cast<std::ptrdiff_t>(first),
                       lines.begin() + static_cast<std::ptrdiff_t>(end), "\n");
}

std::string WhereTheLogIs(const std::string& file) {
  return file.empty() ? "`--log-dir DIR` writes the whole log to a file"
                      : absl::StrCat("the whole log is in ", file);
}

std::string WhereTheOthersAre(absl::string_view log, bool truncated, const std::string& file) {
  const size_t lines = LinesOf(log).size();
  if (lines <= kLinesShown && !truncated) return "";
  return absl::StrCat("these are ", std::min(lines, kLinesShown), " of ", truncated ? "more than " : "",
                      lines, " lines; ", WhereTheLogIs(file));
}

}  // namespace bpfrig::client::verdict

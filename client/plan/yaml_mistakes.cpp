#include "client/plan/yaml_mistakes.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bpfrig::client::plan {
namespace {

// A line without quoted text and comment, whose characters are blanked, so that what is left is structure;
// and the brackets that it leaves open are carried to the next.
class Structure {
 public:
  struct Bracket {
    char open = 0;
    int line = 1;
    int column = 1;
  };

  explicit Structure(absl::string_view text) {
    int line = 1;
    for (const absl::string_view source : absl::StrSplit(text, '\n')) {
      depths_.push_back(open_.size());
      lines_.push_back(Blanked(source));
      Count(lines_.back(), line++);
    }
  }

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  // Whether the line begins within brackets.
  [[nodiscard]] bool IsInFlow(size_t line) const { return depths_[line] > 0; }
  // Those that are never closed, and the first that closes nothing.
  [[nodiscard]] const std::vector<Bracket>& open() const { return open_; }
  [[nodiscard]] const std::optional<Bracket>& stray() const { return stray_; }

 private:
  std::string Blanked(absl::string_view line) {
    std::string result(line);
    for (size_t i = 0; i < line.size(); ++i) {
      const char before = i == 0 ? ' ' : line[i - 1];
      if (quote_ != 0) {
        const bool ends = line[i] == quote_ && !(quote_ == '"' && before == '\\');
        result[i] = '_';
        if (ends) quote_ = 0;
      } else if ((line[i] == '"' || line[i] == '\'') &&
                 std::string_view(" \t[{,:-!").find(before) != std::string_view::npos) {
        quote_ = line[i];
        result[i] = '_';
      } else if (line[i] == '#' && (before == ' ' || before == '\t')) {
        std::fill(result.begin() + static_cast<std::ptrdiff_t>(i), result.end(), ' ');
        break;
      }
    }
    return result;
  }

  void Count(absl::string_view line, int number) {
    for (size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      const Bracket here{c, number, static_cast<int>(i) + 1};
      if (c == '[' || c == '{') open_.push_back(here);
      if (c != ']' && c != '}') continue;
      const bool fits = !open_.empty() && open_.back().open == (c == ']' ? '[' : '{');
      if (fits) {
        open_.pop_back();
      } else if (!stray_) {
        stray_ = here;
      }
    }
  }

  std::vector<std::string> lines_;
  std::vector<size_t> depths_;
  std::vector<Bracket> open_;
  std::optional<Bracket> stray_;
  char quote_ = 0;
};

std::optional<YamlMistake> FindTab(const Structure& structure) {
  for (size_t i = 0; i < structure.lines().size(); ++i) {
    const std::string& line = structure.lines()[i];
    const size_t tab = line.find_first_not_of(' ');
    if (tab == std::string::npos || line[tab] != '\t' || absl::StripAsciiWhitespace(line).empty()) continue;
    return YamlMistake{static_cast<int>(i) + 1, static_cast<int>(tab) + 1,
                       "a tab: YAML is indented with spaces"};
  }
  return std::nullopt;
}

std::optional<YamlMistake> FindBareAddress(const Structure& structure) {
  static const RE2 kAddress(R"((?:^|[\s\[{,])([0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4})*::)(?:[\s,}\]]|$))");
  for (size_t i = 0; i < structure.lines().size(); ++i) {
    const std::string& line = structure.lines()[i];
    re2::StringPiece address;
    if (!RE2::PartialMatch(line, kAddress, &address)) continue;
    return YamlMistake{static_cast<int>(i) + 1, static_cast<int>(address.data() - line.data()) + 1,
                       absl::StrCat("YAML takes the colon at the end of ", std::string(address),
                                    " for its own; an address like this is written in quotes")};
  }
  return std::nullopt;
}

std::optional<YamlMistake> FindBracket(const Structure& structure) {
  const auto closing = [](char open) { return open == '[' ? "]" : "}"; };
  const auto opening = [](char close) { return close == ']' ? "[" : "{"; };
  if (structure.stray()) {
    const auto& bracket = *structure.stray();
    return YamlMistake{
        bracket.line, bracket.column,
        absl::StrCat("a ", std::string(1, bracket.open), " without its ", opening(bracket.open))};
  }
  if (structure.open().empty()) return std::nullopt;
  const auto& bracket = structure.open().back();
  return YamlMistake{
      bracket.line, bracket.column,
      absl::StrCat("a ", std::string(1, bracket.open), " without its ", closing(bracket.open))};
}

// Where the keys or items of a line begin: after its spaces, and after each "- ".
std::vector<size_t> IndentsOf(absl::string_view line) {
  std::vector<size_t> indents = {line.find_first_not_of(' ')};
  while (indents.back() + 1 < line.size() && line[indents.back()] == '-' && line[indents.back() + 1] == ' ') {
    const size_t next = line.find_first_not_of(' ', indents.back() + 1);
    if (next == absl::string_view::npos) break;
    indents.push_back(next);
  }
  return indents;
}

// The first line that begins at a place where no line above leads to.
std::optional<YamlMistake> FindIndentation(const Structure& structure) {
  std::vector<size_t> open;
  bool may_go_deeper = true;
  for (size_t i = 0; i < structure.lines().size(); ++i) {
    const absl::string_view line = absl::StripTrailingAsciiWhitespace(structure.lines()[i]);
    if (line.empty() || structure.IsInFlow(i)) continue;
    const std::vector<size_t> indents = IndentsOf(line);
    const size_t indent = indents.front();
    std::optional<size_t> above;
    while (!open.empty() && open.back() > indent) {
      above = open.back();
      open.pop_back();
    }
    const bool is_known = open.empty() ? !above : open.back() == indent;
    if (!is_known && (above || !may_go_deeper)) {
      const std::string lower = open.empty() ? "0" : absl::StrCat(open.back());
      return YamlMistake{static_cast<int>(i) + 1, static_cast<int>(indent) + 1,
                         absl::StrCat("this line is indented by ", indent, indent == 1 ? " space" : " spaces",
                                      ", and those above it by ", lower,
                                      above ? absl::StrCat(" or ", *above) : std::string())};
    }
    if (!is_known) open.push_back(indent);
    open.insert(open.end(), indents.begin() + 1, indents.end());
    may_go_deeper = line.back() == ':' || line.back() == '-' || line.back() == '|' || line.back() == '>';
  }
  return std::nullopt;
}

}  // namespace

YamlMistake FindYamlMistake(absl::string_view text, YamlMistake said) {
  const Structure structure(text);
  for (const auto find : {FindTab, FindBareAddress, FindBracket, FindIndentation}) {
    if (std::optional<YamlMistake> mistake = find(structure)) return *std::move(mistake);
  }
  said.message = absl::StrCat("no valid YAML: ", said.message);
  return said;
}

}  // namespace bpfrig::client::plan

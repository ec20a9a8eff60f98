#include "client/plan/yaml/yaml_mistakes.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bpfrig::client::plan {
namespace {

// A line without quoted text and comment, whose characters are blanked, so that what is left is structure;
// and the brackets that it leaves open are carried to the next.
class Structure {
 public:
  // A bracket or a quote.
  struct Bracket {
    char open = 0;
    int line = 1;
    int column = 1;
  };

  explicit Structure(absl::string_view text) {
    int line = 1;
    for (const absl::string_view source : absl::StrSplit(text, '\n')) {
      depths_.push_back(open_.size());
      lines_.push_back(Blanked(source, line));
      Count(lines_.back(), line++);
    }
    if (quote_.open != 0) NoteUnclosed();
  }

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  // Whether the line begins within brackets.
  [[nodiscard]] bool IsInFlow(size_t line) const { return depths_[line] > 0; }
  // Those that are never closed, and the first that closes nothing.
  [[nodiscard]] const std::vector<Bracket>& open() const { return open_; }
  [[nodiscard]] const std::optional<Bracket>& stray() const { return stray_; }
  // The first quote that lacks its other one.
  [[nodiscard]] const std::optional<Bracket>& unclosed_quote() const { return unclosed_quote_; }

 private:
  // Whether an odd number of backslashes is before it.
  static bool IsEscaped(absl::string_view line, size_t at) {
    size_t backslashes = 0;
    while (backslashes < at && line[at - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  std::string Blanked(absl::string_view line, int number) {
    std::string result(line);
    for (size_t i = 0; i < line.size(); ++i) {
      const char before = i == 0 ? ' ' : line[i - 1];
      if (quote_.open != 0) {
        const bool ends = line[i] == quote_.open && !(quote_.open == '"' && IsEscaped(line, i));
        result[i] = '_';
        if (ends) EndQuote(line.substr(i + 1), number);
      } else if ((line[i] == '"' || line[i] == '\'') &&
                 std::string_view(" \t[{,:-!").find(before) != std::string_view::npos) {
        quote_ = {line[i], number, static_cast<int>(i) + 1};
        result[i] = '_';
      } else if (line[i] == '#' && (before == ' ' || before == '\t')) {
        std::fill(result.begin() + static_cast<std::ptrdiff_t>(i), result.end(), ' ');
        break;
      }
    }
    return result;
  }

  // A quote over several lines that ends in the middle of a word has ended at the next one's beginning.
  void EndQuote(absl::string_view rest, int number) {
    const bool is_real = rest.empty() || absl::StrContains(" \t,}]:", rest.substr(0, 1));
    if (quote_.line != number && !is_real) NoteUnclosed();
    quote_ = {};
  }

  void NoteUnclosed() {
    if (!unclosed_quote_) unclosed_quote_ = quote_;
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
  std::optional<Bracket> unclosed_quote_;
  // The one that is open; its `open` is 0 if none is.
  Bracket quote_;
};

std::optional<YamlMistake> FindQuote(const Structure& structure) {
  if (!structure.unclosed_quote()) return std::nullopt;
  const Structure::Bracket& quote = *structure.unclosed_quote();
  return YamlMistake{quote.line, quote.column,
                     absl::StrCat("a ", std::string(1, quote.open), " that is never closed")};
}

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

// The first line on which the expression matches; its group is the place.
std::optional<YamlMistake> FindLine(const Structure& structure, const RE2& expression, bool in_brackets,
                                    absl::string_view before, absl::string_view after) {
  for (size_t i = 0; i < structure.lines().size(); ++i) {
    const std::string& line = structure.lines()[i];
    re2::StringPiece place;
    if ((!in_brackets && structure.IsInFlow(i)) || !RE2::PartialMatch(line, expression, &place)) continue;
    return YamlMistake{static_cast<int>(i) + 1, static_cast<int>(place.data() - line.data()) + 1,
                       absl::StrCat(before, std::string(place), after)};
  }
  return std::nullopt;
}

// `{address: 10.0.0.1 port: 80}`.
std::optional<YamlMistake> FindMissingComma(const Structure& structure) {
  static const RE2 kTwoPairs(R"([{,]\s*[\w.-]+: +[^,{}\[\]:]*\s([\w.-]+): )");
  return FindLine(structure, kTwoPairs, true, "a comma is missing before ", "");
}

// `name: a test: with a colon`.
std::optional<YamlMistake> FindColonInText(const Structure& structure) {
  static const RE2 kTwoColons(R"(^ *(?:- +)*[\w.-]+: +([^\s\[{&*!|>_][^:]*:(?: .*)?)$)");
  return FindLine(structure, kTwoColons, false, "text with a colon in it is written in quotes: \"", "\"");
}

// `name:bad`.
std::optional<YamlMistake> FindColonWithoutSpace(const Structure& structure) {
  static const RE2 kNoSpace(R"(^ *(?:- +)*([A-Za-z_]+):[^\s:]+$)");
  return FindLine(structure, kNoSpace, false, "a space is missing after the colon of ", "");
}

}  // namespace

YamlMistake FindYamlMistake(absl::string_view text, YamlMistake said) {
  const Structure structure(text);
  for (const auto find : {FindQuote, FindTab, FindBareAddress, FindBracket, FindMissingComma, FindColonInText,
                          FindColonWithoutSpace, FindIndentation}) {
    if (std::optional<YamlMistake> mistake = find(structure)) return *std::move(mistake);
  }
  said.message = absl::StrCat("no valid YAML: ", said.message);
  return said;
}

}  // namespace bpfrig::client::plan

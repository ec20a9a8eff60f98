#include "client/command/test_expression.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::client::command {
namespace {

// Deeper than anybody writes.
constexpr int kMaxDepth = 64;

}  // namespace

// By precedence: `or`, `and`, `not`, then a word or a parenthesis.
class ExpressionParser {
 public:
  explicit ExpressionParser(absl::string_view text) : rest_(text) {}

  absl::StatusOr<TestExpression> ParseAll() {
    if (absl::Status status = Next(); !status.ok()) return status;
    absl::StatusOr<TestExpression> whole = ParseSide(0);
    if (whole.ok() && !AtEnd()) return Unexpected("`and`, `or` or the end");
    return whole;
  }

 private:
  using Kind = TestExpression::Kind;

  struct Token {
    // Empty at the end.
    std::string text;
    bool quoted = false;
  };

  absl::StatusOr<TestExpression> ParseSide(int depth) { return ParseList(Kind::kOr, "or", depth); }

  // Operands with the same word between them.
  absl::StatusOr<TestExpression> ParseList(Kind kind, absl::string_view word, int depth) {
    TestExpression list;
    list.kind_ = kind;
    while (true) {
      absl::StatusOr<TestExpression> part =
          kind == Kind::kOr ? ParseList(Kind::kAnd, "and", depth) : ParseOperand(depth);
      if (!part.ok()) return part;
      list.parts_.push_back(*std::move(part));
      if (!Is(word)) break;
      if (absl::Status status = Next(); !status.ok()) return status;
    }
    return list.parts_.size() == 1 ? std::move(list.parts_[0]) : list;
  }

  absl::StatusOr<TestExpression> ParseOperand(int depth) {
    if (depth > kMaxDepth) return absl::InvalidArgumentError("too many parentheses and nots");
    if (AtEnd() || Is(")") || Is("and") || Is("or")) return Unexpected("a word, `not` or `(`");
    const bool is_not = Is("not");
    const bool is_group = Is("(");
    TestExpression operand;
    operand.word_ = token_.text;
    if (absl::Status status = Next(); !status.ok()) return status;
    if (is_not) {
      absl::StatusOr<TestExpression> part = ParseOperand(depth + 1);
      if (!part.ok()) return part;
      operand.kind_ = Kind::kNot;
      operand.parts_.push_back(*std::move(part));
      return operand;
    }
    if (!is_group) return operand;
    absl::StatusOr<TestExpression> inner = ParseSide(depth + 1);
    if (!inner.ok()) return inner;
    if (!Is(")")) return Unexpected("`)`");
    if (absl::Status status = Next(); !status.ok()) return status;
    return inner;
  }

  [[nodiscard]] bool Is(absl::string_view word) const { return !token_.quoted && token_.text == word; }
  [[nodiscard]] bool AtEnd() const { return !token_.quoted && token_.text.empty(); }

  absl::Status Unexpected(absl::string_view expected) const {
    return absl::InvalidArgumentError(
        absl::StrCat(expected, " was expected, not ",
                     AtEnd() ? std::string("the end") : absl::StrCat("\"", token_.text, "\"")));
  }

  absl::Status Next() {
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    token_ = {};
    if (rest_.empty()) return absl::OkStatus();
    if (rest_[0] == '"' || rest_[0] == '\'') {
      const size_t end = rest_.find(rest_[0], 1);
      if (end == absl::string_view::npos) {
        return absl::InvalidArgumentError(absl::StrCat("a quote without its end: ", rest_));
      }
      token_ = {std::string(rest_.substr(1, end - 1)), true};
      rest_.remove_prefix(end + 1);
      if (token_.text.empty()) return absl::InvalidArgumentError("empty quotes name no test");
      return absl::OkStatus();
    }
    const size_t end =
        rest_[0] == '(' || rest_[0] == ')' ? 1 : std::min(rest_.find_first_of(" \t()\"'"), rest_.size());
    token_.text = std::string(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return absl::OkStatus();
  }

  absl::string_view rest_;
  Token token_;
};

absl::StatusOr<TestExpression> TestExpression::Parse(absl::string_view text) {
  return ExpressionParser(text).ParseAll();
}

bool TestExpression::Holds(const std::string& name, const std::vector<std::string>& tags) const {
  const auto holds = [&](const TestExpression& part) { return part.Holds(name, tags); };
  switch (kind_) {
    case Kind::kNot:
      return !holds(parts_[0]);
    case Kind::kAnd:
      return std::all_of(parts_.begin(), parts_.end(), holds);
    case Kind::kOr:
      return std::any_of(parts_.begin(), parts_.end(), holds);
    case Kind::kWord:
      break;
  }
  return absl::StrContains(name, word_) || std::find(tags.begin(), tags.end(), word_) != tags.end();
}

}  // namespace bpfrig::client::command

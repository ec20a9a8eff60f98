// Which tests `-k` takes: words with `and`, `or`, `not` and parentheses. load_plans.h asks it of each test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::command {

class TestExpression {
 public:
  // `waypoint and not (slow or "two words")`. INVALID_ARGUMENT says what was expected where.
  [[nodiscard]] static absl::StatusOr<TestExpression> Parse(absl::string_view text);

  // A word holds if it is a part of the name, `plan / test`, or one of the tags.
  [[nodiscard]] bool Holds(const std::string& name, const std::vector<std::string>& tags) const;

 private:
  friend class ExpressionParser;
  enum class Kind { kWord, kNot, kAnd, kOr };

  Kind kind_ = Kind::kWord;
  std::string word_;
  std::vector<TestExpression> parts_;
};

}  // namespace bpfrig::client::command

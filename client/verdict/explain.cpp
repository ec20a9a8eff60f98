#include "client/verdict/explain.h"

#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/verdict/as_written.h"
#include "client/verdict/format.h"
#include "client/verdict/log_lines.h"
#include "common/near_names.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;
using google::protobuf::util::MessageDifferencer;
using plan::Pattern;
using plan::PatternKind;

// Walks a pattern and what came side by side.
class Explanation {
 public:
  // Without a memory: a value of an answer.
  Explanation(const Memory* memory, Differences& differences) : memory_(memory), differences_(differences) {}

  // `expected` is the pattern's plain part decoded again, if there is one.
  void Walk(const Pattern& pattern, const Value* expected, const Value* actual, const std::string& path) {
    switch (pattern.kind) {
      case PatternKind::kAnything:
        return;
      case PatternKind::kFields:
        return WalkFields(pattern, expected, actual, path);
      case PatternKind::kList:
        return WalkList(pattern, expected, actual, path);
      case PatternKind::kEqual:
        if (memory_ != nullptr) return WalkEncoded(pattern, expected, actual, path);
        [[fallthrough]];
      default:
        if (!Holds(pattern, actual, memory_)) AddLeaf(pattern, actual, path);
    }
  }

 private:
  void WalkFields(const Pattern& pattern, const Value* expected, const Value* actual,
                  const std::string& path) {
    for (size_t i = 0; i < pattern.parts.size(); ++i) {
      const std::string& name = pattern.names[i];
      const std::string member_path = path.empty() ? name : absl::StrCat(path, ".", name);
      const Value* member = FindMember(actual, name);
      if (member == nullptr && IsStruct(actual)) {
        AddUnknownMember(pattern.parts[i], *actual, name, member_path);
      } else {
        Walk(pattern.parts[i], FindMember(expected, name), member, member_path);
      }
    }
  }

  // Whether all members of the value's type are there.
  bool IsStruct(const Value* actual) const {
    return memory_ != nullptr && actual != nullptr && actual->has_fields();
  }

  // A matcher for a member that the type lacks: the daemon encodes members with plain values alone.
  void AddUnknownMember(const Pattern& pattern, const Value& actual, const std::string& name,
                        const std::string& path) {
    std::vector<std::string> members;
    for (const auto& field : actual.fields().fields()) members.push_back(field.name());
    differences_.push_back(
        {pattern.node->mark, path, FormatPattern(pattern),
         absl::StrCat("there is no such member; there are ", common::NamesNear(name, std::move(members)))});
  }

  void WalkList(const Pattern& pattern, const Value* expected, const Value* actual, const std::string& path) {
    if (!HasSize(pattern, actual, memory_)) return AddLeaf(pattern, actual, path);
    for (size_t i = 0; i < pattern.parts.size(); ++i) {
      Walk(pattern.parts[i], FindItem(expected, i), FindItem(actual, i), absl::StrCat(path, "[", i, "]"));
    }
  }

  // What was said by equality: what the daemon made of it, against what it made of the memory.
  void WalkEncoded(const Pattern& pattern, const Value* expected, const Value* actual,
                   const std::string& path) {
    if (expected == nullptr || actual == nullptr || MessageDifferencer::Equals(*expected, *actual)) return;
    std::string wanted = FormatPattern(pattern);
    // What a tag or a name stands for, so that both sides can be compared by eye.
    if (const std::string decoded = FormatValue(*expected); decoded != wanted)
      absl::StrAppend(&wanted, " = ", decoded);
    differences_.push_back(
        {pattern.node->mark, path, std::move(wanted), WithWritten(pattern, FormatValue(*actual))});
  }

  // What came, also in the words of the pattern's byte order.
  std::string WithWritten(const Pattern& pattern, std::string came) const {
    if (memory_ == nullptr || !pattern.encoding) return came;
    const std::string like =
        FormatAsWritten(pattern.value.tag(), *memory_->encodings[*pattern.encoding], memory_->bytes);
    return like.empty() ? came : absl::StrCat(like, " = ", came);
  }

  void AddLeaf(const Pattern& pattern, const Value* actual, const std::string& path) {
    if (actual != nullptr && pattern.kind == PatternKind::kEqual && pattern.value.has_raw() &&
        actual->has_raw()) {
      auto [wanted, came] = FormatBothBytes(pattern.value.raw(), actual->raw());
      differences_.push_back({pattern.node->mark, path, std::move(wanted), std::move(came)});
      return;
    }
    if (actual != nullptr && pattern.kind == PatternKind::kContains && IsLong(actual->text())) {
      differences_.push_back({pattern.node->mark, path, FormatPattern(pattern),
                              NearestLines(actual->text(), pattern.parts[0].value.text())});
      return;
    }
    std::string came = actual == nullptr ? "nothing with a type to decode it by" : FormatActual(*actual);
    if (!pattern.parts.empty()) came = WithWritten(pattern.parts[0], std::move(came));
    differences_.push_back({pattern.node->mark, path, FormatPattern(pattern), std::move(came)});
  }

  const Memory* memory_;
  Differences& differences_;
};

}  // namespace

Differences Explain(const Pattern& pattern, const Value& actual, const std::string& name) {
  Differences differences;
  Explanation(nullptr, differences).Walk(pattern, nullptr, &actual, name);
  return differences;
}

bool Holds(const TypedPattern& expected, const TypedValue& actual) {
  const Memory memory{actual.memory, expected.encodings};
  return Matches(expected.plain, actual.memory) && Holds(expected.pattern, actual.decoded, &memory);
}

Differences Explain(const TypedPattern& expected, const TypedValue& actual, const plan::NodePtr& node,
                    const std::string& name) {
  Differences differences;
  const Memory memory{actual.memory, expected.encodings};
  const Value* plain = expected.plain.has_decoded() ? &expected.plain.decoded() : nullptr;
  Explanation(&memory, differences).Walk(expected.pattern, plain, actual.decoded, name);
  if (differences.empty() && !Matches(expected.plain, actual.memory)) {
    differences.push_back({node->mark, name,
                           absl::StrCat(FormatPattern(expected.pattern), " = ",
                                        FormatHex(expected.plain.bytes(), expected.plain.mask())),
                           FormatHex(actual.memory, expected.plain.mask())});
  }
  return differences;
}

}  // namespace bpfrig::client::verdict

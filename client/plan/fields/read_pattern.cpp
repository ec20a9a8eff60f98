#include "client/plan/fields/read_pattern.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/fields/message_reader.h"
#include "client/plan/fields/values.h"
#include "client/plan/yaml/scalars.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::Value;
using google::protobuf::FieldDescriptor;

// Reads what stands where no matcher does.
using ReadPlain = std::function<Pattern(const NodePtr&)>;

constexpr uint64_t kMaxCount = 100'000'000;

Pattern Equal(const NodePtr& node, Value value) {
  Pattern pattern;
  pattern.kind = PatternKind::kEqual;
  pattern.node = node;
  pattern.value = std::move(value);
  return pattern;
}

// The operand of a matcher: what it tags, or, because YAML allows one tag, the one element of a list that is
// tagged itself: `!not [!ip 10.0.0.1]`.
NodePtr Operand(const Node& node) {
  if (node.IsSequence() && node.items.size() == 1 && !node.items[0]->tag.empty()) return node.items[0];
  return WithoutTag(node);
}

// The matcher that `at_least 3` or {at_least: 3} is meant to be; empty if it is none.
std::string MeantMatcher(const Node& node) {
  std::string word;
  if (node.IsMapping() && node.pairs.size() == 1) word = node.pairs[0].key->text;
  if (node.IsScalar() && !node.quoted && absl::StrContains(node.text, ' ')) {
    word = node.text.substr(0, node.text.find(' '));
  }
  const std::string tag = absl::StrCat("!", word);
  return node.tag.empty() && MatcherOf(tag) ? tag : "";
}

void Untagged(const Node& node, const std::string& tag, Problems& problems) {
  problems.Add(node.mark, absl::StrCat(Describe(node),
                                       " is not a matcher: those have a ! before them, as in ", tag, " ..."));
}

class MatcherReader {
 public:
  // `read_element` reads what an element of a list may be.
  MatcherReader(const ReadPlain& read_plain, const ReadPlain& read_element, Problems& problems)
      : read_plain_(read_plain), read_element_(read_element), problems_(problems) {}

  Pattern Read(const NodePtr& node) {
    const std::optional<PatternKind> kind = MatcherOf(node->tag);
    if (!kind && !node->tag.empty() && !IsValueTag(node->tag)) {
      UnknownTag(*node, problems_);
      return Pattern();
    }
    if (!kind) return read_plain_(node);
    Pattern pattern;
    pattern.kind = *kind;
    pattern.node = node;
    switch (*kind) {
      case PatternKind::kAnyOf:
        ReadOperands(*node, 1, "a list of values, as in !any_of [a, b]", pattern);
        break;
      case PatternKind::kBetween:
        ReadOperands(*node, 2, "two numbers, as in !between [1, 5]", pattern);
        CheckBounds(pattern);
        break;
      case PatternKind::kMatches:
        ReadRegex(*node, pattern);
        break;
      case PatternKind::kNot:
        ReadOperand(*node, pattern);
        break;
      case PatternKind::kAtLeast:
      case PatternKind::kAtMost:
        pattern.parts.push_back(ReadBound(Operand(*node)));
        CheckBounds(pattern);
        break;
      case PatternKind::kLength:
        pattern.parts.push_back(ReadCountPattern(Operand(*node), "!length", 0, problems_));
        break;
      default:
        pattern.parts.push_back(ReadPiece(Operand(*node)));
    }
    return pattern;
  }

 private:
  void ReadOperand(const Node& node, Pattern& pattern) {
    if (node.IsScalar() && node.text.empty() && !node.quoted) {
      problems_.Add(node.mark, absl::StrCat(node.tag, " must be followed by a value"));
      return;
    }
    pattern.parts.push_back(Read(Operand(node)));
  }

  void ReadOperands(const Node& node, size_t least, absl::string_view example, Pattern& pattern) {
    const bool fits = node.IsSequence() && node.items.size() >= least &&
                      (pattern.kind != PatternKind::kBetween || node.items.size() == least);
    if (!fits) {
      problems_.Add(node.mark, absl::StrCat(node.tag, " must be followed by ", example));
      return;
    }
    for (const NodePtr& item : node.items) {
      pattern.parts.push_back(pattern.kind == PatternKind::kBetween ? ReadBound(item) : Read(item));
    }
  }

  // A number, plain or in network order.
  Pattern ReadBound(const NodePtr& node) { return Equal(node, ReadValue(node, problems_)); }

  void CheckBounds(const Pattern& pattern) {
    for (const Pattern& bound : pattern.parts) {
      const Value& value = bound.value;
      if (value.has_unsigned_integer() || value.has_signed_integer() || value.tag().has_network_integer())
        continue;
      problems_.Add(pattern.node->mark,
                    absl::StrCat(pattern.node->tag, " takes numbers, plain or as !be16, !be32 or !be64, not ",
                                 Describe(*bound.node)));
    }
  }

  // A piece of text or bytes, or an element of a list.
  Pattern ReadPiece(const NodePtr& node) {
    if (!node->tag.empty()) {
      Value value;
      value.set_raw(ReadBytes(node, "the operand", problems_));
      return Equal(node, std::move(value));
    }
    if (node->IsScalar() && !node->text.empty()) {
      Value value;
      value.set_text(node->text);
      return Equal(node, std::move(value));
    }
    if (node->IsMapping()) return read_element_(node);
    problems_.Add(node->mark,
                  "this matcher must be followed by text, bytes such as [!hex 0a], or an element");
    return Equal(node, Value());
  }

  void ReadRegex(const Node& node, Pattern& pattern) {
    if (!node.IsScalar() || node.text.empty()) {
      problems_.Add(node.mark, "!matches must be followed by a regular expression, as in !matches \"a+b\"");
      return;
    }
    RE2::Options options(RE2::Latin1);
    options.set_log_errors(false);
    auto regex = std::make_shared<RE2>(node.text, options);
    if (!regex->ok()) {
      problems_.Add(node.mark, absl::StrCat("!matches ", node.text, ": ", regex->error()));
      return;
    }
    pattern.regex = std::move(regex);
  }

  const ReadPlain& read_plain_;
  const ReadPlain& read_element_;
  Problems& problems_;
};

Pattern ReadWith(const ReadPlain& read_plain, const NodePtr& node, Problems& problems) {
  return MatcherReader(read_plain, read_plain, problems).Read(node);
}

std::vector<std::string> PlanNames(const google::protobuf::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(rules::PlanName(*type.field(i)));
  return names;
}

// Of a message that is there, and has no text: the address of a socket without a name.
Pattern ReadEmptyMessage(const NodePtr& node, const google::protobuf::Descriptor& type) {
  Pattern pattern;
  pattern.kind = PatternKind::kFields;
  pattern.node = node;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& member = *type.field(i);
    if (member.cpp_type() != FieldDescriptor::CPPTYPE_STRING || member.is_repeated()) continue;
    Value none;
    none.set_text("");
    pattern.names.push_back(rules::PlanName(member));
    pattern.parts.push_back(Equal(node, std::move(none)));
  }
  return pattern;
}

// Reads one element of a field (or the field, if it is not repeated).
Pattern ReadElementPattern(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const std::string empty_word = rules::EmptyWord(field);
  const bool is_value = field.message_type() == Value::descriptor();
  if (const std::string tag = MeantMatcher(*node); !tag.empty() && !is_value) {
    Untagged(*node, tag, problems);
    return Pattern();
  }
  const bool is_empty = !empty_word.empty() && node->tag.empty() && node->text == empty_word;
  if (is_value) return ReadValuePattern(node, problems);
  if (field.message_type() != nullptr) {
    if (is_empty) return ReadEmptyMessage(node, *field.message_type());
    FieldReader fields(node, rules::PlanName(field), problems);
    if (fields.IsMapping() && node->pairs.empty()) {
      problems.Add(node->mark,
                   absl::StrCat(rules::PlanName(field), " is empty, and so says nothing; keys here: ",
                                absl::StrJoin(PlanNames(*field.message_type()), ", ")));
    }
    return ReadAnswerPattern(*field.message_type(), fields, node, problems);
  }
  if (is_empty) {
    Value none;
    none.set_text("");
    return Equal(node, std::move(none));
  }
  return Equal(node, ReadFieldValue(node, field, problems));
}

// A failure that is expected has no answer beside it.
void CheckAlone(const google::protobuf::Descriptor& answer, const Pattern& pattern, Problems& problems) {
  for (size_t i = 0; i < pattern.parts.size(); ++i) {
    const Pattern& part = pattern.parts[i];
    for (int j = 0; j < answer.field_count(); ++j) {
      const FieldDescriptor& field = *answer.field(j);
      if (rules::PlanName(field) != pattern.names[i] || !rules::InPlan(field).alone()) continue;
      if (part.kind != PatternKind::kEqual || part.value.text().empty() || pattern.parts.size() == 1)
        continue;
      problems.Add(part.node->mark, AloneSentence(pattern.names[i]));
    }
  }
}

}  // namespace

std::string AloneSentence(absl::string_view key) {
  return absl::StrCat(key, " stands alone: what failed has no answer to look at");
}

Pattern ReadValuePattern(const NodePtr& node, Problems& problems) {
  const ReadPlain read_plain = [&](const NodePtr& plain) {
    if (!plain->tag.empty() || (!plain->IsMapping() && !plain->IsSequence())) {
      return Equal(plain, ReadValue(plain, problems));
    }
    Pattern pattern;
    pattern.node = plain;
    pattern.kind = plain->IsMapping() ? PatternKind::kFields : PatternKind::kList;
    for (const NodePair& pair : plain->pairs) {
      pattern.names.push_back(pair.key->text);
      pattern.parts.push_back(ReadValuePattern(pair.value, problems));
    }
    for (const NodePtr& item : plain->items) pattern.parts.push_back(ReadValuePattern(item, problems));
    return pattern;
  };
  return ReadWith(read_plain, node, problems);
}

Pattern ReadFieldPattern(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const ReadPlain read_element = [&](const NodePtr& plain) {
    return ReadElementPattern(plain, field, problems);
  };
  if (!field.is_repeated()) return ReadWith(read_element, node, problems);
  const ReadPlain read_list = [&](const NodePtr& plain) {
    Pattern pattern;
    pattern.kind = PatternKind::kList;
    pattern.node = plain;
    ReadList(plain, rules::PlanName(field), problems,
             [&](const NodePtr& item) { pattern.parts.push_back(ReadWith(read_element, item, problems)); });
    return pattern;
  };
  return MatcherReader(read_list, read_element, problems).Read(node);
}

Pattern ReadAnswerPattern(const google::protobuf::Descriptor& answer, FieldReader& fields,
                          const NodePtr& node, Problems& problems, absl::string_view left_out) {
  Pattern pattern;
  pattern.kind = PatternKind::kFields;
  pattern.node = node;
  const auto take = [&](const FieldDescriptor& field, const std::string& key, absl::string_view tag) {
    NodePtr found = fields.Find(key);
    if (found == nullptr) return;
    if (!tag.empty()) {
      // The key is a short way to write the matcher.
      auto tagged = std::make_shared<Node>(*found);
      if (!found->tag.empty()) {
        tagged->kind = Node::Kind::kSequence;
        tagged->items = {found};
      }
      tagged->tag = std::string(tag);
      found = tagged;
    }
    pattern.names.push_back(key);
    pattern.parts.push_back(ReadFieldPattern(found, field, problems));
  };
  for (int i = 0; i < answer.field_count(); ++i) {
    const FieldDescriptor& field = *answer.field(i);
    const auto& in_plan = rules::InPlan(field);
    if (rules::IsHidden(field) || (!left_out.empty() && field.name() == left_out)) continue;
    take(field, rules::PlanName(field), "");
    if (!in_plan.alias_tag().empty()) take(field, in_plan.alias(), in_plan.alias_tag());
  }
  CheckAlone(answer, pattern, problems);
  return pattern;
}

Pattern ReadErrnoPattern(const NodePtr& node, Problems& problems) {
  // Any answer that has one: its rule is what an errno is.
  return ReadFieldPattern(node, *bpfrig::v1::ConnectResponse::descriptor()->FindFieldByName("errno_name"),
                          problems);
}

Pattern ReadCountPattern(const NodePtr& node, absl::string_view what, uint64_t least, Problems& problems) {
  const ReadPlain read_plain = [&](const NodePtr& plain) {
    if (const std::string tag = MeantMatcher(*plain); !tag.empty()) {
      Untagged(*plain, tag, problems);
      return Pattern();
    }
    Value value;
    value.set_unsigned_integer(ReadUnsigned(plain, what, least, kMaxCount, problems));
    return Equal(plain, std::move(value));
  };
  return ReadWith(read_plain, node, problems);
}

}  // namespace bpfrig::client::plan

#include "proto/rules/validate.h"

#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/value.pb.h"
#include "common/shorten.h"
#include "proto/rules/field_words.h"
#include "proto/rules/transports.h"

namespace bpfrig::rules {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A text as a sentence shows it.
std::string Quoted(const std::string& text) { return absl::StrCat("\"", common::Shorten(text), "\""); }

// Milliseconds as a plan writes them.
std::string Duration(uint64_t milliseconds) {
  return milliseconds % 1000 == 0 ? absl::StrCat(milliseconds / 1000, "s") : absl::StrCat(milliseconds, "ms");
}

// HasRules() with what is known already. A type that is looked at right now counts as one without rules.
bool FindRules(const Descriptor& type, std::map<const Descriptor*, bool>& known) {
  const auto [found, is_new] = known.try_emplace(&type, false);
  if (!is_new) return found->second;
  bool has = false;
  for (int i = 0; i < type.field_count() && !has; ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_value = field.message_type() == v1::Value::descriptor();
    has = field.options().HasExtension(v1::rules) || field.enum_type() != nullptr ||
          (field.message_type() != nullptr && !is_value && FindRules(*field.message_type(), known));
  }
  return found->second = has;
}

// Whether any rule is below messages of that type: a stream of a million entries is not walked for nothing.
bool HasRules(const Descriptor& type) {
  static std::mutex mutex;
  static auto& known = *new std::map<const Descriptor*, bool>;
  // Held until the answer is known: another thread must not take the one for a type that is looked at.
  const std::lock_guard lock(mutex);
  return FindRules(type, known);
}

class Validation {
 public:
  Validation(Position position, Names names) : position_(position), names_(names) {}

  void Look(const Message& message, const std::string& path) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) LookAtField(message, *type.field(i), path);
  }

  std::vector<Violation> Take() { return std::move(violations_); }

 private:
  using Kind = Violation::Kind;

  [[nodiscard]] std::string NameOf(const FieldDescriptor& field) const {
    return names_ == Names::kPlan ? PlanName(field) : field.name();
  }

  void Add(Kind kind, const std::string& path, std::string sentence) {
    violations_.push_back({kind, path, std::move(sentence)});
  }

  void LookAtField(const Message& message, const FieldDescriptor& field, const std::string& parent) {
    if (names_ == Names::kPlan && IsHidden(field)) return;
    const v1::FieldRules& rules = RulesOf(field);
    const std::string path = parent.empty() ? field.name() : absl::StrCat(parent, ".", field.name());
    const bool is_set = IsSet(message, field);
    if (position_ == Position::kNextOfStream && rules.first_message_only()) {
      if (is_set) Add(Kind::kInvalid, path, NameOf(field) + " belongs in the stream's first message only");
      return;
    }
    if (!is_set) {
      if (!IsRequired(field)) return;
      // A message whose members stand for it is not missing itself: they are.
      if (InPlan(field).inlined()) return LookAtMessages(message, field, path);
      Add(Kind::kInvalid, path, MissingSentence(NameOf(field), field));
      return;
    }
    for (const std::string& name : rules.excludes()) {
      const FieldDescriptor& other = *field.containing_type()->FindFieldByName(name);
      if (IsSet(message, other)) {
        Add(Kind::kInvalid, path, absl::StrCat(NameOf(field), " and ", NameOf(other), " exclude each other"));
      }
    }
    LookAtSize(message, field, path);
    LookAtValue(message, field, path);
  }

  void LookAtSize(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const v1::FieldRules& rules = RulesOf(field);
    const auto too_much = [&](uint64_t size, uint64_t limit, absl::string_view unit) {
      if (limit == 0 || size <= limit) return;
      Add(Kind::kTooMuch, path,
          absl::StrCat(NameOf(field), " has ", size, " ", unit, "; at most ", limit, " are allowed"));
    };
    if (field.is_repeated()) {
      too_much(static_cast<uint64_t>(message.GetReflection()->FieldSize(message, &field)),
               rules.maximum_items(), "elements");
    }
    if (rules.maximum_message_bytes() != 0) {
      too_much(message.ByteSizeLong(), rules.maximum_message_bytes(), "bytes");
    }
    if (rules.maximum_bytes() != 0 && !field.is_repeated()) {
      std::string scratch;
      too_much(message.GetReflection()->GetStringReference(message, &field, &scratch).size(),
               rules.maximum_bytes(), "bytes");
    }
  }

  void LookAtValue(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return LookAtTexts(message, field, path);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return LookAtMessages(message, field, path);
      case FieldDescriptor::CPPTYPE_UINT32:
        if (!field.is_repeated()) LookAtNumber(reflection.GetUInt32(message, &field), field, path);
        return;
      case FieldDescriptor::CPPTYPE_UINT64:
        if (!field.is_repeated()) LookAtNumber(reflection.GetUInt64(message, &field), field, path);
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        // A member of a oneof can be set to false.
        if (RulesOf(field).true_only() && !reflection.GetBool(message, &field)) {
          Add(Kind::kInvalid, path, absl::StrCat(NameOf(field), " must be ", Expected(field), ", not false"));
        }
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (!field.is_repeated()) LookAtEnum(reflection.GetEnumValue(message, &field), field, path);
        return;
      default:
        return;
    }
  }

  void LookAtTexts(const Message& message, const FieldDescriptor& field, const std::string& path) {
    if (RulesOf(field).text() == v1::TEXT_RULE_UNSPECIFIED) return;
    const Reflection& reflection = *message.GetReflection();
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string text = field.is_repeated() ? reflection.GetRepeatedString(message, &field, i)
                                                   : reflection.GetString(message, &field);
      if (TextFits(field, text)) continue;
      const std::string subject =
          field.is_repeated() ? absl::StrCat("an entry of ", NameOf(field)) : NameOf(field);
      Add(Kind::kInvalid, field.is_repeated() ? absl::StrCat(path, "[", i, "]") : path,
          absl::StrCat(subject, " must be ", Expected(field), ", not ", Quoted(text),
                       DidYouMean(field, text)));
    }
  }

  void LookAtNumber(uint64_t number, const FieldDescriptor& field, const std::string& path) {
    const NumberRange range = RangeOf(field);
    if (number >= range.least && number <= range.greatest) return;
    const std::string came = IsWait(field) ? Duration(number) : absl::StrCat(number);
    Add(Kind::kOutOfRange, path, absl::StrCat(NameOf(field), " must be ", Expected(field), ", not ", came));
  }

  void LookAtEnum(int number, const FieldDescriptor& field, const std::string& path) {
    if (field.enum_type()->FindValueByNumber(number) != nullptr) return;
    Add(Kind::kInvalid, path, absl::StrCat(NameOf(field), " must be ", Expected(field), ", not ", number));
  }

  void LookAtMessages(const Message& message, const FieldDescriptor& field, const std::string& path) {
    if (field.message_type() == v1::Value::descriptor() || !HasRules(*field.message_type())) return;
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        Look(reflection.GetRepeatedMessage(message, &field, i), absl::StrCat(path, "[", i, "]"));
      }
      return;
    }
    const Message& below = reflection.GetMessage(message, &field);
    for (const std::string& name : RulesOf(field).needs()) {
      const FieldDescriptor& member = *field.message_type()->FindFieldByName(name);
      if (!IsSet(below, member) && !IsExcluded(below, member)) {
        Add(Kind::kInvalid, absl::StrCat(path, ".", name), MissingSentence(NameOf(member), member));
      }
    }
    Look(below, path);
  }

  const Position position_;
  const Names names_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> Validate(const Message& message, Position position, Names names) {
  Validation validation(position, names);
  validation.Look(message, "");
  std::vector<Violation> violations = validation.Take();
  std::vector<Violation> of_transport = CheckTransport(message, names);
  std::move(of_transport.begin(), of_transport.end(), std::back_inserter(violations));
  return violations;
}

}  // namespace bpfrig::rules

// What the protocol says of a field, and the words for it in a sentence. The validator and the plan reader
// share them, so that the daemon and `bpfrig check` say the same.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bpfrig/v1/rules.pb.h"

namespace bpfrig::rules {

[[nodiscard]] const v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] const v1::FieldInPlan& InPlan(const google::protobuf::FieldDescriptor& field);

// Whether a message says anything of one of its fields: see FieldRules.
[[nodiscard]] bool IsSet(const google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field);
// Whether the message has a field that excludes this one of its fields.
[[nodiscard]] bool IsExcluded(const google::protobuf::Message& message,
                              const google::protobuf::FieldDescriptor& field);

// What follows from the kind of field, or is said by itself.
[[nodiscard]] bool IsRequired(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] bool IsHidden(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] bool IsWait(const google::protobuf::FieldDescriptor& field);
// The word for an empty text in an expectation, or for a message whose texts are empty; empty for none.
[[nodiscard]] std::string EmptyWord(const google::protobuf::FieldDescriptor& field);
// The member that a plain text stands for, if the message has such a short form; null if not.
[[nodiscard]] const google::protobuf::FieldDescriptor* ShortFor(const google::protobuf::Descriptor& type);
// The same of a field's message; null for a field that is none.
[[nodiscard]] const google::protobuf::FieldDescriptor* ShortFor(
    const google::protobuf::FieldDescriptor& field);

// The field's key in a plan: its own name, unless the protocol says another.
[[nodiscard]] std::string PlanName(const google::protobuf::FieldDescriptor& field);

// A value of an enum as plans write it: "dialled" for CONNECTION_END_DIALLED. Empty for the unspecified one,
// unless the protocol gives it a word.
[[nodiscard]] std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);
// All words of the enum, in order.
[[nodiscard]] std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor& type);

// The least and the greatest number that the field takes.
struct NumberRange {
  uint64_t least = 0;
  uint64_t greatest = 0;
};
[[nodiscard]] NumberRange RangeOf(const google::protobuf::FieldDescriptor& field);

// Whether a text is what the field's rule says; an empty one is not.
[[nodiscard]] bool TextFits(const google::protobuf::FieldDescriptor& field, const std::string& text);

// What the field takes: "a number from 0 to 65535", "an IPv4 or IPv6 address", "text".
[[nodiscard]] std::string Expected(const google::protobuf::FieldDescriptor& field);
// For a text that does not fit: what it may have been meant to be, ` (did you mean "EPERM"?)`, or nothing.
[[nodiscard]] std::string DidYouMean(const google::protobuf::FieldDescriptor& field, const std::string& text);
// "to is missing; {address, port} was expected".
[[nodiscard]] std::string MissingSentence(const std::string& name,
                                          const google::protobuf::FieldDescriptor& field);

}  // namespace bpfrig::rules

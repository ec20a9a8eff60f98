// Reads expectations: plain values and matchers, for a field of an answer or for a value that BTF types.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/strings/string_view.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/pattern.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Of a value whose type only the daemon knows.
[[nodiscard]] Pattern ReadValuePattern(const NodePtr& node, Problems& problems);

// Of a field of an answer: `node` is what the plan has under the field's key.
[[nodiscard]] Pattern ReadFieldPattern(const NodePtr& node, const google::protobuf::FieldDescriptor& field,
                                       Problems& problems);

// Of the fields of an answer, each under its key in the plan. Keys that are not there are not expected; that
// of `left_out` is read by the caller.
[[nodiscard]] Pattern ReadAnswerPattern(const google::protobuf::Descriptor& answer, FieldReader& fields,
                                        const NodePtr& node, Problems& problems,
                                        absl::string_view left_out = "");

// Of an errno by name; "none" is the empty text.
[[nodiscard]] Pattern ReadErrnoPattern(const NodePtr& node, Problems& problems);

// What is said of a failure that is expected beside something else.
[[nodiscard]] std::string AloneSentence(absl::string_view key);

// Of a number, `least` or more if it is plain.
[[nodiscard]] Pattern ReadCountPattern(const NodePtr& node, absl::string_view what, uint64_t least,
                                       Problems& problems);

}  // namespace bpfrig::client::plan

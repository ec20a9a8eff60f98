// An answer against what its step expects, field by field, by the answer's descriptor.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "bpfrig/v1/value.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// A field of an answer as a value: numbers, text, bytes, lists, and fields by the names that plans have for
// them.
[[nodiscard]] bpfrig::v1::Value ValueOf(const google::protobuf::Message& message,
                                        const google::protobuf::FieldDescriptor& field);

// A whole message, as its fields.
[[nodiscard]] bpfrig::v1::Value ValueOf(const google::protobuf::Message& message);

// `mark` is the step's, for what must hold without being said.
[[nodiscard]] Differences CompareAnswer(const plan::Call& call, const plan::Mark& mark,
                                        const google::protobuf::Message& answer);

// Whether the plan says anything of the answer's field of that key, of each run or of all together.
[[nodiscard]] bool Expects(const plan::Call& call, const std::string& key);

}  // namespace bpfrig::client::verdict

// What is wrong with a request by itself, by the rules that its fields have in the .proto. The front holds
// every request to them before a worker sees it, `bpfrig check` those of a plan.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

namespace bpfrig::rules {

struct Violation {
  enum class Kind { kInvalid, kOutOfRange, kTooMuch };
  Kind kind = Kind::kInvalid;
  // "attach[1].program", in the protocol's names.
  std::string path;
  // One sentence that begins with the field's name.
  std::string sentence;
};

// Which message of the call it is.
enum class Position { kFirst, kNextOfStream };
// Whose names a sentence has. A plan's author is not told of fields that the client sets.
enum class Names { kProtocol, kPlan };

// In the order of the fields. Values, whose types only a worker knows, are not looked at.
[[nodiscard]] std::vector<Violation> Validate(const google::protobuf::Message& message,
                                              Position position = Position::kFirst,
                                              Names names = Names::kProtocol);

}  // namespace bpfrig::rules

// What bpfrig.proto says of each call in its option `call`, found by the type of the call's request: the
// front goes by it to tell which call may keep a worker busy, the worker to know when the next call may
// begin.
#pragma once

#include <string>

#include "bpfrig/v1/call.pb.h"
#include "bpfrig/v1/rules.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace bpfrig::rules {

struct CallTraits {
  // As the service calls it: "LoadProgram".
  std::string name;
  v1::LoopUse loop = v1::LOOP_USE_HOLDS;
  // Both nullptr if the call has none.
  const google::protobuf::FieldDescriptor* holds_if = nullptr;
  const google::protobuf::FieldDescriptor* file_field = nullptr;
};

// bpfrig.v1.BpfRig.
[[nodiscard]] const google::protobuf::ServiceDescriptor& Service();

// How a plan writes the call; without a name if a plan has no such step.
[[nodiscard]] const v1::StepInPlan& StepOf(const google::protobuf::MethodDescriptor& method);

// The traits of the call that has such requests; they live as long as the program. A type that is not a
// call's has the default ones.
[[nodiscard]] const CallTraits& TraitsOf(const google::protobuf::Descriptor& request);

// How the call with this very request uses the worker's loop.
[[nodiscard]] v1::LoopUse LoopUseOf(const google::protobuf::Message& request);

}  // namespace bpfrig::rules

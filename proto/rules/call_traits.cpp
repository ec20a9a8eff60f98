#include "proto/rules/call_traits.h"

#include <map>

namespace bpfrig::rules {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

using Table = std::map<const Descriptor*, CallTraits>;

Table ReadOptions() {
  Table table;
  for (int i = 0; i < Service().method_count(); ++i) {
    const MethodDescriptor& method = *Service().method(i);
    const Descriptor& request = *method.input_type();
    const v1::CallTraits& option = method.options().GetExtension(v1::call);
    table[&request] = {.name = method.name(),
                       .loop = option.loop(),
                       .holds_if = request.FindFieldByName(option.holds_if()),
                       .file_field = request.FindFieldByName(option.file_field())};
  }
  return table;
}

}  // namespace

const google::protobuf::ServiceDescriptor& Service() {
  return *DescriptorPool::generated_pool()->FindServiceByName("bpfrig.v1.BpfRig");
}

const CallTraits& TraitsOf(const Descriptor& request) {
  static const Table table = ReadOptions();
  static const CallTraits none;
  const auto found = table.find(&request);
  return found == table.end() ? none : found->second;
}

v1::LoopUse LoopUseOf(const google::protobuf::Message& request) {
  const CallTraits& traits = TraitsOf(*request.GetDescriptor());
  const bool holds = traits.holds_if != nullptr && request.GetReflection()->GetBool(request, traits.holds_if);
  return holds ? v1::LOOP_USE_HOLDS : traits.loop;
}

const v1::StepInPlan& StepOf(const google::protobuf::MethodDescriptor& method) {
  return method.input_type()->options().GetExtension(v1::step);
}

}  // namespace bpfrig::rules

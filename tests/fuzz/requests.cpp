// Requests as a client may send them, held to the rules of their fields.
#include <google/protobuf/message.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "bpfrig/v1/bpfrig.pb.h"
#include "proto/rules/validate.h"
#include "tests/fuzz/input.h"

namespace bpfrig::fuzz {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::ServiceDescriptor;

// By name: service classes are not generated, but the file's descriptor has the service.
const ServiceDescriptor& Service() {
  static const ServiceDescriptor& service =
      *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("bpfrig.v1.BpfRig");
  return service;
}

void Judge(const Message& request, rules::Position position, rules::Names names) {
  for (const rules::Violation& violation : rules::Validate(request, position, names)) {
    if (violation.path.empty() || violation.sentence.empty()) std::abort();
  }
}

}  // namespace
}  // namespace bpfrig::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using bpfrig::rules::Names;
  using bpfrig::rules::Position;
  bpfrig::fuzz::Input input(data, size);
  const auto& service = bpfrig::fuzz::Service();
  const auto& method = *service.method(input.Byte() % service.method_count());
  const std::unique_ptr<google::protobuf::Message> request(
      bpfrig::fuzz::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
  if (!request->ParseFromArray(input.rest().data(), static_cast<int>(input.rest().size()))) return 0;
  for (const Position position : {Position::kFirst, Position::kNextOfStream}) {
    for (const Names names : {Names::kProtocol, Names::kPlan}) {
      bpfrig::fuzz::Judge(*request, position, names);
    }
  }
  return 0;
}

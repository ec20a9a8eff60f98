// The reader of getsockopt, whose value may have a BTF type.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/request_patterns.h"
#include "client/plan/shapes.h"

namespace bpfrig::client::plan {
namespace {

// A value that is more than a number, in an expectation of a step that names no type.
bool NeedsType(const StepSource& source) {
  if (!source.expect_node->IsMapping()) return false;
  const NodePtr value = FindKey(*source.expect_node, "value");
  return value != nullptr && value->tag.empty() && (value->IsMapping() || value->IsSequence());
}

}  // namespace

Shape ReadGetSocketOption(StepSource& source) {
  ReadRequest(source);
  auto& request = As<bpfrig::v1::GetSocketOptionRequest>(*source.call.request);
  if (request.type().empty() && !NeedsType(source)) {
    ReadExpected(source);
    return PlainShape();
  }
  ReadExpected(source, "value");
  if (request.type().empty()) {
    source.problems.Add(FindKey(*source.expect_node, "value")->mark,
                        "value is a number, unless the step names the option's type, such as "
                        "`type: vmlinux/tcp_info`");
  }
  SocketOptionShape shape;
  for (size_t i = 0; i < source.call.expected.parts.size(); ++i) {
    if (source.call.expected.names[i] != "value") continue;
    Pattern& value = source.call.expected.parts[i];
    RequestPlainPart(value, {"value", value.node}, request, shape.sources);
    RequestEncodings(value, "value", request, shape.sources);
  }
  return shape;
}

}  // namespace bpfrig::client::plan

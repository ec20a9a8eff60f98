// The reader of getsockopt, whose value may have a BTF type.
#include <string>

#include "absl/types/span.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/fields/read_pattern.h"
#include "client/plan/steps/request_patterns.h"
#include "client/plan/steps/shapes.h"

namespace bpfrig::client::plan {
namespace {

constexpr absl::string_view kValue = "value";

// Beside a failure that is expected there is no value.
void CheckAlone(const StepSource& source) {
  const Pattern* failure = FindPart(source.call.expected, "errno");
  if (failure == nullptr || failure->kind != PatternKind::kEqual || failure->value.text().empty()) return;
  source.problems.Add(failure->node->mark, AloneSentence("errno"));
}

}  // namespace

Shape ReadGetSocketOption(StepSource& source) {
  ReadRequest(source);
  auto& request = As<bpfrig::v1::GetSocketOptionRequest>(*source.call.request);
  const NodePtr value = source.expect.Find(kValue);
  const bool is_structure =
      value != nullptr && value->tag.empty() && (value->IsMapping() || value->IsSequence());
  if (request.type().empty() && !is_structure) {
    ReadExpected(source);
    return PlainShape();
  }
  if (request.type().empty()) {
    source.problems.Add(value->mark,
                        "value is a number, unless the step names the option's type, such as "
                        "`type: vmlinux/tcp_info`");
  }
  ReadExpected(source, kValue);
  SocketOptionShape shape;
  if (value == nullptr) return shape;
  CheckAlone(source);
  shape.value = RecordExpectation{{std::string(kValue), value}, ReadValuePattern(value, source.problems)};
  RequestPatterns(absl::MakeSpan(&*shape.value, 1), shape.sources, *request.mutable_patterns());
  return shape;
}

}  // namespace bpfrig::client::plan

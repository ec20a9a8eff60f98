#include "client/verdict/socket_option.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "client/verdict/answer.h"
#include "client/verdict/explain.h"

namespace bpfrig::client::verdict {
namespace {

constexpr const char* kValue = "value";

// What is compared field by field, without a type.
plan::Call WithoutValue(const plan::Call& call) {
  plan::Call rest = call;
  rest.expected.names.clear();
  rest.expected.parts.clear();
  for (size_t i = 0; i < call.expected.parts.size(); ++i) {
    if (call.expected.names[i] == kValue) continue;
    rest.expected.names.push_back(call.expected.names[i]);
    rest.expected.parts.push_back(call.expected.parts[i]);
  }
  return rest;
}

}  // namespace

Differences CompareSocketOption(const plan::Call& call, const plan::Mark& mark,
                                const bpfrig::v1::GetSocketOptionResponse& response) {
  Differences differences = CompareAnswer(WithoutValue(call), mark, response);
  const plan::Pattern* value = plan::FindPart(call.expected, kValue);
  if (value == nullptr || !response.errno_name().empty()) return differences;
  std::vector<const bpfrig::v1::ResolvedValue*> encodings;
  // What the kernel's value lacks of its type counts as zero.
  std::string memory = response.raw();
  for (const bpfrig::v1::ResolvedValue& pattern : response.patterns()) {
    encodings.push_back(&pattern);
    memory.resize(std::max(memory.size(), pattern.bytes().size()));
  }
  const TypedPattern expected{*value, response.patterns(0), encodings};
  const TypedValue actual{response.has_decoded() ? &response.decoded() : nullptr, memory};
  if (Holds(expected, actual)) return differences;
  Differences of_value = Explain(expected, actual, value->node, kValue);
  std::move(of_value.begin(), of_value.end(), std::back_inserter(differences));
  return differences;
}

}  // namespace bpfrig::client::verdict

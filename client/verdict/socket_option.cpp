#include "client/verdict/socket_option.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "client/verdict/answer.h"
#include "client/verdict/explain.h"

namespace bpfrig::client::verdict {

Differences CompareSocketOption(const plan::Call& call, const plan::SocketOptionShape& shape,
                                const plan::Mark& mark, const bpfrig::v1::GetSocketOptionResponse& response) {
  Differences differences = CompareAnswer(call, mark, response);
  if (!shape.value || !response.errno_name().empty()) return differences;
  std::vector<const bpfrig::v1::ResolvedValue*> encodings;
  // What the kernel's value lacks of its type counts as zero.
  std::string memory = response.raw();
  for (const bpfrig::v1::ResolvedValue& pattern : response.patterns()) {
    encodings.push_back(&pattern);
    memory.resize(std::max(memory.size(), pattern.bytes().size()));
  }
  const TypedPattern expected{shape.value->record, response.patterns(0), encodings};
  const TypedValue actual{response.has_decoded() ? &response.decoded() : nullptr, memory};
  if (Holds(expected, actual)) return differences;
  Differences of_value = Explain(expected, actual, shape.value->source.node, shape.value->source.name);
  std::move(of_value.begin(), of_value.end(), std::back_inserter(differences));
  return differences;
}

}  // namespace bpfrig::client::verdict

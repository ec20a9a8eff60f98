#include "client/verdict/globals.h"

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "client/verdict/explain.h"
#include "client/verdict/format.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Global;
using bpfrig::v1::ReadGlobalsResponse;

const Global* FindGlobal(const ReadGlobalsResponse& answer, const std::string& name) {
  for (const Global& global : answer.globals()) {
    if (global.name() == name) return &global;
  }
  return nullptr;
}

}  // namespace

Differences CompareGlobals(const plan::GlobalsShape& shape, const ReadGlobalsResponse& answer) {
  std::vector<const bpfrig::v1::ResolvedValue*> encodings;
  for (const bpfrig::v1::ResolvedValue& pattern : answer.patterns()) encodings.push_back(&pattern);
  Differences differences;
  for (size_t i = 0; i < shape.globals.size(); ++i) {
    const plan::GlobalExpectation& expected = shape.globals[i];
    const Global* const global = FindGlobal(answer, expected.source.name);
    if (global == nullptr) {
      differences.push_back({expected.source.node->mark, expected.source.name, FormatPattern(expected.value),
                             "the daemon did not say"});
      continue;
    }
    const TypedPattern pattern{expected.value, *encodings[i], encodings};
    const TypedValue actual{&global->value(), global->raw()};
    if (Holds(pattern, actual)) continue;
    Differences found = Explain(pattern, actual, expected.source.node, expected.source.name);
    std::move(found.begin(), found.end(), std::back_inserter(differences));
  }
  return differences;
}

bpfrig::v1::Value ValuesByName(const ReadGlobalsResponse& answer) {
  bpfrig::v1::Value values;
  for (const Global& global : answer.globals()) {
    auto* field = values.mutable_fields()->add_fields();
    field->set_name(global.name());
    *field->mutable_value() = global.value();
  }
  return values;
}

}  // namespace bpfrig::client::verdict

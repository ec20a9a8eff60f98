// Asks the daemon to encode what a step expects of values that BTF types. The readers of steps with such
// expectations use it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/plan/pattern.h"
#include "client/plan/step.h"

namespace bpfrig::client::plan {

// The pattern's plain part; one that has none says nothing, and keeps its place.
template <typename Request>
void RequestPlainPart(const Pattern& pattern, PatternSource source, Request& request,
                      std::vector<PatternSource>& sources) {
  *request.add_patterns() = PlainPart(pattern);
  sources.push_back(std::move(source));
}

// The parts that are encoded by themselves. They come after all plain parts.
template <typename Request>
void RequestEncodings(Pattern& pattern, const std::string& name, Request& request,
                      std::vector<PatternSource>& sources) {
  ForEachEncoded(pattern, [&](Pattern& part, bpfrig::v1::Value in_its_place) {
    part.encoding = static_cast<size_t>(request.patterns_size());
    *request.add_patterns() = std::move(in_its_place);
    sources.push_back({name, part.node});
  });
}

}  // namespace bpfrig::client::plan

#include "client/plan/steps/request_patterns.h"

#include <utility>

namespace bpfrig::client::plan {

using bpfrig::v1::Value;

void RequestPatterns(absl::Span<RecordExpectation> records, std::vector<PatternSource>& sources,
                     google::protobuf::RepeatedPtrField<Value>& patterns) {
  for (const RecordExpectation& record : records) {
    // One without a plain part says nothing, and keeps its place.
    *patterns.Add() = PlainPart(record.record);
    sources.push_back(record.source);
  }
  for (RecordExpectation& record : records) {
    ForEachEncoded(record.record, [&](Pattern& part, Value in_its_place) {
      part.encoding = static_cast<size_t>(patterns.size());
      *patterns.Add() = std::move(in_its_place);
      sources.push_back({record.source.name, part.node});
    });
  }
}

}  // namespace bpfrig::client::plan

// Asks the daemon to encode what a step expects of values that BTF types. The readers of steps with such
// expectations use it.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <vector>

#include "absl/types/span.h"
#include "client/plan/steps/step.h"

namespace bpfrig::client::plan {

// Of values that are encoded by one type: their plain parts in order, then what is encoded by itself.
void RequestPatterns(absl::Span<RecordExpectation> records, std::vector<PatternSource>& sources,
                     google::protobuf::RepeatedPtrField<bpfrig::v1::Value>& patterns);

}  // namespace bpfrig::client::plan

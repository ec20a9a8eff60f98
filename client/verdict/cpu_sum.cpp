#include "client/verdict/cpu_sum.h"

#include <algorithm>
#include <cstdint>

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;
using plan::Pattern;
using plan::PatternKind;

bool IsNumber(const Value& value) { return value.has_unsigned_integer() || value.has_signed_integer(); }

// Modulo 2^64, as programs count; a number that is not negative is unsigned, as a plan's are.
void AddNumber(const Value& more, Value& sum) {
  const bool was_signed = sum.has_signed_integer();
  const auto bits = [](const Value& value) {
    return value.has_signed_integer() ? static_cast<uint64_t>(value.signed_integer())
                                      : value.unsigned_integer();
  };
  const uint64_t total = bits(sum) + bits(more);
  if (was_signed) {
    sum.set_signed_integer(static_cast<int64_t>(total));
  } else {
    sum.set_unsigned_integer(total);
  }
}

void Add(const Value& more, Value& sum) {
  if (IsNumber(sum) && IsNumber(more)) return AddNumber(more, sum);
  const int items = std::min(sum.list().values_size(), more.list().values_size());
  for (int i = 0; i < items; ++i) Add(more.list().values(i), *sum.mutable_list()->mutable_values(i));
  const int fields = std::min(sum.fields().fields_size(), more.fields().fields_size());
  for (int i = 0; i < fields; ++i) {
    Add(more.fields().fields(i).value(), *sum.mutable_fields()->mutable_fields(i)->mutable_value());
  }
}

// Into the form that a plan's numbers and lists have.
void Trim(const Pattern& pattern, Value& value) {
  if (value.has_signed_integer() && value.signed_integer() >= 0) {
    value.set_unsigned_integer(static_cast<uint64_t>(value.signed_integer()));
  }
  if (pattern.kind == PatternKind::kList && value.has_list()) {
    auto& items = *value.mutable_list()->mutable_values();
    const int kept = std::min(items.size(), static_cast<int>(pattern.parts.size()));
    items.DeleteSubrange(kept, items.size() - kept);
    for (int i = 0; i < kept; ++i) Trim(pattern.parts[static_cast<size_t>(i)], *items.Mutable(i));
  }
  if (pattern.kind != PatternKind::kFields || !value.has_fields()) return;
  for (auto& field : *value.mutable_fields()->mutable_fields()) {
    const Pattern* part = plan::FindPart(pattern, field.name());
    if (part != nullptr) Trim(*part, *field.mutable_value());
  }
}

}  // namespace

Value SumOfCpus(const bpfrig::v1::DumpedEntry& entry, const Pattern& pattern) {
  Value sum = entry.cpu_values(0);
  for (int cpu = 1; cpu < entry.cpu_values_size(); ++cpu) Add(entry.cpu_values(cpu), sum);
  Trim(pattern, sum);
  return sum;
}

}  // namespace bpfrig::client::verdict

#include "daemon/kernel_bpf/btf/value.h"

namespace bpfrig::kernel_bpf {
namespace {

bool Same(uint64_t a, uint64_t b) { return a == b; }
bool Same(int64_t a, int64_t b) { return a == b; }
bool Same(const RawBytes& a, const RawBytes& b) { return a.bytes == b.bytes; }
bool Same(const Text& a, const Text& b) { return a.text == b.text; }
bool Same(const PrefixBytes& a, const PrefixBytes& b) { return a.bytes == b.bytes; }
bool Same(const NetworkInteger& a, const NetworkInteger& b) { return a.bits == b.bits && a.value == b.value; }
bool Same(const Unsaid&, const Unsaid&) { return true; }
bool Same(const List& a, const List& b) { return a == b; }

bool Same(const Fields& a, const Fields& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].name != b[i].name || a[i].value != b[i].value) return false;
  }
  return true;
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  return std::visit(
      [&b](const auto& kind) {
        const auto* other = std::get_if<std::decay_t<decltype(kind)>>(&b.kind);
        return other != nullptr && Same(kind, *other);
      },
      a.kind);
}

}  // namespace bpfrig::kernel_bpf

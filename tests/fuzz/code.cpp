// The code of objects, whatever their symbols, relocations and .BTF.ext say: what is found of a program lies
// within it, in order.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "daemon/kernel_bpf/btf/btf_ext.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/object/instruction_list.h"
#include "daemon/kernel_bpf/object/opened_object.h"
#include "tests/fuzz/input.h"

namespace {

using namespace bpfrig::kernel_bpf;

constexpr size_t kMaxInstructions = 4096;
constexpr size_t kMaxFunctions = 64;

void Require(bool holds) {
  if (!holds) std::abort();
}

template <typename Entries, typename Place>
void RequireOrder(const Entries& entries, size_t count, Place place) {
  for (size_t i = 0; i < entries.size(); ++i) {
    Require(place(entries[i]) < count && (i == 0 || place(entries[i - 1]) < place(entries[i])));
  }
}

void ListProgram(const ObjectCode& code, const struct btf* btf, const CodeFunction& function) {
  std::optional<ProgramLayout> layout = LayOut(code, function, kMaxInstructions);
  if (!layout) return;
  size_t count = 0;
  for (const ProgramPart& part : layout->parts) {
    Require(part.start == count);
    count += part.function->count;
  }
  Require(count == layout->count);
  for (const PartReference& reference : layout->references) {
    Require(reference.from < count && reference.to < count);
  }
  const absl::StatusOr<InstructionList> list =
      ListParts(PartIndex(code, btf, std::move(layout->parts)), absl::Span<const struct bpf_insn>());
  if (!list.ok()) return;
  RequireOrder(list->relocated, count, [](uint32_t place) { return place; });
  RequireOrder(list->functions, count, [](const FunctionStart& start) { return start.instruction; });
  RequireOrder(list->lines, count, [](const SourceLine& line) { return line.instruction; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)BtfExt::Read(bytes);
  if (!OpenedObject::CheckBytes(bytes).ok()) return 0;
  const absl::StatusOr<ObjectCode> code = ObjectCode::Read(bytes);
  if (!code.ok()) return 0;
  const absl::StatusOr<BtfTypes> types = BtfTypes::FromElf(bytes);
  const struct btf* btf = types.ok() ? types->types().get() : nullptr;
  const std::vector<CodeFunction>& functions = code->functions();
  for (size_t i = 0; i < std::min(functions.size(), kMaxFunctions); ++i) {
    ListProgram(*code, btf, functions[i]);
  }
  return 0;
}

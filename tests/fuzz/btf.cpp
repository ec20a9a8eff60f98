// Types as an object may bring them, whatever they say: named, measured, and values written and read by them.
#include <bpf/btf.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "tests/fuzz/input.h"

namespace bpfrig::fuzz {
namespace {

using kernel_bpf::TypeRef;
using kernel_bpf::Value;

constexpr uint32_t kMostTypes = 64;
// Decode says what a type's bytes are, so there must be as many.
constexpr size_t kMostBytes = 4096;
constexpr int kMostNesting = 6;

// A section of the types and the strings that the input begins with.
struct btf* ReadTypes(Input& input) {
  const size_t type_bytes = input.Number(2);
  const size_t string_bytes = input.Number(2);
  const absl::string_view types = input.Take(type_bytes);
  // libbpf wants the empty string first, and an end to the last.
  const std::string strings = std::string(1, '\0') + std::string(input.Take(string_bytes)) + '\0';
  struct btf_header header {};
  header.magic = 0xeb9f;
  header.version = 1;
  header.hdr_len = sizeof(header);
  header.type_len = static_cast<uint32_t>(types.size());
  header.str_off = header.type_len;
  header.str_len = static_cast<uint32_t>(strings.size());
  std::string section(reinterpret_cast<const char*>(&header), sizeof(header));
  section.append(types.data(), types.size());
  section.append(strings);
  return btf__new(section.data(), static_cast<uint32_t>(section.size()));
}

std::string NameFrom(Input& input, TypeRef type) {
  const std::vector<kernel_bpf::Member> members = kernel_bpf::MembersOf(kernel_bpf::Strip(type));
  const size_t index = input.Byte();
  if (index < members.size()) return std::string(members[index].name);
  return std::string(input.Take(index % 16));
}

// Some value, not far from what the type could take.
Value ValueFrom(Input& input, TypeRef type, int depth) {
  switch (input.Byte() % 9) {
    case 0:
      return kernel_bpf::Unsigned(input.Number(8));
    case 1:
      return kernel_bpf::Signed(static_cast<int64_t>(input.Number(8)));
    case 2:
      return kernel_bpf::Raw(std::string(input.Take(input.Byte())));
    case 3:
      return kernel_bpf::TextOf(input.Byte() % 2 == 0 ? "true" : std::string(input.Take(input.Byte())));
    case 4:
      return kernel_bpf::Prefix(std::string(input.Take(input.Byte())));
    case 5:
      return kernel_bpf::Network(input.Byte(), input.Number(8));
    case 6: {
      kernel_bpf::List list;
      for (int i = input.Byte() % 8; depth > 0 && i > 0; --i) {
        list.push_back(ValueFrom(input, type, depth - 1));
      }
      return kernel_bpf::ListOf(std::move(list));
    }
    case 7: {
      kernel_bpf::Fields fields;
      for (int i = input.Byte() % 8; depth > 0 && i > 0; --i) {
        std::string name = NameFrom(input, type);
        fields.push_back({std::move(name), ValueFrom(input, type, depth - 1)});
      }
      return kernel_bpf::FieldsOf(std::move(fields));
    }
    default:
      return Value{kernel_bpf::Unsaid{}};
  }
}

// What was read is what is written, as far as it says anything.
void ReadAndWrite(TypeRef type, absl::string_view memory) {
  const absl::StatusOr<Value> value = kernel_bpf::Decode(type, memory);
  if (!value.ok()) return;
  const absl::StatusOr<kernel_bpf::Encoded> encoded = kernel_bpf::Encode(type, *value);
  if (!encoded.ok()) return;
  for (size_t i = 0; i < encoded->bytes.size(); ++i) {
    if (((encoded->bytes[i] ^ memory[i]) & encoded->mask[i]) != 0) std::abort();
  }
}

void Write(TypeRef type, const Value& value, size_t size) {
  const absl::StatusOr<kernel_bpf::Encoded> encoded = kernel_bpf::Encode(type, value);
  const bool may_grow = kernel_bpf::HasFlexibleEnd(type);
  if (encoded.ok() && encoded->bytes.size() != encoded->mask.size()) std::abort();
  if (encoded.ok() && (may_grow ? encoded->bytes.size() < size : encoded->bytes.size() != size)) std::abort();
  std::string over(size, 'x');
  const absl::Status status = kernel_bpf::EncodeInto(type, value, over);
  if (over.size() != size || (status.ok() && !encoded.ok())) std::abort();
  if (!may_grow && status.ok() != encoded.ok()) std::abort();
}

void UseType(TypeRef type, Input& input) {
  (void)kernel_bpf::TypeName(type);
  (void)kernel_bpf::TypeSet(type.btf).Find(kernel_bpf::PlainTypeName(type));
  const absl::StatusOr<size_t> size = kernel_bpf::SizeOf(type);
  if (!size.ok() || *size > kMostBytes) return;
  std::string memory(input.rest());
  memory.resize(*size, '\x5a');
  ReadAndWrite(type, memory);
  Write(type, ValueFrom(input, type, kMostNesting), *size);
}

}  // namespace
}  // namespace bpfrig::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using bpfrig::fuzz::Input;
  const bpfrig::kernel_bpf::LibbpfOutput output;
  Input input(data, size);
  struct btf* const types = bpfrig::fuzz::ReadTypes(input);
  if (types == nullptr) return 0;
  const bpfrig::kernel_bpf::BtfTypes owner(types);
  for (uint32_t id = 0; id < btf__type_cnt(types) && id <= bpfrig::fuzz::kMostTypes; ++id) {
    bpfrig::fuzz::UseType({types, id}, input);
  }
  return 0;
}

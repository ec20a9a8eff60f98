// The codec against every type of the running kernel that it can take: decoding random memory and encoding it
// again must give the same memory, padding excepted.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

// Larger ones are arrays of what smaller ones have, and cost time.
constexpr size_t kMaxBytes = 65536;

// Memory behind a type that ends in a flexible array.
constexpr size_t kMoreBytes = 40;

// Bits of which no two members that a value names may have the same.
struct Range {
  uint64_t begin;
  uint64_t end;
};

bool TakesFree(const Range& range, std::vector<Range>& taken) {
  for (const Range& other : taken) {
    if (range.begin < other.end && other.begin < range.end) return false;
  }
  taken.push_back(range);
  return true;
}

// What the test needs to know of a type, found out without the codec: which bits have a name. Of a union's
// members, only the first that lies where it does.
class Shape {
 public:
  explicit Shape(TypeRef type, size_t size) : mask_(size, '\0') { Walk(type, 0, 0, true); }

  // Whether the codec must take it: it has no name twice in one scope.
  [[nodiscard]] bool IsPlain() const { return plain_; }
  [[nodiscard]] const std::string& mask() const { return mask_; }

 private:
  struct Member {
    uint32_t type;
    uint64_t at;
    uint32_t bitfield_bits;
  };

  void Mark(uint64_t first_bit, uint64_t bits) {
    for (uint64_t bit = first_bit; bit < first_bit + bits; ++bit) {
      size_t at = bit / 8;
      ASSERT_LT(at, mask_.size());
      mask_[at] = static_cast<char>(static_cast<unsigned char>(mask_[at]) | 1U << (bit % 8));
    }
  }

  static uint32_t Stripped(const struct btf* btf, uint32_t id) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    while (btf_is_mod(type) || btf_is_typedef(type)) type = btf__type_by_id(btf, id = type->type);
    return id;
  }

  void Walk(TypeRef ref, uint64_t offset, uint32_t bitfield_bits, bool is_last) {
    const TypeRef stripped{ref.btf, Stripped(ref.btf, ref.id)};
    const struct btf_type* type = btf__type_by_id(stripped.btf, stripped.id);
    if (btf_is_ptr(type)) {
      Mark(offset, 64);
    } else if (btf_is_array(type)) {
      WalkArray(stripped, offset, is_last);
    } else if (btf_is_composite(type)) {
      WalkComposite(stripped, offset, is_last && btf_is_struct(type));
    } else if (btf_is_int(type) || btf_is_any_enum(type) || btf_is_float(type)) {
      Mark(offset, bitfield_bits != 0 ? bitfield_bits : uint64_t{type->size} * 8);
    } else {
      plain_ = false;
    }
  }

  void WalkArray(TypeRef ref, uint64_t offset, bool is_last) {
    const struct btf_array* array = btf_array(btf__type_by_id(ref.btf, ref.id));
    int64_t stride = btf__resolve_size(ref.btf, array->type);
    if (stride < 0) {
      plain_ = false;
      return;
    }
    uint64_t count = array->nelems;
    if (count == 0 && is_last && stride > 0) {
      count = (mask_.size() - offset / 8) / static_cast<uint64_t>(stride);
    }
    for (uint64_t i = 0; i < count && plain_; ++i) {
      Walk({ref.btf, array->type}, offset + i * static_cast<uint64_t>(stride) * 8, 0, false);
    }
  }

  void WalkComposite(TypeRef ref, uint64_t offset, bool is_last) {
    std::vector<Member> members;
    std::set<std::string> names;
    Flatten(ref, offset, names, members);
    std::vector<Range> taken;
    for (const Member& member : members) {
      const int64_t size = btf__resolve_size(ref.btf, member.type);
      const uint64_t bits = member.bitfield_bits != 0 ? member.bitfield_bits
                                                      : static_cast<uint64_t>(std::max<int64_t>(size, 0)) * 8;
      if (plain_ && TakesFree({member.at, member.at + bits}, taken)) {
        Walk({ref.btf, member.type}, member.at, member.bitfield_bits, is_last && &member == &members.back());
      }
    }
  }

  void Flatten(TypeRef ref, uint64_t offset, std::set<std::string>& names, std::vector<Member>& members) {
    const struct btf_type* type = btf__type_by_id(ref.btf, ref.id);
    for (uint16_t i = 0; i < btf_vlen(type); ++i) {
      const struct btf_member& member = btf_members(type)[i];
      const std::string name = btf__name_by_offset(ref.btf, member.name_off);
      const uint64_t at = offset + btf_member_bit_offset(type, i);
      const uint32_t inner = Stripped(ref.btf, member.type);
      if (!name.empty()) {
        if (!names.insert(name).second) plain_ = false;
        members.push_back({member.type, at, btf_member_bitfield_size(type, i)});
      } else if (btf_is_composite(btf__type_by_id(ref.btf, inner))) {
        Flatten({ref.btf, inner}, at, names, members);
      }
    }
  }

  std::string mask_;
  bool plain_ = true;
};

// Leaves of a union's members the first that lies where it does: decoding gives all.
void NameOnce(TypeRef ref, Value& value) {
  const StrippedType type = Strip(ref);
  if (List* list = std::get_if<List>(&value.kind)) {
    for (Value& element : *list) NameOnce({ref.btf, btf_array(type.type)->type}, element);
  }
  Fields* fields = std::get_if<Fields>(&value.kind);
  if (fields == nullptr) return;
  std::vector<Range> taken;
  Fields kept;
  const std::vector<Member> members = MembersOf(type);
  for (size_t i = 0; i < members.size(); ++i) {
    const Member& member = members[i];
    const uint64_t bits =
        member.bitfield_bits != 0 ? member.bitfield_bits : SizeOf(member.type).value_or(0) * 8;
    if (!TakesFree({member.bit_offset, member.bit_offset + bits}, taken)) continue;
    NameOnce(member.type, (*fields)[i].value);
    kept.push_back(std::move((*fields)[i]));
  }
  *fields = std::move(kept);
}

// Random bytes, sometimes the kind that bools, enums and text have.
std::string RandomMemory(size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  int kind = static_cast<int>(random() % 3);
  for (char& byte : bytes) {
    if (kind == 0) byte = static_cast<char>(random());
    if (kind == 1) byte = static_cast<char>(random() % 3);
    if (kind == 2) byte = static_cast<char>('a' + random() % 26);
  }
  return bytes;
}

// Empty if all is well.
std::string RoundTrip(TypeRef type, const Shape& shape, std::mt19937& random) {
  std::string memory = RandomMemory(shape.mask().size(), random);
  absl::StatusOr<Value> value = Decode(type, memory);
  if (!value.ok()) return std::string(value.status().message());
  NameOnce(type, *value);
  absl::StatusOr<Encoded> encoded = Encode(type, *value);
  if (!encoded.ok()) return std::string(encoded.status().message());
  // Behind the last whole element of a flexible array nothing is said.
  encoded->bytes.resize(memory.size(), '\0');
  encoded->mask.resize(memory.size(), '\0');
  if (encoded->mask != shape.mask()) return "the mask does not cover exactly the named bits";
  for (size_t i = 0; i < memory.size(); ++i) {
    if (((memory[i] ^ encoded->bytes[i]) & shape.mask()[i]) != 0)
      return "byte " + std::to_string(i) + " differs";
    if ((encoded->bytes[i] & ~shape.mask()[i]) != 0)
      return "padding at byte " + std::to_string(i) + " is not zero";
  }
  return "";
}

TEST(KernelTypesTest, DecodesAndEncodesEveryStructOfTheKernelUnchanged) {
  absl::StatusOr<BtfTypes> types = BtfTypes::FromKernel();
  if (!types.ok()) GTEST_SKIP() << types.status();
  const struct btf* btf = types->types().get();
  std::mt19937 random(20240229);
  size_t tried = 0;
  size_t flexible = 0;
  size_t failed = 0;
  for (uint32_t id = 1; id < btf__type_cnt(btf); ++id) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    if (!btf_is_composite(type) || type->size > kMaxBytes) continue;
    TypeRef ref{btf, id};
    const bool is_flexible = HasFlexibleEnd(ref);
    Shape shape(ref, type->size + (is_flexible ? kMoreBytes : 0));
    if (!shape.IsPlain()) continue;
    if (is_flexible) ++flexible;
    for (int round = 0; round < 3; ++round) {
      std::string complaint = RoundTrip(ref, shape, random);
      ++tried;
      if (complaint.empty()) continue;
      ++failed;
      ADD_FAILURE() << TypeName(ref) << " (" << id << "): " << complaint;
    }
    if (failed > 20) break;
  }
  // A kernel's BTF has thousands of such structs; a handful would mean that the test looked at nothing.
  EXPECT_GT(tried, 10000U);
  EXPECT_GT(flexible, 50U);
  RecordProperty("tried", static_cast<int>(tried));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

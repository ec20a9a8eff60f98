// The codec against every type of the running kernel that it can take: decoding random memory and encoding it
// again must give the same memory, padding excepted.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

// Larger ones are arrays of what smaller ones have, and cost time.
constexpr size_t kMaxBytes = 65536;

// What the test needs to know of a type, found out without the codec: which bits have a name.
class Shape {
 public:
  explicit Shape(TypeRef type, size_t size) : mask_(size, '\0') { Walk(type, 0, 0); }

  // Whether the codec must take it: it has no pointers, and no name twice in one scope.
  [[nodiscard]] bool IsPlain() const { return plain_; }
  [[nodiscard]] const std::string& mask() const { return mask_; }

 private:
  void Mark(uint64_t first_bit, uint64_t bits) {
    for (uint64_t bit = first_bit; bit < first_bit + bits; ++bit) {
      size_t at = bit / 8;
      ASSERT_LT(at, mask_.size());
      mask_[at] = static_cast<char>(static_cast<unsigned char>(mask_[at]) | 1U << (bit % 8));
    }
  }

  void Walk(TypeRef ref, uint64_t offset, uint32_t bitfield_bits) {
    uint32_t id = ref.id;
    const struct btf_type* type = btf__type_by_id(ref.btf, id);
    while (btf_is_mod(type) || btf_is_typedef(type)) type = btf__type_by_id(ref.btf, id = type->type);
    if (btf_is_ptr(type)) {
      plain_ = false;
    } else if (btf_is_array(type)) {
      WalkArray({ref.btf, id}, offset);
    } else if (btf_is_composite(type)) {
      std::set<std::string> names;
      WalkMembers({ref.btf, id}, offset, names);
    } else if (btf_is_int(type) || btf_is_any_enum(type) || btf_is_float(type)) {
      Mark(offset, bitfield_bits != 0 ? bitfield_bits : uint64_t{type->size} * 8);
    } else {
      plain_ = false;
    }
  }

  void WalkArray(TypeRef ref, uint64_t offset) {
    const struct btf_array* array = btf_array(btf__type_by_id(ref.btf, ref.id));
    int64_t stride = btf__resolve_size(ref.btf, array->type);
    if (stride < 0) {
      plain_ = false;
      return;
    }
    for (uint32_t i = 0; i < array->nelems && plain_; ++i) {
      Walk({ref.btf, array->type}, offset + i * static_cast<uint64_t>(stride) * 8, 0);
    }
  }

  void WalkMembers(TypeRef ref, uint64_t offset, std::set<std::string>& names) {
    const struct btf_type* type = btf__type_by_id(ref.btf, ref.id);
    for (uint16_t i = 0; i < btf_vlen(type) && plain_; ++i) {
      const struct btf_member& member = btf_members(type)[i];
      std::string name = btf__name_by_offset(ref.btf, member.name_off);
      uint64_t at = offset + btf_member_bit_offset(type, i);
      uint32_t id = member.type;
      const struct btf_type* inner = btf__type_by_id(ref.btf, id);
      while (btf_is_mod(inner) || btf_is_typedef(inner)) inner = btf__type_by_id(ref.btf, id = inner->type);
      if (!name.empty()) {
        if (!names.insert(name).second) plain_ = false;
        Walk({ref.btf, member.type}, at, btf_member_bitfield_size(type, i));
      } else if (btf_is_composite(inner)) {
        WalkMembers({ref.btf, id}, at, names);
      }
    }
  }

  std::string mask_;
  bool plain_ = true;
};

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
  absl::StatusOr<Encoded> encoded = Encode(type, *value);
  if (!encoded.ok()) return std::string(encoded.status().message());
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
  size_t failed = 0;
  for (uint32_t id = 1; id < btf__type_cnt(btf); ++id) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    if (!btf_is_composite(type) || type->size > kMaxBytes) continue;
    TypeRef ref{btf, id};
    Shape shape(ref, type->size);
    if (!shape.IsPlain()) continue;
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
  EXPECT_GT(tried, 1000U);
  RecordProperty("tried", static_cast<int>(tried));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

#include "daemon/kernel_bpf/btf/dwarf_to_btf.h"

#include <bpf/btf.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/check_btf.h"
#include "daemon/kernel_bpf/btf/dwarf_entry.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

// An object made of the kernel's headers has some ten thousand entries.
constexpr size_t kMostEntries = size_t{1} << 19;
constexpr size_t kMostTypes = size_t{1} << 17;
constexpr size_t kMostParts = size_t{1} << 19;
// Each may have its abbreviations looked up anew.
constexpr size_t kMostUnits = 256;
// libdw finds what comes after an entry by going through all that is in it, and so goes through entries as
// often as they are nested. Types are not nested deep, and what is asked for has been read long before this.
constexpr int kDeepest = 32;
constexpr std::chrono::seconds kLongest(2);
constexpr uint32_t kMostDimensions = 16;
constexpr uint64_t kLargest = uint64_t{1} << 28;
// A struct's members, an enum's enumerators: BTF counts them in 16 bits.
constexpr int kMostOfOneType = 65535;

struct CloseElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
struct CloseDwarf {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};

absl::Status BrokenDwarf(absl::string_view why) {
  return base::MakeError(base::Reason::kBadObject, absl::StrCat("the object's DWARF is broken: ", why));
}

bool IsType(int tag) {
  switch (tag) {
    case DW_TAG_base_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_typedef:
    case DW_TAG_pointer_type:
    case DW_TAG_const_type:
    case DW_TAG_volatile_type:
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type:
    case DW_TAG_array_type:
    case DW_TAG_subroutine_type:
      return true;
    default:
      return false;
  }
}

// The elements of each dimension, the outermost first; one without a number is flexible, and has 0.
std::vector<uint32_t> DimensionsOf(const DwarfEntry& array) {
  std::vector<uint32_t> dimensions;
  array.ForEachChild([&](const DwarfEntry& child) {
    // Clang and GCC put nothing else there.
    if (child.Tag() != DW_TAG_subrange_type) return false;
    uint64_t count = child.Number(DW_AT_count).value_or(0);
    if (const std::optional<uint64_t> last = child.Number(DW_AT_upper_bound)) count = *last + 1;
    dimensions.push_back(static_cast<uint32_t>(std::min(count, kLargest)));
    return dimensions.size() < kMostDimensions;
  });
  if (dimensions.empty()) dimensions.push_back(0);
  return dimensions;
}

// A type of DWARF, and the first of its numbers in BTF: an array has one for each dimension.
struct Found {
  DwarfEntry entry;
  uint32_t id = 0;
};

// First gives every type its number, then adds them in that order: they refer to each other both ways.
class Conversion {
 public:
  explicit Conversion(struct btf* btf) : btf_(btf) {}

  absl::Status Run(Dwarf* dwarf) {
    BPFRIG_RETURN_IF_ERROR(Collect(dwarf));
    // Clang's BTF has it too; it is what arrays are indexed by.
    index_type_ = btf__add_int(btf_, "__ARRAY_SIZE_TYPE__", 4, 0);
    if (index_type_ < 0) return BrokenDwarf("no type can be added");
    for (const Found& found : types_) {
      if (IsLate()) return TooLong();
      Add(found);
      const uint32_t next = found.id + IdsOf(found.entry);
      if (btf__type_cnt(btf_) != next)
        return BrokenDwarf(absl::StrCat("type ", found.id, " cannot be added"));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Collect(Dwarf* dwarf) {
    Dwarf_Off offset = 0;
    Dwarf_Off next = 0;
    size_t header_size = 0;
    for (size_t units = 0; dwarf_nextcu(dwarf, offset, &next, &header_size, nullptr, nullptr, nullptr) == 0;
         ++units, offset = next) {
      if (units == kMostUnits) return TooMuch("units");
      Dwarf_Die unit;
      if (dwarf_offdie(dwarf, offset + header_size, &unit) == nullptr)
        return BrokenDwarf("a unit has no entry");
      BPFRIG_RETURN_IF_ERROR(CollectBelow(DwarfEntry(unit)));
    }
    return absl::OkStatus();
  }

  // An entry, and how many it is in.
  struct Waiting {
    DwarfEntry entry;
    int depth = 0;
  };

  absl::Status CollectBelow(const DwarfEntry& unit) {
    std::vector<Waiting> waiting = {{unit, 0}};
    while (!waiting.empty()) {
      const auto [entry, depth] = waiting.back();
      waiting.pop_back();
      if (++entries_ > kMostEntries) return TooMuch("entries");
      if (IsLate()) return TooLong();
      if (std::optional<DwarfEntry> sibling = entry.NextSibling()) waiting.push_back({*sibling, depth});
      if (IsType(entry.Tag())) {
        if (!ids_.emplace(entry.Offset(), next_id_).second) return BrokenDwarf("an entry is met twice");
        types_.push_back({entry, next_id_});
        next_id_ += IdsOf(entry);
        if (next_id_ > kMostTypes) return TooMuch("types");
      }
      if (depth == kDeepest) continue;
      if (std::optional<DwarfEntry> child = entry.FirstChild()) waiting.push_back({*child, depth + 1});
    }
    return absl::OkStatus();
  }

  static absl::Status TooMuch(absl::string_view what) {
    return base::MakeError(base::Reason::kLimitReached,
                           absl::StrCat("the object's DWARF has more ", what, " than are read"));
  }

  static absl::Status TooLong() {
    return base::MakeError(
        base::Reason::kLimitReached,
        absl::StrCat("the object's DWARF takes longer to read than ", kLongest.count(), " s"));
  }

  [[nodiscard]] bool IsLate() const { return std::chrono::steady_clock::now() > end_; }

  static uint32_t IdsOf(const DwarfEntry& entry) {
    return entry.Tag() == DW_TAG_array_type ? static_cast<uint32_t>(DimensionsOf(entry).size()) : 1;
  }

  // 0, which is void, if there is none.
  int TypeOf(const DwarfEntry& entry) const {
    const std::optional<DwarfEntry> type = entry.Type();
    if (!type) return 0;
    const auto found = ids_.find(type->Offset());
    return found == ids_.end() ? 0 : static_cast<int>(found->second);
  }

  void Add(const Found& found) {
    const DwarfEntry& entry = found.entry;
    if (entry.Tag() == DW_TAG_array_type) return AddArray(found);
    if (AddOne(entry) >= 0) return;
    // What BTF cannot say has no size, and says so if it is used.
    const std::string name = entry.Name();
    (void)btf__add_fwd(btf_, name.empty() ? "unknown" : name.c_str(), BTF_FWD_STRUCT);
  }

  int AddOne(const DwarfEntry& entry) {
    switch (entry.Tag()) {
      case DW_TAG_base_type:
        return AddBase(entry);
      case DW_TAG_structure_type:
      case DW_TAG_union_type:
        return AddComposite(entry);
      case DW_TAG_enumeration_type:
        return AddEnum(entry);
      case DW_TAG_typedef:
        return btf__add_typedef(btf_, entry.Name().c_str(), TypeOf(entry));
      case DW_TAG_pointer_type:
        return btf__add_ptr(btf_, TypeOf(entry));
      case DW_TAG_const_type:
        return btf__add_const(btf_, TypeOf(entry));
      case DW_TAG_restrict_type:
        return btf__add_restrict(btf_, TypeOf(entry));
      case DW_TAG_subroutine_type:
        return btf__add_func_proto(btf_, 0);
      default:
        return btf__add_volatile(btf_, TypeOf(entry));
    }
  }

  int AddBase(const DwarfEntry& entry) {
    const std::string name = entry.Name();
    const auto size = static_cast<size_t>(std::min(entry.Number(DW_AT_byte_size).value_or(0), kLargest));
    switch (entry.Number(DW_AT_encoding).value_or(0)) {
      case DW_ATE_float:
        return btf__add_float(btf_, name.c_str(), size);
      case DW_ATE_boolean:
        return btf__add_int(btf_, name.c_str(), size, BTF_INT_BOOL);
      case DW_ATE_signed:
      case DW_ATE_signed_char:
        return btf__add_int(btf_, name.c_str(), size, BTF_INT_SIGNED);
      case DW_ATE_unsigned:
      case DW_ATE_unsigned_char:
      case DW_ATE_UTF:
        return btf__add_int(btf_, name.c_str(), size, 0);
      default:
        return -1;
    }
  }

  int AddComposite(const DwarfEntry& entry) {
    const std::string name = entry.Name();
    const bool is_union = entry.Tag() == DW_TAG_union_type;
    const std::optional<uint64_t> size = entry.Number(DW_AT_byte_size);
    if (entry.Has(DW_AT_declaration) || !size || *size > kLargest) {
      return name.empty() ? -1 : btf__add_fwd(btf_, name.c_str(), is_union ? BTF_FWD_UNION : BTF_FWD_STRUCT);
    }
    const auto bytes = static_cast<uint32_t>(*size);
    const int id =
        is_union ? btf__add_union(btf_, name.c_str(), bytes) : btf__add_struct(btf_, name.c_str(), bytes);
    int members = 0;
    if (id < 0) return id;
    entry.ForEachChild([&](const DwarfEntry& child) {
      if (child.Tag() == DW_TAG_member) AddMember(child, *size);
      return ++members < kMostOfOneType && ++parts_ < kMostParts && !IsLate();
    });
    return id;
  }

  // One that lies outside, or nobody knows where, is left out: nobody may write there.
  void AddMember(const DwarfEntry& member, uint64_t struct_size) {
    const uint64_t bits = member.Number(DW_AT_bit_size).value_or(0);
    const std::optional<uint64_t> offset = member.MemberOffset();
    uint64_t first_bit = 0;
    if (const std::optional<uint64_t> from_start = member.Number(DW_AT_data_bit_offset)) {
      first_bit = *from_start;
    } else {
      if (!offset || *offset > kLargest) return;
      first_bit = *offset * 8;
      // Until DWARF 4: counted from the most significant bit of the storage.
      if (const std::optional<uint64_t> from_top = member.Number(DW_AT_bit_offset)) {
        const uint64_t storage = member.Number(DW_AT_byte_size).value_or(0);
        if (storage > 16 || *from_top + bits > storage * 8) return;
        first_bit += storage * 8 - *from_top - bits;
      }
    }
    if (first_bit > struct_size * 8 || bits > struct_size * 8 - first_bit) return;
    (void)btf__add_field(btf_, member.Name().c_str(), TypeOf(member), static_cast<uint32_t>(first_bit),
                         static_cast<uint32_t>(bits));
  }

  int AddEnum(const DwarfEntry& entry) {
    const uint64_t size = entry.Number(DW_AT_byte_size).value_or(0);
    if (entry.Has(DW_AT_declaration) || size > 8 || !std::has_single_bit(size)) return -1;
    const auto bytes = static_cast<uint32_t>(size);
    const std::string name = entry.Name();
    const bool is_wide = size == 8;
    const bool is_signed = IsSigned(entry);
    const int id = is_wide ? btf__add_enum64(btf_, name.c_str(), bytes, is_signed)
                           : btf__add_enum(btf_, name.c_str(), bytes);
    int enumerators = 0;
    if (id < 0) return id;
    entry.ForEachChild([&](const DwarfEntry& child) {
      if (child.Tag() != DW_TAG_enumerator) return ++parts_ < kMostParts && !IsLate();
      const uint64_t value = child.Constant(DW_AT_const_value, is_signed);
      const std::string word = child.Name();
      if (is_wide) {
        (void)btf__add_enum64_value(btf_, word.c_str(), value);
      } else {
        (void)btf__add_enum_value(btf_, word.c_str(), static_cast<int64_t>(value));
      }
      return ++enumerators < kMostOfOneType && ++parts_ < kMostParts && !IsLate();
    });
    return id;
  }

  static bool IsSigned(const DwarfEntry& entry) {
    const std::optional<DwarfEntry> type = entry.Type();
    return type && type->Number(DW_AT_encoding) == uint64_t{DW_ATE_signed};
  }

  void AddArray(const Found& found) {
    const std::vector<uint32_t> dimensions = DimensionsOf(found.entry);
    for (size_t i = 0; i < dimensions.size(); ++i) {
      const bool is_last = i + 1 == dimensions.size();
      const int element = is_last ? TypeOf(found.entry) : static_cast<int>(found.id + i + 1);
      (void)btf__add_array(btf_, index_type_, element, dimensions[i]);
    }
  }

  struct btf* btf_;  // outlives this
  int index_type_ = 0;
  uint32_t next_id_ = 2;  // after the index type
  std::unordered_map<uint64_t, uint32_t> ids_;
  std::vector<Found> types_;
  size_t entries_ = 0;
  size_t parts_ = 0;
  const std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + kLongest;
};

}  // namespace

absl::StatusOr<BtfTypes> DwarfToBtf(absl::string_view sections) {
  elf_version(EV_CURRENT);
  // libelf asks for bytes that it could change, and does not.
  const std::unique_ptr<Elf, CloseElf> elf(elf_memory(const_cast<char*>(sections.data()), sections.size()));
  if (elf == nullptr) return BrokenDwarf(elf_errmsg(-1));
  const std::unique_ptr<Dwarf, CloseDwarf> dwarf(dwarf_begin_elf(elf.get(), DWARF_C_READ, nullptr));
  if (dwarf == nullptr) return BrokenDwarf(dwarf_errmsg(-1));
  LibbpfOutput output;
  struct btf* const btf = btf__new_empty();
  if (btf == nullptr) return base::MakeError(base::Reason::kInternal, "making room for types failed");
  BtfTypes types(btf);
  BPFRIG_RETURN_IF_ERROR(Conversion(btf).Run(dwarf.get()));
  if (!CheckBtf(btf).ok()) return BrokenDwarf("a type is made of itself");
  return types;
}

}  // namespace bpfrig::kernel_bpf

#include "daemon/kernel_bpf/btf/decode.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

// An array of things without a size is legal C, and the kernel has some; one of millions is broken BTF.
constexpr uint32_t kMaxEmptyElements = 65536;

// Values that so many bytes may have: unions read them several times, and some members have none. BTF of a
// few hundred bytes can ask for any number, by nesting.
constexpr size_t kValuesPerByte = 64;
constexpr size_t kMoreValues = size_t{1} << 18;

// Where to read.
struct Source {
  TypeRef type;
  size_t offset = 0;
  uint32_t first_bit = 0;
  uint32_t bitfield_bits = 0;
  // Whether the value ends with it, so that a flexible array goes on as far as the memory does.
  bool is_last = false;
};

class Decoder {
 public:
  explicit Decoder(absl::string_view bytes)
      : bytes_(bytes), budget_(bytes.size() * kValuesPerByte + kMoreValues) {}

  absl::StatusOr<Value> Read(const Source& source, int depth = 0) {
    if (depth > kMaxNesting || budget_ == 0) return BrokenBtf(source.type);
    --budget_;
    StrippedType type = Strip(source.type);
    if (type.type == nullptr) return BrokenBtf(source.type);
    switch (btf_kind(type.type)) {
      case BTF_KIND_ARRAY:
        return ReadArray(source, type, depth);
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
      case BTF_KIND_DATASEC:
        return ReadMembers(source, type, depth);
      case BTF_KIND_INT:
        return ReadInteger(source, type);
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
        return ReadEnum(source, type);
      case BTF_KIND_FLOAT:
        return ReadFloat(source, type);
      case BTF_KIND_PTR:
        return ReadPointer(source);
      default:
        // A variable, for one, has a size and is no type of a member.
        BPFRIG_RETURN_IF_ERROR(SizeOf(source.type).status());
        return BrokenBtf(source.type);
    }
  }

 private:
  absl::StatusOr<absl::string_view> Bytes(const Source& source, size_t size) const {
    if (source.offset > bytes_.size() || size > bytes_.size() - source.offset) return BrokenBtf(source.type);
    return bytes_.substr(source.offset, size);
  }

  // A word of `size` bytes or of a bitfield's bits, zero- or sign-extended.
  absl::StatusOr<uint64_t> Word(const Source& source, size_t size, bool is_signed) const {
    uint64_t word = 0;
    uint32_t bits = static_cast<uint32_t>(size) * 8;
    if (source.bitfield_bits == 0) {
      BPFRIG_ASSIGN_OR_RETURN(absl::string_view bytes, Bytes(source, size));
      std::memcpy(&word, bytes.data(), size);
    } else {
      bits = source.bitfield_bits;
      BPFRIG_ASSIGN_OR_RETURN(absl::string_view bytes, Bytes(source, (source.first_bit + bits + 7) / 8));
      for (uint32_t i = 0; i < bits; ++i) {
        unsigned byte = static_cast<unsigned char>(bytes[(source.first_bit + i) / 8]);
        word |= uint64_t{byte >> ((source.first_bit + i) % 8) & 1} << i;
      }
    }
    if (is_signed && bits < 64 && (word >> (bits - 1) & 1) != 0) word |= ~uint64_t{0} << bits;
    return word;
  }

  absl::StatusOr<Value> ReadRaw(const Source& source, size_t size) const {
    if (source.bitfield_bits != 0) return BrokenBtf(source.type);
    BPFRIG_ASSIGN_OR_RETURN(absl::string_view bytes, Bytes(source, size));
    return Raw(std::string(bytes));
  }

  absl::StatusOr<Value> ReadInteger(const Source& source, const StrippedType& type) const {
    size_t size = type.type->size;
    if (size == 0 || size > 8 || (size & (size - 1)) != 0 || source.bitfield_bits > 64)
      return ReadRaw(source, size);
    bool is_signed = (btf_int_encoding(type.type) & BTF_INT_SIGNED) != 0;
    BPFRIG_ASSIGN_OR_RETURN(uint64_t word, Word(source, size, is_signed));
    return is_signed ? Signed(static_cast<int64_t>(word)) : Unsigned(word);
  }

  absl::StatusOr<Value> ReadEnum(const Source& source, const StrippedType& type) const {
    size_t size = type.type->size;
    if (size == 0 || size > 8 || source.bitfield_bits > 64) return BrokenBtf(source.type);
    bool is_signed = IsSignedEnum(type.type);
    BPFRIG_ASSIGN_OR_RETURN(uint64_t word, Word(source, size, is_signed));
    if (IsCutEnum(type.type)) return Unsigned(word);
    absl::string_view name = FindEnumeratorName(type.ref, word);
    if (!name.empty()) return TextOf(std::string(name));
    return is_signed ? Signed(static_cast<int64_t>(word)) : Unsigned(word);
  }

  absl::StatusOr<Value> ReadPointer(const Source& source) const {
    BPFRIG_ASSIGN_OR_RETURN(uint64_t word, Word(source, sizeof(uint64_t), false));
    return Unsigned(word);
  }

  // As text if that reads back to the same bits, raw otherwise (NaNs, and sizes that C++ has no type for).
  absl::StatusOr<Value> ReadFloat(const Source& source, const StrippedType& type) const {
    size_t size = type.type->size;
    BPFRIG_ASSIGN_OR_RETURN(absl::string_view bytes, Bytes(source, size));
    double number = 0;
    float narrow = 0;
    if (size == sizeof(double)) {
      std::memcpy(&number, bytes.data(), size);
    } else if (size == sizeof(float)) {
      std::memcpy(&narrow, bytes.data(), size);
      number = narrow;
    } else {
      return Raw(std::string(bytes));
    }
    bool is_narrow = size == sizeof(float);
    std::string text = absl::StrFormat("%.*g", is_narrow ? 9 : 17, number);
    double again = 0;
    bool reads_back = absl::SimpleAtod(text, &again);
    if (is_narrow) again = static_cast<float>(again);
    if (!reads_back || std::bit_cast<uint64_t>(again) != std::bit_cast<uint64_t>(number)) {
      return Raw(std::string(bytes));
    }
    return TextOf(std::move(text));
  }

  absl::StatusOr<Value> ReadArray(const Source& source, const StrippedType& type, int depth) {
    const struct btf_array* array = btf_array(type.type);
    TypeRef element{type.ref.btf, array->type};
    BPFRIG_ASSIGN_OR_RETURN(size_t stride, SizeOf(element));
    if (stride == 0 && array->nelems > kMaxEmptyElements) return BrokenBtf(source.type);
    if (stride != 0 && array->nelems > bytes_.size() / stride) return BrokenBtf(source.type);
    size_t count = array->nelems;
    if (IsFlexibleArray(type) && source.is_last && stride != 0 && source.offset < bytes_.size()) {
      count = (bytes_.size() - source.offset) / stride;
    }
    if (IsChar(Strip(element))) return ReadCharacters(source, count);
    List list;
    list.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      BPFRIG_ASSIGN_OR_RETURN(Value value, Read({element, source.offset + i * stride}, depth + 1));
      list.push_back(std::move(value));
    }
    return ListOf(std::move(list));
  }

  absl::StatusOr<Value> ReadCharacters(const Source& source, size_t size) const {
    BPFRIG_ASSIGN_OR_RETURN(absl::string_view bytes, Bytes(source, size));
    absl::string_view text = bytes.substr(0, bytes.find('\0'));
    bool printable = std::all_of(text.begin(), text.end(), [](char c) {
      return absl::ascii_isprint(static_cast<unsigned char>(c)) || c == '\n' || c == '\t' || c == '\r';
    });
    bool padded = bytes.find_first_not_of('\0', text.size()) == absl::string_view::npos;
    return printable && padded ? TextOf(std::string(text)) : Raw(std::string(bytes));
  }

  absl::StatusOr<Value> ReadMembers(const Source& source, const StrippedType& type, int depth) {
    Fields fields;
    const std::vector<Member> members = MembersOf(type, budget_);
    fields.reserve(members.size());
    for (const Member& member : members) {
      Source at{member.type, source.offset + member.bit_offset / 8,
                static_cast<uint32_t>(member.bit_offset % 8), member.bitfield_bits};
      at.is_last = source.is_last && btf_is_struct(type.type) && &member == &members.back();
      BPFRIG_ASSIGN_OR_RETURN(Value value, Read(at, depth + 1));
      fields.push_back(Field{std::string(member.name), std::move(value)});
    }
    if (budget_ == 0) return BrokenBtf(source.type);
    return FieldsOf(std::move(fields));
  }

  absl::string_view bytes_;
  size_t budget_;
};

}  // namespace

absl::StatusOr<Value> Decode(TypeRef type, absl::string_view bytes) {
  BPFRIG_ASSIGN_OR_RETURN(size_t size, SizeOf(type));
  if (bytes.size() < size) {
    return base::MakeError(base::Reason::kTypeMismatch,
                           absl::StrCat(TypeName(type), " has ", size, " bytes, the memory ", bytes.size()));
  }
  Source whole;
  whole.type = type;
  whole.is_last = bytes.size() > size && HasFlexibleEnd(type);
  return Decoder(whole.is_last ? bytes : bytes.substr(0, size)).Read(whole);
}

}  // namespace bpfrig::kernel_bpf

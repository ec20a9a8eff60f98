#include "daemon/kernel_bpf/btf/encode_scalar.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/near_names.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

// "is a __u8 of 1 byte", "is a __u32 bitfield of 3 bits".
std::string Describe(const Place& place) {
  std::string subject = place.name.empty() ? "the value" : absl::StrCat("\"", place.name, "\"");
  std::string type = WithArticle(TypeName(place.type));
  if (place.bitfield_bits != 0) {
    return absl::StrCat(subject, " is ", type, " bitfield of ", place.bitfield_bits, " bits");
  }
  StrippedType stripped = Strip(place.type);
  if (stripped.type != nullptr && btf_is_array(stripped.type)) return absl::StrCat(subject, " is ", type);
  size_t size = SizeOf(place.type).value_or(0);
  return absl::StrCat(subject, " is ", type, " of ", size, size == 1 ? " byte" : " bytes");
}

// A number of either sign.
struct Number {
  uint64_t word = 0;  // two's complement if negative
  bool negative = false;
};

std::optional<Number> NumberOf(const Value& value) {
  if (const uint64_t* number = std::get_if<uint64_t>(&value.kind)) return Number{*number, false};
  if (const int64_t* number = std::get_if<int64_t>(&value.kind)) {
    return Number{static_cast<uint64_t>(*number), *number < 0};
  }
  return std::nullopt;
}

absl::Status PutNumber(Memory& memory, const Place& place, const Number& number, size_t size,
                       bool is_signed) {
  uint32_t bits = place.bitfield_bits != 0 ? place.bitfield_bits : static_cast<uint32_t>(size) * 8;
  int64_t as_signed = static_cast<int64_t>(number.word);
  bool fits = number.negative ? is_signed && FitsSigned(as_signed, bits)
                              : FitsUnsigned(number.word, is_signed ? bits - 1 : bits);
  if (!fits) {
    std::string text = number.negative ? absl::StrCat(as_signed) : absl::StrCat(number.word);
    return base::MakeError(base::Reason::kOutOfRange,
                           absl::StrCat(Describe(place), "; ", text, " does not fit"));
  }
  if (place.bitfield_bits != 0) return memory.PutBits(place, number.word);
  return memory.Put(place, absl::string_view(reinterpret_cast<const char*>(&number.word), size), size);
}

absl::Status WriteNetworkInteger(Memory& memory, const Place& place, const NetworkInteger& number,
                                 size_t size) {
  BPFRIG_RETURN_IF_ERROR(CheckNetworkInteger(number));
  if (place.bitfield_bits != 0 || number.bits > size * 8) {
    return Mismatch(place,
                    absl::StrCat("a network integer of ", number.bits / 8, " bytes does not go into it"));
  }
  BPFRIG_ASSIGN_OR_RETURN(std::string bytes, BytesOf(Value{number}));
  return memory.Put(place, bytes, size);
}

bool IsWordSize(size_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

absl::Status WriteInteger(Memory& memory, const Place& place, const StrippedType& type, const Value& value) {
  size_t size = type.type->size;
  bool is_bool = (btf_int_encoding(type.type) & BTF_INT_BOOL) != 0;
  if (is_bool && (!IsWordSize(size) || place.bitfield_bits > 64)) return BrokenBtf(place.type);
  if (const Text* text = std::get_if<Text>(&value.kind); is_bool && text != nullptr) {
    if (text->text != "true" && text->text != "false") {
      return base::MakeError(
          base::Reason::kUnknownName,
          absl::StrCat(Describe(place), "; it is true or false, not \"", text->text, "\""));
    }
    return PutNumber(memory, place, Number{text->text == "true" ? uint64_t{1} : uint64_t{0}, false}, size,
                     false);
  }
  if (const NetworkInteger* number = std::get_if<NetworkInteger>(&value.kind);
      !is_bool && number != nullptr) {
    return WriteNetworkInteger(memory, place, *number, size);
  }
  const PrefixBytes* prefix = std::get_if<PrefixBytes>(&value.kind);
  if (prefix != nullptr && !is_bool && place.bitfield_bits == 0)
    return PutPrefix(memory, place, prefix->bytes, size);
  std::optional<Number> number = NumberOf(value);
  if (!number) return Mismatch(place, absl::StrCat(KindOf(value), " does not go into it"));
  if (!IsWordSize(size) || place.bitfield_bits > 64) return Mismatch(place, "write its bytes with !hex");
  bool is_signed = (btf_int_encoding(type.type) & BTF_INT_SIGNED) != 0;
  return PutNumber(memory, place, *number, size, is_signed);
}

// "A", or "A|B".
absl::StatusOr<uint64_t> ReadEnumerators(const Place& place, const StrippedType& type,
                                         absl::string_view text) {
  if (IsCutEnum(type.type)) {
    return base::WithHint(
        Mismatch(place, absl::StrCat("\"", text,
                                     "\" may not be what BTF says: clang before 15 cuts the values "
                                     "of 64-bit enums to 32 bits")),
        "write the number, compile with clang 15 or later, or leave the object's DWARF in");
  }
  uint64_t word = 0;
  if (FindEnumerator(type.ref, text, word)) return word;
  for (absl::string_view name : absl::StrSplit(text, '|')) {
    name = absl::StripAsciiWhitespace(name);
    uint64_t value = 0;
    if (!FindEnumerator(type.ref, name, value)) {
      return base::MakeError(base::Reason::kUnknownName,
                             absl::StrCat(Describe(place), "; it has no enumerator \"", name, "\" but ",
                                          common::NamesNear(name, EnumeratorNames(type.ref))));
    }
    word |= value;
  }
  return word;
}

absl::Status WriteEnum(Memory& memory, const Place& place, const StrippedType& type, const Value& value) {
  size_t size = type.type->size;
  if (!IsWordSize(size) || place.bitfield_bits > 64) return BrokenBtf(place.type);
  bool is_signed = IsSignedEnum(type.type);
  std::optional<Number> number = NumberOf(value);
  // A value that fits both ways is meant as it is written: the signs were lost with the upper halves.
  if (IsCutEnum(type.type) && number) is_signed = number->negative;
  if (const Text* text = std::get_if<Text>(&value.kind)) {
    Number named;
    BPFRIG_ASSIGN_OR_RETURN(named.word, ReadEnumerators(place, type, text->text));
    // An enumerator always goes into its own enum; a bitfield may still be too small for it.
    if (place.bitfield_bits == 0) {
      return memory.Put(place, absl::string_view(reinterpret_cast<const char*>(&named.word), size), size);
    }
    named.negative = is_signed && static_cast<int64_t>(named.word) < 0;
    number = named;
  }
  if (!number) return Mismatch(place, absl::StrCat(KindOf(value), " does not go into it"));
  return PutNumber(memory, place, *number, size, is_signed);
}

absl::Status WritePointer(Memory& memory, const Place& place, const Value& value) {
  const std::optional<Number> number = NumberOf(value);
  if (!number || number->negative) {
    return base::WithHint(Mismatch(place, absl::StrCat(KindOf(value), " does not go into a pointer")),
                          "write a number such as 0, or its bytes with !hex");
  }
  return PutNumber(memory, place, *number, sizeof(uint64_t), false);
}

absl::Status WriteFloat(Memory& memory, const Place& place, const StrippedType& type, const Value& value) {
  size_t size = type.type->size;
  double number = 0;
  const Text* text = std::get_if<Text>(&value.kind);
  std::optional<Number> integer = NumberOf(value);
  if (text != nullptr ? !absl::SimpleAtod(text->text, &number) : !integer.has_value()) {
    return Mismatch(place, "write a decimal number");
  }
  if (integer) {
    number = integer->negative ? static_cast<double>(static_cast<int64_t>(integer->word))
                               : static_cast<double>(integer->word);
  }
  float narrow = static_cast<float>(number);
  if (size == sizeof(double)) return memory.Put(place, {reinterpret_cast<const char*>(&number), size}, size);
  if (size == sizeof(float)) return memory.Put(place, {reinterpret_cast<const char*>(&narrow), size}, size);
  return Mismatch(place, "write its bytes with !hex");
}

}  // namespace

absl::Status Memory::Put(const Place& place, absl::string_view bytes, size_t size) {
  if (!Holds(place.offset, size)) return BrokenBtf(place.type);
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(place.offset));
  std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(place.offset + bytes.size()), size - bytes.size(),
              '\0');
  std::fill_n(mask_.begin() + static_cast<std::ptrdiff_t>(place.offset), size, '\xff');
  return absl::OkStatus();
}

absl::Status Memory::PutBits(const Place& place, uint64_t value) {
  if (!Holds(place.offset, (place.first_bit + place.bitfield_bits + 7) / 8)) return BrokenBtf(place.type);
  for (uint32_t i = 0; i < place.bitfield_bits; ++i) {
    size_t at = place.offset + (place.first_bit + i) / 8;
    unsigned bit = 1U << ((place.first_bit + i) % 8);
    unsigned byte = static_cast<unsigned char>(bytes_[at]);
    bytes_[at] = static_cast<char>((value >> i & 1) != 0 ? byte | bit : byte & ~bit);
    mask_[at] = static_cast<char>(static_cast<unsigned char>(mask_[at]) | bit);
  }
  return absl::OkStatus();
}

bool Memory::Grow(size_t size) {
  if (size > kMaxType) return false;
  bytes_.resize(std::max(bytes_.size(), size), '\0');
  mask_.resize(bytes_.size(), '\0');
  return true;
}

absl::Status Memory::Clear(const Place& place, size_t size) {
  if (!Holds(place.offset, size)) return BrokenBtf(place.type);
  std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(place.offset), size, '\0');
  return absl::OkStatus();
}

absl::Status Mismatch(const Place& place, absl::string_view cause) {
  StrippedType type = Strip(place.type);
  absl::string_view separator = type.type != nullptr && btf_is_array(type.type) ? ", " : "; ";
  return base::MakeError(base::Reason::kTypeMismatch, absl::StrCat(Describe(place), separator, cause));
}

absl::string_view KindOf(const Value& value) {
  static constexpr absl::string_view kKinds[] = {
      "a number",  "a number",           "raw bytes",         "text",   "a list",
      "a mapping", "an address or text", "a network integer", "nothing"};
  static_assert(std::variant_size_v<decltype(Value::kind)> == std::size(kKinds));
  return kKinds[value.kind.index()];
}

absl::Status WriteScalar(Memory& memory, const Place& place, const StrippedType& type, const Value& value) {
  switch (btf_kind(type.type)) {
    case BTF_KIND_INT:
      return WriteInteger(memory, place, type, value);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return WriteEnum(memory, place, type, value);
    case BTF_KIND_FLOAT:
      return WriteFloat(memory, place, type, value);
    case BTF_KIND_PTR:
      return WritePointer(memory, place, value);
    default:
      return Mismatch(place, "it cannot be written");
  }
}

absl::Status PutPrefix(Memory& memory, const Place& place, absl::string_view bytes, size_t size) {
  if (bytes.size() > size) return Mismatch(place, absl::StrCat("the value has ", bytes.size(), " bytes"));
  return memory.Put(place, bytes, size);
}

bool FitsUnsigned(uint64_t number, uint32_t bits) { return bits >= 64 || number >> bits == 0; }

bool FitsSigned(int64_t number, uint32_t bits) {
  if (bits >= 64) return true;
  return number >= -(int64_t{1} << (bits - 1)) && number < int64_t{1} << (bits - 1);
}

absl::Status CheckNetworkInteger(const NetworkInteger& number) {
  if (number.bits != 16 && number.bits != 32 && number.bits != 64) {
    return base::MakeError(base::Reason::kInvalidField,
                           absl::StrCat("a network integer has 16, 32 or 64 bits, not ", number.bits));
  }
  if (FitsUnsigned(number.value, number.bits)) return absl::OkStatus();
  return base::MakeError(base::Reason::kOutOfRange,
                         absl::StrCat(number.value, " does not fit into ", number.bits, " bits"));
}

}  // namespace bpfrig::kernel_bpf

#include "daemon/kernel_bpf/btf/encode.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/encode_scalar.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

// One walk over a value and its type.
class Encoder {
 public:
  explicit Encoder(Memory& memory) : memory_(memory) {}

  absl::Status Write(const Place& place, const Value& value, int depth = 0) {
    if (std::holds_alternative<Unsaid>(value.kind)) return absl::OkStatus();
    if (depth > kMaxNesting) return BrokenBtf(place.type);
    StrippedType type = Strip(place.type);
    if (type.type == nullptr) return BrokenBtf(place.type);
    if (place.bitfield_bits == 0) {
      BPFRIG_RETURN_IF_ERROR(SizeOf(place.type).status());
      if (const RawBytes* raw = std::get_if<RawBytes>(&value.kind)) return WriteRaw(place, type, raw->bytes);
    }
    switch (btf_kind(type.type)) {
      case BTF_KIND_ARRAY:
        return WriteArray(place, type, value, depth);
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
      case BTF_KIND_DATASEC:
        return WriteMembers(place, type, value, depth);
      default:
        return WriteScalar(memory_, place, type, value);
    }
  }

 private:
  absl::Status WriteRaw(const Place& place, const StrippedType& type, const std::string& bytes) {
    if (IsFlexible(place, type)) return WriteFlexibleBytes(place, type, bytes);
    size_t size = SizeOf(place.type).value_or(0);
    if (bytes.size() != size) {
      return Mismatch(place, absl::StrCat("the raw value has ", bytes.size(), " bytes"));
    }
    return memory_.Put(place, bytes, size);
  }

  static bool IsFlexible(const Place& place, const StrippedType& type) {
    return place.is_last && IsFlexibleArray(type);
  }

  // Bytes or text, as long as they are.
  absl::Status WriteFlexibleBytes(const Place& place, const StrippedType& type, const std::string& bytes) {
    const size_t stride = SizeOf({type.ref.btf, btf_array(type.type)->type}).value_or(0);
    if (stride == 0 || bytes.size() % stride != 0) {
      return Mismatch(place, absl::StrCat(bytes.size(), " bytes are no whole elements of ", stride));
    }
    if (!memory_.Grow(place.offset + bytes.size())) return TooLong(place);
    return memory_.Put(place, bytes, bytes.size());
  }

  static absl::Status TooLong(const Place& place) {
    return base::MakeError(base::Reason::kOutOfRange,
                           absl::StrCat("\"", place.name, "\" would be longer than any value"));
  }

  absl::Status WriteArray(const Place& place, const StrippedType& type, const Value& value, int depth) {
    const struct btf_array* array = btf_array(type.type);
    TypeRef element{place.type.btf, array->type};
    size_t size = SizeOf(place.type).value_or(0);
    if (const Text* text = std::get_if<Text>(&value.kind)) {
      if (!IsChar(Strip(element))) {
        return base::WithHint(Mismatch(place, "text goes into arrays of char only"),
                              "write !text, or a list");
      }
      // With its end, or an expected text would fit every longer one.
      if (IsFlexible(place, type)) return WriteFlexibleBytes(place, type, text->text + '\0');
      if (text->text.size() > size) {
        return Mismatch(place, absl::StrCat("the text has ", text->text.size(), " characters"));
      }
      return memory_.Put(place, text->text, size);
    }
    if (const PrefixBytes* prefix = std::get_if<PrefixBytes>(&value.kind)) {
      if (IsFlexible(place, type)) return WriteFlexibleBytes(place, type, prefix->bytes);
      return PutPrefix(memory_, place, prefix->bytes, size);
    }
    const List* list = std::get_if<List>(&value.kind);
    if (list == nullptr) return Mismatch(place, absl::StrCat(KindOf(value), " does not go into an array"));
    const bool is_flexible = IsFlexible(place, type);
    if (!is_flexible && list->size() > array->nelems) {
      return Mismatch(place, absl::StrCat("the list has ", list->size()));
    }
    size_t stride = SizeOf(element).value_or(0);
    if (is_flexible && (stride > kMaxType || !memory_.Grow(place.offset + list->size() * stride))) {
      return TooLong(place);
    }
    for (size_t i = 0; i < list->size(); ++i) {
      absl::Status status =
          Write({element, place.offset + i * stride, 0, 0, place.name}, (*list)[i], depth + 1);
      // The path is made only if it is needed: a million entries go through here.
      if (!status.ok()) return base::WithField(status, absl::StrCat("[", i, "]"));
    }
    return absl::OkStatus();
  }

  absl::Status WriteMembers(const Place& place, const StrippedType& type, const Value& value, int depth) {
    size_t size = SizeOf(place.type).value_or(0);
    if (const PrefixBytes* prefix = std::get_if<PrefixBytes>(&value.kind)) {
      if (!btf_is_datasec(type.type)) return PutPrefix(memory_, place, prefix->bytes, size);
    }
    const Fields* fields = std::get_if<Fields>(&value.kind);
    if (fields == nullptr) {
      return base::WithHint(Mismatch(place, absl::StrCat(KindOf(value), " does not go into it")),
                            absl::StrCat("name its members: ", common::NamesNear("", MemberNames(type))));
    }
    const std::vector<Member> members = MembersOf(type);
    std::vector<const Member*> given;
    for (const Field& field : *fields) {
      absl::Status status = WriteMember(place, type, members, given, field, depth);
      BPFRIG_RETURN_IF_ERROR(base::WithField(status, field.name));
    }
    return absl::OkStatus();
  }

  // `given` has the members that the value has named already.
  absl::Status WriteMember(const Place& place, const StrippedType& type, const std::vector<Member>& members,
                           std::vector<const Member*>& given, const Field& field, int depth) {
    const auto member = std::find_if(members.begin(), members.end(),
                                     [&](const Member& candidate) { return candidate.name == field.name; });
    if (member == members.end()) {
      return base::MakeError(base::Reason::kUnknownName,
                             absl::StrCat(TypeName(type.ref), " has no member \"", field.name, "\"; it has ",
                                          common::NamesNear(field.name, MemberNames(type))));
    }
    BPFRIG_RETURN_IF_ERROR(CheckApart(*member, given));
    given.push_back(&*member);
    Place at{member->type, place.offset + member->bit_offset / 8,
             static_cast<uint32_t>(member->bit_offset % 8), member->bitfield_bits, field.name};
    at.is_last = place.is_last && btf_is_struct(type.type) && &*member == &members.back();
    // A named variable is written whole, like every value; its neighbours stay.
    if (btf_is_datasec(type.type)) BPFRIG_RETURN_IF_ERROR(memory_.Clear(at, SizeOf(at.type).value_or(0)));
    return Write(at, field.value, depth + 1);
  }

  static uint64_t EndOf(const Member& member) {
    const uint64_t bits =
        member.bitfield_bits != 0 ? member.bitfield_bits : SizeOf(member.type).value_or(0) * 8;
    return member.bit_offset + bits;
  }

  // Whether the member lies beside those that were given: members of a union lie at the same bytes.
  static absl::Status CheckApart(const Member& member, const std::vector<const Member*>& given) {
    for (const Member* other : given) {
      if (other == &member) {
        return base::MakeError(base::Reason::kDuplicateName,
                               absl::StrCat("member \"", member.name, "\" is given twice"));
      }
      if (member.bit_offset >= EndOf(*other) || other->bit_offset >= EndOf(member)) continue;
      return base::WithHint(
          base::MakeError(base::Reason::kDuplicateName,
                          absl::StrCat("\"", other->name, "\" and \"", member.name,
                                       "\" are members of one union, which holds one at a time")),
          "name one of them");
    }
    return absl::OkStatus();
  }

  static std::vector<std::string> MemberNames(const StrippedType& type) {
    std::vector<std::string> names;
    for (const Member& member : MembersOf(type)) names.emplace_back(member.name);
    return names;
  }

  Memory& memory_;
};

// `may_grow`: past the type's size, by a flexible array at the end of a struct.
absl::Status EncodeOver(TypeRef type, const Value& value, bool may_grow, Memory& memory) {
  Place whole;
  whole.type = type;
  const StrippedType stripped = Strip(type);
  whole.is_last = may_grow && stripped.type != nullptr && btf_is_struct(stripped.type);
  return Encoder(memory).Write(whole, value);
}

std::string BigEndian(const NetworkInteger& number) {
  std::string bytes;
  for (uint32_t bit = number.bits; bit > 0; bit -= 8)
    bytes.push_back(static_cast<char>(number.value >> (bit - 8)));
  return bytes;
}

}  // namespace

absl::StatusOr<Encoded> Encode(TypeRef type, const Value& value) {
  BPFRIG_ASSIGN_OR_RETURN(size_t size, SizeOf(type));
  if (size > kMaxType) return BrokenBtf(type);
  Memory memory(std::string(size, '\0'));
  BPFRIG_RETURN_IF_ERROR(EncodeOver(type, value, true, memory));
  return std::move(memory).Take();
}

absl::Status EncodeInto(TypeRef type, const Value& value, std::string& bytes) {
  BPFRIG_ASSIGN_OR_RETURN(size_t size, SizeOf(type));
  if (bytes.size() != size) {
    return base::MakeError(base::Reason::kTypeMismatch,
                           absl::StrCat(TypeName(type), " has ", size, " bytes, the memory ", bytes.size()));
  }
  StrippedType stripped = Strip(type);
  bool keeps = btf_is_datasec(stripped.type);
  Memory memory(keeps ? bytes : std::string(size, '\0'));
  BPFRIG_RETURN_IF_ERROR(EncodeOver(type, value, false, memory));
  bytes = std::move(memory).Take().bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::string> BytesOf(const Value& value) {
  if (const RawBytes* raw = std::get_if<RawBytes>(&value.kind)) return raw->bytes;
  if (const PrefixBytes* prefix = std::get_if<PrefixBytes>(&value.kind)) return prefix->bytes;
  if (const Text* text = std::get_if<Text>(&value.kind)) return text->text;
  if (const NetworkInteger* number = std::get_if<NetworkInteger>(&value.kind)) {
    BPFRIG_RETURN_IF_ERROR(CheckNetworkInteger(*number));
    return BigEndian(*number);
  }
  return base::WithHint(
      base::MakeError(base::Reason::kTypeMismatch, absl::StrCat(KindOf(value), " has no bytes by itself")),
      "write !text, !hex, !ip, !be16, !be32, !be64 or !concat");
}

absl::StatusOr<Encoded> EncodeBySize(size_t size, const Value& value, absl::string_view what) {
  if (std::holds_alternative<Unsaid>(value.kind))
    return Encoded{std::string(size, '\0'), std::string(size, '\0')};
  auto mismatch = [&](absl::string_view cause) {
    return base::MakeError(base::Reason::kTypeMismatch, absl::StrCat(what, " has ", size, " bytes; ", cause));
  };
  std::string bytes;
  const uint64_t* number = std::get_if<uint64_t>(&value.kind);
  const int64_t* negative = std::get_if<int64_t>(&value.kind);
  if (number != nullptr || negative != nullptr) {
    if (size != 1 && size != 2 && size != 4 && size != 8) return mismatch("a number cannot have that size");
    uint64_t word = number != nullptr ? *number : static_cast<uint64_t>(*negative);
    uint32_t bits = static_cast<uint32_t>(size) * 8;
    bool fits = number != nullptr ? FitsUnsigned(word, bits) : FitsSigned(*negative, bits);
    if (!fits) {
      return base::MakeError(base::Reason::kOutOfRange,
                             absl::StrCat(what, " has ", size, " bytes; the number does not fit"));
    }
    bytes.assign(reinterpret_cast<const char*>(&word), size);
  } else {
    BPFRIG_ASSIGN_OR_RETURN(bytes, BytesOf(value));
    bool exact = std::holds_alternative<RawBytes>(value.kind);
    if (bytes.size() > size || (exact && bytes.size() != size)) {
      return mismatch(absl::StrCat("the value has ", bytes.size()));
    }
    bytes.resize(size, '\0');
  }
  return Encoded{std::move(bytes), std::string(size, '\xff')};
}

}  // namespace bpfrig::kernel_bpf

// Types of real objects, as this project's compiler writes them: what BTF lacks is in DWARF, and what both
// have they say alike.
#include "daemon/kernel_bpf/btf/object_types.h"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/read_file.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/debug_sections.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/dwarf_to_btf.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

std::string Object(const std::string& path) {
  return common::ReadFile(absl::StrCat(BPFRIG_OBJECTS, "/", path), size_t{1} << 24).value();
}

// The same without DWARF: a section by another name is none that anybody looks for.
std::string Stripped(std::string elf) {
  for (size_t at = 0; (at = elf.find(".debug_", at)) != std::string::npos; ++at) elf[at + 1] = 'x';
  return elf;
}

TEST(ObjectTypesTest, FindsWhatBtfLacksInDwarf) {
  const std::string elf = Object("tests/objects/sizes_only.bpf.o");
  const ObjectTypes types = ObjectTypes::FromElf(elf).value();
  const TypeRef key = types.Find("backend_value").value();
  EXPECT_EQ(SizeOf(key).value(), 80U);
  const Value value = FieldsOf({{"waypoint_port", Network(32, 15006)}, {"service", ListOf({Unsigned(1)})}});
  const Encoded encoded = Encode(key, value).value();
  EXPECT_EQ(encoded.bytes.substr(76), std::string("\0\0\x3a\x9e", 4));
  EXPECT_EQ(SizeOf(types.Find("struct ip_addr").value()).value(), 16U);
  EXPECT_EQ(DetailOf(types.Find("backend_valeu").status()).reason, Reason::kUnknownName);
  EXPECT_THAT(std::string(types.Find("backend_valeu").status().message()),
              HasSubstr("in its BTF or its DWARF; it has backend_value"));
}

TEST(ObjectTypesTest, SaysWhatWasStrippedAndWhatToKeep) {
  const std::string elf = Stripped(Object("tests/objects/sizes_only.bpf.o"));
  const absl::Status missing = ObjectTypes::FromElf(elf).value().Find("backend_value").status();
  EXPECT_EQ(DetailOf(missing).reason, Reason::kUnknownName);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("in its BTF, and no DWARF"));
  EXPECT_THAT(DetailOf(missing).hint, HasSubstr("-no-strip"));
}

TEST(ObjectTypesTest, NeverGivesAnEnumWhoseValuesWereCut) {
  const std::string elf = Object("tests/objects/odd_values.bpf.o");
  const ObjectTypes types = ObjectTypes::FromElf(elf).value();
  uint64_t value = 0;
  ASSERT_TRUE(FindEnumerator(types.Find("wide").value(), "WIDE_LARGE", value));
  EXPECT_EQ(value, 0x123456789abcU);
  const TypeRef odd = types.Find("odd").value();
  const Encoded encoded = Encode(odd, FieldsOf({{"wide", TextOf("WIDE_LARGE")}})).value();
  EXPECT_EQ(encoded.bytes.substr(16, 8), std::string("\xbc\x9a\x78\x56\x34\x12\0\0", 8));

  const ObjectTypes stripped = ObjectTypes::FromElf(Stripped(elf)).value();
  const TypeRef in_btf = stripped.Find("odd").value();
  const bool was_cut = IsCutEnum(Strip(stripped.Find("wide").value()).type);
  const absl::Status status = Encode(in_btf, FieldsOf({{"wide", TextOf("WIDE_LARGE")}})).status();
  EXPECT_EQ(status.ok(), !was_cut) << status;
}

// A difference between two types that should be the same; empty if there is none.
class Comparison {
 public:
  std::string Compare(TypeRef left_ref, TypeRef right_ref, int depth = 0) {
    const StrippedType left = Strip(left_ref);
    const StrippedType right = Strip(right_ref);
    const std::string name = TypeName(left.ref);
    if (left.type == nullptr || right.type == nullptr) return name + " is broken";
    if (!seen_.insert({left.ref.id, right.ref.id}).second || depth > kMaxNesting) return "";
    // A pointer's target may be declared alone in BTF.
    if (btf_is_fwd(left.type) || btf_is_fwd(right.type)) return "";
    const bool enums = btf_is_any_enum(left.type) && btf_is_any_enum(right.type);
    if (!enums && btf_kind(left.type) != btf_kind(right.type)) return name + " is of another kind";
    if (SizeOf(left.ref).value_or(0) != SizeOf(right.ref).value_or(0)) return name + " has another size";
    if (btf_is_int(left.type)) return CompareIntegers(left, right);
    if (enums) return CompareEnums(left, right);
    if (btf_is_array(left.type)) {
      const struct btf_array* elements[] = {btf_array(left.type), btf_array(right.type)};
      if (elements[0]->nelems != elements[1]->nelems) return name + " has other elements";
      return Compare({left.ref.btf, elements[0]->type}, {right.ref.btf, elements[1]->type}, depth + 1);
    }
    return btf_is_composite(left.type) ? CompareMembers(left, right, depth) : "";
  }

 private:
  static std::string CompareIntegers(const StrippedType& left, const StrippedType& right) {
    const bool same = btf_int_encoding(left.type) == btf_int_encoding(right.type) &&
                      NameOf(left.ref.btf, left.type) == NameOf(right.ref.btf, right.type);
    return same ? "" : absl::StrCat(TypeName(left.ref), " is encoded otherwise");
  }

  static std::string CompareEnums(const StrippedType& left, const StrippedType& right) {
    if (IsCutEnum(left.type)) return "";
    if (EnumeratorNames(left.ref) != EnumeratorNames(right.ref))
      return TypeName(left.ref) + " has other words";
    for (const std::string& word : EnumeratorNames(left.ref)) {
      uint64_t values[2] = {0, 1};
      const bool found =
          FindEnumerator(left.ref, word, values[0]) && FindEnumerator(right.ref, word, values[1]);
      if (!found || values[0] != values[1]) return absl::StrCat(word, " is ", values[0], " or ", values[1]);
    }
    return "";
  }

  std::string CompareMembers(const StrippedType& left, const StrippedType& right, int depth) {
    const std::vector<Member> lefts = MembersOf(left);
    const std::vector<Member> rights = MembersOf(right);
    if (lefts.size() != rights.size()) return TypeName(left.ref) + " has other members";
    for (size_t i = 0; i < lefts.size(); ++i) {
      if (lefts[i].name != rights[i].name || lefts[i].bit_offset != rights[i].bit_offset ||
          lefts[i].bitfield_bits != rights[i].bitfield_bits) {
        return absl::StrCat(TypeName(left.ref), ".", lefts[i].name, " lies elsewhere");
      }
      const std::string inner = Compare(lefts[i].type, rights[i].type, depth + 1);
      if (!inner.empty()) return absl::StrCat(TypeName(left.ref), ".", lefts[i].name, ": ", inner);
    }
    return "";
  }

  std::set<std::pair<uint32_t, uint32_t>> seen_;
};

TEST(ObjectTypesTest, BtfAndDwarfAgreeOnEveryTypeThatBothHave) {
  size_t objects = 0;
  size_t compared = 0;
  for (const char* folder : {"bpf", "bpf/sockets", "tests/objects", "tests/objects/by_size"}) {
    for (const auto& file : std::filesystem::directory_iterator(absl::StrCat(BPFRIG_OBJECTS, "/", folder))) {
      const std::string path = file.path();
      if (!absl::EndsWith(path, ".bpf.o")) continue;
      SCOPED_TRACE(path);
      const std::string elf = common::ReadFile(path, size_t{1} << 24).value();
      const absl::StatusOr<BtfTypes> btf = BtfTypes::FromElf(elf);
      const absl::StatusOr<std::string> sections = DebugSections(elf);
      ASSERT_TRUE(sections.ok()) << sections.status();
      if (!btf.ok() || sections->empty()) continue;
      const absl::StatusOr<BtfTypes> dwarf = DwarfToBtf(*sections);
      ASSERT_TRUE(dwarf.ok()) << dwarf.status();
      ++objects;
      for (const std::string& name : btf->types().Names()) {
        const absl::StatusOr<TypeRef> left = btf->types().Find(name);
        const absl::StatusOr<TypeRef> right = dwarf->types().Find(name);
        if (!left.ok() || !right.ok()) continue;
        ++compared;
        EXPECT_EQ(Comparison().Compare(*left, *right), "");
      }
    }
  }
  EXPECT_GE(objects, 10U);
  EXPECT_GT(compared, 200U);
}

// Whatever the bytes are: an answer, and no crash. The fuzz target `dwarf` goes on from here.
TEST(ObjectTypesTest, SurvivesMutatedDwarf) {
  const std::string elf = Object("tests/objects/odd_values.bpf.o");
  const std::string image = DebugSections(elf).value();
  std::mt19937 random(20240229);
  size_t read = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string mutated = image;
    // Behind our own header, and before the names and headers of the sections.
    for (int changes = 1 + round % 4; changes > 0; --changes) {
      mutated[64 + random() % (image.size() - 64 - 1024)] = static_cast<char>(random());
    }
    const absl::StatusOr<BtfTypes> types = DwarfToBtf(mutated);
    if (!types.ok()) continue;
    ++read;
    for (const char* name : {"odd", "line", "hits"}) {
      const absl::StatusOr<TypeRef> type = types->types().Find(name);
      if (!type.ok() || SizeOf(*type).value_or(0) > 65536) continue;
      (void)Decode(*type, std::string(SizeOf(*type).value_or(0) + 8, 'x'));
    }
  }
  EXPECT_GT(read, 100U);
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

#include "daemon/kernel_bpf/object/legacy_maps.h"

#include <bpf/btf.h>
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstring>
#include <functional>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/check_btf.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/object/elf_image.h"
#include "daemon/kernel_bpf/object/elf_symbols.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<uint32_t>;

template <typename T>
std::string BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// A file with nothing but a section of names, which is also that of its symbols.
std::string BareElf() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_REL;
  header.e_machine = EM_BPF;
  header.e_shoff = sizeof(header);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 2;
  header.e_shstrndx = 1;
  Elf64_Shdr names{};
  names.sh_type = SHT_STRTAB;
  return BytesOf(header) + BytesOf(Elf64_Shdr{}) + BytesOf(names);
}

std::string SectionOf(const Words& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint32_t)};
}

// An object in the making. Sections have the numbers from 2 on.
class TestElf {
 public:
  size_t AddSection(const std::string& name, const std::string& bytes) {
    sections_.emplace_back(name, bytes);
    return sections_.size() + 1;
  }
  void AddSymbol(const std::string& name, size_t section, uint64_t offset, uint64_t size,
                 uint8_t type = STT_OBJECT) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<uint32_t>(names_.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, type);
    symbol.st_shndx = static_cast<uint16_t>(section);
    symbol.st_value = offset;
    symbol.st_size = size;
    names_ += name + '\0';
    symbols_ += BytesOf(symbol);
  }
  [[nodiscard]] std::string Write() const {
    const std::string bare = BareElf();
    ElfImage image = ElfImage::Read(bare).value();
    image.SetBytes(1, names_);
    for (const auto& [name, bytes] : sections_) image.Add(name, bytes);
    const size_t table = image.Add(".symtab", symbols_);
    std::string elf = image.Write();
    // What Add makes is program data.
    Elf64_Ehdr header;
    std::memcpy(&header, elf.data(), sizeof(header));
    Elf64_Shdr symtab;
    char* place = elf.data() + header.e_shoff + table * sizeof(symtab);
    std::memcpy(&symtab, place, sizeof(symtab));
    symtab.sh_type = SHT_SYMTAB;
    symtab.sh_link = 1;
    std::memcpy(place, &symtab, sizeof(symtab));
    return elf;
  }

 private:
  std::string names_ = std::string(1, '\0');
  std::string symbols_ = BytesOf(Elf64_Sym{});
  std::vector<std::pair<std::string, std::string>> sections_;
};

// What became of an object.
struct Modern {
  std::string elf;
  std::optional<BtfTypes> types;

  [[nodiscard]] const struct btf* btf() const { return types->types().get(); }
  [[nodiscard]] std::vector<std::string> Maps() const {
    std::vector<std::string> names;
    for (const Member& map : MembersOf(Strip(types->types().Find(".maps").value()))) {
      names.emplace_back(map.name);
    }
    return names;
  }
  // What `member` of a map's declaration is: a number by the way of __uint, or a type's name.
  [[nodiscard]] std::string Said(const std::string& name, const std::string& member) const {
    for (const Member& map : MembersOf(Strip(types->types().Find(".maps").value()))) {
      if (map.name != name) continue;
      const struct btf_type* variable = btf__type_by_id(btf(), map.type.id);
      const uint32_t id = btf_is_var(variable) ? variable->type : map.type.id;
      for (const Member& said : MembersOf(Strip({btf(), id}))) {
        if (said.name == member) return Value(said.type.id);
      }
    }
    return "nothing";
  }

 private:
  [[nodiscard]] std::string Value(uint32_t id) const {
    const struct btf_type* type = btf__type_by_id(btf(), id);
    if (btf_is_array(type)) return TypeName({btf(), btf_array(type)->type});
    const struct btf_type* target = btf__type_by_id(btf(), type->type);
    if (btf_is_array(target)) return std::to_string(btf_array(target)->nelems);
    return TypeName({btf(), type->type});
  }
};

Modern Modernise(const TestElf& elf) {
  const std::string bytes = elf.Write();
  EXPECT_TRUE(CheckBpfElf(bytes).ok());
  auto modern = ModerniseMaps(bytes);
  if (!modern.ok() || !modern->has_value()) {
    ADD_FAILURE() << modern.status();
    return {};
  }
  absl::StatusOr<BtfTypes> types = BtfTypes::FromElf((*modern)->elf);
  EXPECT_TRUE(types.ok()) << types.status();
  Modern result{std::move((*modern)->elf), std::nullopt};
  if (types.ok()) result.types.emplace(*std::move(types));
  return result;
}

absl::Status Refused(const TestElf& elf) {
  const absl::Status status = ModerniseMaps(elf.Write()).status();
  EXPECT_FALSE(status.ok());
  return status;
}

constexpr uint32_t kHash = BPF_MAP_TYPE_HASH;

TEST(LegacyMapsTest, LeavesAnObjectWithoutThemAlone) {
  TestElf elf;
  elf.AddSymbol("m", elf.AddSection(".maps", "12345678"), 0, 8);
  const std::string bytes = elf.Write();
  EXPECT_FALSE(ModerniseMaps(bytes).value().has_value());
}

TEST(LegacyMapsTest, DeclaresMapsWhereTheirSymbolsAre) {
  TestElf elf;
  const size_t maps = elf.AddSection("maps", SectionOf({kHash, 4, 8, 16, 1, kHash, 16, 80, 0xffffffff, 0}));
  elf.AddSymbol("second", maps, 20, 20);
  elf.AddSymbol("first", maps, 0, 20);
  const Modern modern = Modernise(elf);
  EXPECT_THAT(modern.Maps(), ElementsAre("first", "second"));
  EXPECT_EQ(modern.Said("first", "type"), "1");
  EXPECT_EQ(modern.Said("first", "key_size"), "4");
  EXPECT_EQ(modern.Said("first", "value_size"), "8");
  EXPECT_EQ(modern.Said("first", "max_entries"), "16");
  EXPECT_EQ(modern.Said("first", "map_flags"), "1");
  EXPECT_EQ(modern.Said("first", "pinning"), "nothing");
  EXPECT_EQ(modern.Said("second", "max_entries"), "4294967295");
  const ElfImage image = ElfImage::Read(modern.elf).value();
  EXPECT_FALSE(image.Find("maps").has_value());
  const ElfSymbols symbols = ElfSymbols::Read(image).value();
  ASSERT_EQ(symbols.size(), 3U);
  EXPECT_EQ(symbols.Name(1), "second");
  EXPECT_EQ(symbols[1].st_shndx, image.Find(".maps").value());
  EXPECT_EQ(symbols[1].st_value, 64U);
  EXPECT_EQ(symbols[2].st_value, 0U);
  EXPECT_EQ(image.Bytes(*image.Find(".maps")).size(), 128U);
}

TEST(LegacyMapsTest, TakesDefinitionsWithoutFlagsAndSymbolsWithoutSizes) {
  TestElf elf;
  const size_t maps = elf.AddSection("maps", SectionOf({kHash, 4, 8, 16, kHash, 4, 8, 32}));
  elf.AddSymbol("first", maps, 0, 0, STT_NOTYPE);
  elf.AddSymbol("second", maps, 16, 0, STT_NOTYPE);
  const Modern modern = Modernise(elf);
  EXPECT_EQ(modern.Said("first", "map_flags"), "0");
  EXPECT_EQ(modern.Said("second", "max_entries"), "32");
}

TEST(LegacyMapsTest, TakesASectionForEachMap) {
  TestElf elf;
  elf.AddSymbol("a", elf.AddSection("maps/a", SectionOf({kHash, 1, 1, 1, 0})), 0, 20);
  elf.AddSymbol("b", elf.AddSection("maps/b", SectionOf({kHash, 2, 2, 2, 0})), 0, 20);
  EXPECT_THAT(Modernise(elf).Maps(), ElementsAre("a", "b"));
}

TEST(LegacyMapsTest, KnowsIproutesPinningAndInnerMaps) {
  TestElf elf;
  const size_t maps =
      elf.AddSection("maps", SectionOf({BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2, 0, 0, 2, 7, 0,  //
                                        BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, 7, 1, 0, 0}));
  elf.AddSymbol("outer", maps, 0, 36);
  elf.AddSymbol("inner", maps, 36, 36);
  const Modern modern = Modernise(elf);
  EXPECT_EQ(modern.Said("outer", "pinning"), "1");
  EXPECT_EQ(modern.Said("outer", "values"), "pointer to anonymous struct");
  EXPECT_EQ(modern.Said("inner", "pinning"), "1");
  EXPECT_EQ(modern.Said("inner", "values"), "nothing");
}

TEST(LegacyMapsTest, RefusesInnerMapsThatAreNone) {
  for (const auto& [inner_id, why] :
       std::vector<std::pair<uint32_t, const char*>>{{8, "the id of no map"}, {7, "a map of maps itself"}}) {
    TestElf elf;
    elf.AddSymbol(
        "outer",
        elf.AddSection("maps", SectionOf({BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 2, 0, 7, 0, inner_id, 0})), 0, 36);
    EXPECT_THAT(std::string(Refused(elf).message()), HasSubstr(why));
  }
}

class LegacyMapsWithTypesTest : public testing::Test {
 protected:
  LegacyMapsWithTypesTest() {
    const int number = btf__add_int(btf_, "int", 4, BTF_INT_SIGNED);
    btf__add_struct(btf_, "count", 8);
    btf__add_field(btf_, "packets", number, 0, 0);
    btf__add_field(btf_, "bytes", number, 32, 0);
    // What BPF_ANNOTATE_KV_PAIR(m, int, struct count) defines.
    btf__add_struct(btf_, "____btf_map_m", 12);
    btf__add_field(btf_, "key", number, 0, 0);
    btf__add_field(btf_, "value", 2, 32, 0);
    const int old = btf__add_var(btf_, "m", BTF_VAR_GLOBAL_ALLOCATED, number);
    btf__add_datasec(btf_, "maps", 0);
    btf__add_datasec_var_info(btf_, old, 0, 20);
    const int modern = btf__add_var(btf_, "there_already", BTF_VAR_GLOBAL_ALLOCATED, 2);
    btf__add_datasec(btf_, ".maps", 0);
    btf__add_datasec_var_info(btf_, modern, 0, 32);
  }
  [[nodiscard]] std::string Btf() const {
    uint32_t size = 0;
    const void* bytes = btf__raw_data(btf_, &size);
    return {static_cast<const char*>(bytes), size};
  }

  BtfTypes types_{btf__new_empty()};
  struct btf* btf_ = const_cast<struct btf*>(types_.types().get());
};

TEST_F(LegacyMapsWithTypesTest, TakesTheTypesOfAnAnnotation) {
  TestElf elf;
  elf.AddSymbol("m", elf.AddSection("maps", SectionOf({kHash, 4, 8, 16, 0})), 0, 20);
  elf.AddSymbol("there_already", elf.AddSection(".maps", std::string(36, 'x')), 4, 32);
  elf.AddSection(".BTF", Btf());
  const Modern modern = Modernise(elf);
  EXPECT_EQ(modern.Said("m", "key"), "int");
  EXPECT_EQ(modern.Said("m", "value"), "struct count");
  EXPECT_EQ(modern.Said("m", "key_size"), "nothing");
  EXPECT_THAT(modern.Maps(), ElementsAre("there_already", "m"));
  const ElfSymbols symbols = ElfSymbols::Read(ElfImage::Read(modern.elf).value()).value();
  EXPECT_EQ(symbols[1].st_value, 40U) << "behind the map that was there already";
  EXPECT_EQ(symbols[2].st_value, 4U);
  EXPECT_FALSE(modern.types->types().Find("maps").ok()) << "libbpf would look for a section of that name";
}

TEST_F(LegacyMapsWithTypesTest, RefusesAnAnnotationOfAnotherSize) {
  TestElf elf;
  elf.AddSymbol("m", elf.AddSection("maps", SectionOf({kHash, 4, 16, 16, 0})), 0, 20);
  elf.AddSymbol("there_already", elf.AddSection(".maps", std::string(32, 'x')), 0, 32);
  elf.AddSection(".BTF", Btf());
  const absl::Status status = Refused(elf);
  EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kTypeMismatch);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("map \"m\" has a value_size of 16, and struct count, the type that "
                        "BPF_ANNOTATE_KV_PAIR gives its value, has 8 bytes"));
}

TEST_F(LegacyMapsWithTypesTest, RefusesAMapOfMapsSectionWithoutASymbol) {
  TestElf elf;
  elf.AddSymbol("m", elf.AddSection("maps", SectionOf({kHash, 4, 8, 16, 0})), 0, 20);
  elf.AddSection(".BTF", Btf());
  EXPECT_THAT(std::string(Refused(elf).message()),
              HasSubstr("\"there_already\" of section .maps has no symbol"));
}

TEST(LegacyMapsTest, RefusesDefinitionsThatAreNone) {
  struct {
    Words words;
    uint64_t offset;
    uint64_t size;
    const char* why;
  } cases[] = {
      {{kHash, 4, 8}, 0, 12, "has 12 bytes, and a definition at least 16"},
      {{0, 4, 8, 16, 0}, 0, 20, "has no type"},
      {{kHash, 4, 8, 16, 0}, 4, 20, "lies outside of it"},
      {{kHash, 4, 8, 16, 0}, 21, 4, "lies outside of it"},
      {{kHash, 4, 8, 16, 0}, UINT64_MAX - 4, 20, "lies outside of it"},
      {{kHash, 4, 8, 16, 0}, 0, UINT64_MAX, "lies outside of it"},
      {{kHash, 4, 8, 16, 0, 1}, 0, 24, "which no known loader has"},
      {{kHash, 4, 8, 16, 0, 0, 3}, 0, 28, "has 3 for its pinning"},
  };
  for (const auto& bad : cases) {
    SCOPED_TRACE(bad.why);
    TestElf elf;
    elf.AddSymbol("m", elf.AddSection("maps", SectionOf(bad.words)), bad.offset, bad.size);
    const absl::Status status = Refused(elf);
    EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kBadObject);
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.why));
    EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("struct bpf_map_def"));
  }
}

TEST(LegacyMapsTest, RefusesMapsThatOverlapAndNamesThatAreNone) {
  TestElf overlapping;
  const size_t maps = overlapping.AddSection("maps", SectionOf(Words(20, 1)));
  overlapping.AddSymbol("a", maps, 0, 20);
  overlapping.AddSymbol("b", maps, 16, 20);
  EXPECT_THAT(std::string(Refused(overlapping).message()), HasSubstr("\"a\" in section maps reaches into"));
  TestElf misnamed;
  misnamed.AddSymbol("../x", misnamed.AddSection("maps", SectionOf(Words(5, 1))), 0, 20);
  EXPECT_THAT(std::string(Refused(misnamed).message()), HasSubstr("other characters"));
  TestElf nameless;
  nameless.AddSection("maps", SectionOf(Words(5, 1)));
  EXPECT_THAT(std::string(Refused(nameless).message()), HasSubstr("has no symbol"));
}

// Each of these would take minutes if it took a look at all that the others have as well.
TEST(LegacyMapsTest, TakesNoLongerForThousandsOfSections) {
  constexpr size_t kSections = 60'000;
  TestElf elf;
  elf.AddSymbol("m", elf.AddSection("maps", SectionOf({kHash, 4, 8, 16, 0})), 0, 20);
  for (size_t i = 0; i < kSections; ++i) elf.AddSection("maps/", "");
  elf.AddSymbol(std::string(size_t{1} << 20, 'x'), 0, 0, 0);
  EXPECT_THAT(Modernise(elf).Maps(), ElementsAre("m"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

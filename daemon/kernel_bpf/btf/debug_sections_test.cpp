// DWARF that nobody's compiler writes. Each file is also where the fuzz target `dwarf` begins.
#include "daemon/kernel_bpf/btf/debug_sections.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/read_file.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/dwarf_to_btf.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

std::string File(const std::string& name) {
  return common::ReadFile(absl::StrCat(BPFRIG_DWARF_CORPUS, "/", name), size_t{1} << 20).value();
}

absl::StatusOr<BtfTypes> TypesOf(const std::string& elf) {
  const absl::StatusOr<std::string> sections = DebugSections(elf);
  return sections.ok() ? DwarfToBtf(*sections) : absl::StatusOr<BtfTypes>(sections.status());
}

void ExpectRefused(const std::string& name, Reason reason, const std::string& part) {
  const absl::Status status = TypesOf(File(name)).status();
  EXPECT_EQ(DetailOf(status).reason, reason) << name << ": " << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(part)) << name;
}

TEST(DebugSectionsTest, RefusesWhatWouldNotEnd) {
  // libdw itself follows nothing that leads back.
  EXPECT_TRUE(TypesOf(File("sibling_leads_back")).ok());
  ExpectRefused("typedef_of_itself", Reason::kBadObject, "made of itself");
  ExpectRefused("array_of_itself", Reason::kBadObject, "made of itself");
  ExpectRefused("attributes_without_bytes", Reason::kLimitReached, "more attributes");
}

TEST(DebugSectionsTest, ReadsTypesAsFarAsTheyAreNested) {
  EXPECT_TRUE(TypesOf(File("nested_deep"))->types().Find("a").ok());
}

TEST(DebugSectionsTest, LeavesOutMembersThatLieOutside) {
  const absl::StatusOr<BtfTypes> types = TypesOf(File("members_overlap"));
  ASSERT_TRUE(types.ok()) << types.status();
  std::vector<std::string> names;
  for (const Member& member : MembersOf(Strip(types->types().Find("s").value()))) {
    names.emplace_back(member.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("a", "b", "c"));
}

// Every version of DWARF that compilers still write, and one type in all of them.
TEST(DebugSectionsTest, ReadsAllVersionsAlike) {
  for (const char* version : {"dwarf2", "dwarf4", "dwarf5"}) {
    SCOPED_TRACE(version);
    const absl::StatusOr<BtfTypes> types = TypesOf(File(version));
    ASSERT_TRUE(types.ok()) << types.status();
    const TypeRef type = types->types().Find("s_t").value();
    std::string shape;
    for (const Member& member : MembersOf(Strip(type))) {
      absl::StrAppend(&shape, member.name, "@", member.bit_offset, ":", member.bitfield_bits, " ");
    }
    EXPECT_EQ(shape, "a@0:3 b@64:0 t@128:0 next@192:0 e@256:0 w@320:0 x@384:0 f@384:0 tail@416:0 ");
    EXPECT_TRUE(HasFlexibleEnd(type));
    uint64_t value = 0;
    ASSERT_TRUE(FindEnumerator(types->types().Find("e").value(), "A", value));
    EXPECT_EQ(value, ~uint64_t{0});
    ASSERT_TRUE(FindEnumerator(types->types().Find("w").value(), "W", value));
    EXPECT_EQ(value, 0x123456789aU);
  }
}

// Sets a flag of every section.
std::string WithFlag(std::string elf, uint64_t flag) {
  Elf64_Ehdr file;
  std::memcpy(&file, elf.data(), sizeof(file));
  for (size_t i = 0; i < file.e_shnum; ++i) {
    char* const at = elf.data() + file.e_shoff + i * sizeof(Elf64_Shdr);
    Elf64_Shdr section;
    std::memcpy(&section, at, sizeof(section));
    section.sh_flags |= flag;
    std::memcpy(at, &section, sizeof(section));
  }
  return elf;
}

TEST(DebugSectionsTest, DoesNotDecompress) {
  const absl::Status status = DebugSections(WithFlag(File("dwarf5"), SHF_COMPRESSED)).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnsupported) << status;
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

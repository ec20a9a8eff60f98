#include "daemon/kernel_bpf/btf/btf_ext.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::HasSubstr;
using Words = std::vector<uint32_t>;

constexpr uint32_t kMagicAndVersion = 0x1eb9f;
constexpr uint32_t kHeaderBytes = 32;

std::string Bytes(const Words& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint32_t)};
}

// A section with one kind of records behind the other.
std::string MakeExt(const Words& functions, const Words& lines, const Words& relocations) {
  const auto size = [](const Words& words) { return static_cast<uint32_t>(words.size() * 4); };
  const Words header = {kMagicAndVersion,
                        kHeaderBytes,
                        0,
                        size(functions),
                        size(functions),
                        size(lines),
                        size(functions) + size(lines),
                        size(relocations)};
  return Bytes(header) + Bytes(functions) + Bytes(lines) + Bytes(relocations);
}

const Words kFunctions = {8, 5, 1, 0, 3};
const Words kLines = {16, 5, 2, 0, 7, 9, 12 << 10 | 3, 24, 7, 10, 1023 << 10 | 1023};
const Words kRelocations = {16, 6, 1, 16, 1, 2, 0};

std::string ErrorOf(const std::string& section) {
  const absl::StatusOr<BtfExt> ext = BtfExt::Read(section);
  EXPECT_FALSE(ext.ok());
  EXPECT_EQ(base::DetailOf(ext.status()).reason, base::Reason::kBadObject);
  return std::string(ext.status().message());
}

TEST(BtfExtTest, ReadsLinesAndRelocations) {
  const BtfExt ext = BtfExt::Read(MakeExt(kFunctions, kLines, kRelocations)).value();
  ASSERT_EQ(ext.lines.size(), 1U);
  EXPECT_EQ(ext.lines[0].section_name, 5U);
  ASSERT_EQ(ext.lines[0].records.size(), 2U);
  const LineRecord& first = ext.lines[0].records[0];
  EXPECT_EQ(first.instruction, 0U);
  EXPECT_EQ(first.file, 7U);
  EXPECT_EQ(first.text, 9U);
  EXPECT_EQ(first.line, 12U);
  EXPECT_EQ(first.column, 3U);
  EXPECT_EQ(ext.lines[0].records[1].instruction, 3U);
  EXPECT_EQ(ext.lines[0].records[1].line, 1023U);
  ASSERT_EQ(ext.relocations.size(), 1U);
  EXPECT_EQ(ext.relocations[0].section_name, 6U);
  EXPECT_EQ(ext.relocations[0].records.at(0).instruction, 2U);
}

TEST(BtfExtTest, ReadsSeveralSectionsAndLongerRecords) {
  const Words lines = {20, 5, 1, 0, 1, 2, 3 << 10, 99, 6, 1, 8, 1, 2, 4 << 10, 99};
  const BtfExt ext = BtfExt::Read(MakeExt({}, lines, {})).value();
  ASSERT_EQ(ext.lines.size(), 2U);
  EXPECT_EQ(ext.lines[0].records.at(0).line, 3U);
  EXPECT_EQ(ext.lines[1].section_name, 6U);
  EXPECT_EQ(ext.lines[1].records.at(0).instruction, 1U);
  EXPECT_EQ(ext.lines[1].records.at(0).line, 4U);
}

// The first compilers had no CO-RE.
TEST(BtfExtTest, TakesAHeaderThatEndsBeforeRelocations) {
  const Words header = {kMagicAndVersion, 24, 0, 0, 0, static_cast<uint32_t>(kLines.size() * 4)};
  const BtfExt ext = BtfExt::Read(Bytes(header) + Bytes(kLines)).value();
  EXPECT_EQ(ext.lines.size(), 1U);
  EXPECT_TRUE(ext.relocations.empty());
}

TEST(BtfExtTest, HasNothingIfThereIsNothing) {
  EXPECT_TRUE(BtfExt::Read("").value().lines.empty());
  EXPECT_TRUE(BtfExt::Read(MakeExt({}, {}, {})).value().lines.empty());
}

TEST(BtfExtTest, RefusesWhatIsCutShort) {
  const std::string whole = MakeExt(kFunctions, kLines, kRelocations);
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(BtfExt::Read(whole.substr(0, size)).ok()) << size;
  }
}

TEST(BtfExtTest, RefusesNumbersThatCannotBe) {
  std::string wrong_magic = MakeExt({}, kLines, {});
  wrong_magic[0] = 0;
  EXPECT_THAT(ErrorOf(wrong_magic), HasSubstr("no header"));
  EXPECT_THAT(ErrorOf(MakeExt({}, {0, 5, 1, 0, 0, 0, 0}, {})), HasSubstr("records have 0 bytes"));
  EXPECT_THAT(ErrorOf(MakeExt({}, {12, 5, 1, 0, 0, 0}, {})), HasSubstr("records have 12 bytes"));
  EXPECT_THAT(ErrorOf(MakeExt({}, {16, 5, 0x10000001, 0, 0, 0, 0}, {})), HasSubstr("fewer records"));
  EXPECT_THAT(ErrorOf(MakeExt({}, {16, 5}, {})), HasSubstr("cut short"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

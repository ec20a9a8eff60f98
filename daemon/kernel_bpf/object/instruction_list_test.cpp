// Lines of whole objects, without a kernel: against llvm-objdump, which reads them from DWARF.
#include "daemon/kernel_bpf/object/instruction_list.h"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/read_file.h"
#include "daemon/kernel_bpf/btf/btf_types.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr size_t kMaxObjectBytes = 1 << 20;

// "file:line" of each instruction of a section, by its index there.
using Places = std::map<uint32_t, std::string>;

struct ReadObject {
  ObjectCode code;
  BtfTypes types;
};

ReadObject Read(const std::string& path) {
  const std::string elf = common::ReadFile(path, kMaxObjectBytes).value();
  return {ObjectCode::Read(elf).value(), BtfTypes::FromElf(elf).value()};
}

std::string Output(const std::string& command) {
  std::string output;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 4096> part{};
  while (size_t size = std::fread(part.data(), 1, part.size(), pipe.get())) output.append(part.data(), size);
  return output;
}

// By section, as the disassembler prints it: a line with the place, and then instructions until the next.
std::map<std::string, Places> PlacesByDisassembler(const std::string& path) {
  std::map<std::string, Places> sections;
  Places* places = nullptr;
  std::string place;
  for (absl::string_view line : absl::StrSplit(Output(absl::StrCat(BPFRIG_OBJDUMP " -d -l ", path)), '\n')) {
    if (absl::ConsumePrefix(&line, "Disassembly of section ")) {
      places = &sections[std::string(absl::StripSuffix(line, ":"))];
    } else if (absl::ConsumePrefix(&line, "; /")) {
      place = absl::StrCat("/", line);
    } else if (const size_t colon = line.find(':'); places != nullptr && colon != absl::string_view::npos) {
      uint32_t index = 0;
      if (absl::SimpleAtoi(line.substr(0, colon), &index)) (*places)[index] = place;
    }
  }
  return sections;
}

// How lines of a function by its list and by the disassembler agree.
struct Agreement {
  // Instructions with which a line begins, and those to which it holds on.
  size_t begin = 0;
  size_t go_on = 0;
  // Of the latter, those of which the disassembler says something else: instructions without a line of their
  // own hold on to the last one, and the two do not always have the same. An empty asm is one for DWARF
  // alone.
  size_t differ = 0;
};

void Compare(const InstructionList& list, const CodeFunction& function, const Places& expected,
             Agreement& agreement) {
  for (size_t i = 0; i < list.lines.size(); ++i) {
    const SourceLine& line = list.lines[i];
    if (line.line == 0) continue;
    const std::string place = absl::StrCat(line.file, ":", line.line);
    const uint32_t end = i + 1 < list.lines.size() ? list.lines[i + 1].instruction : function.count;
    for (uint32_t index = line.instruction; index < end; ++index) {
      const auto found = expected.find(function.first + index);
      if (found == expected.end()) continue;  // the second half of a long one
      if (index == line.instruction) {
        EXPECT_EQ(found->second, place) << function.name << " " << index;
        ++agreement.begin;
      } else {
        ++agreement.go_on;
        if (found->second != place) ++agreement.differ;
      }
    }
  }
}

class LinesOfObjectTest : public ::testing::TestWithParam<const char*> {};

TEST_P(LinesOfObjectTest, BeginWhereTheDisassemblerSays) {
  const std::string path = absl::StrCat(BPFRIG_OBJECTS, "/", GetParam(), ".bpf.o");
  const ReadObject object = Read(path);
  const std::map<std::string, Places> expected = PlacesByDisassembler(path);
  Agreement agreement;
  for (const CodeFunction& function : object.code.functions()) {
    const PartIndex parts(object.code, object.types.types().get(), {{&function, 0}});
    const InstructionList list = ListParts(parts, {}).value();
    for (const auto& [section, places] : expected) {
      if (object.code.FindSection(section) == function.section) {
        Compare(list, function, places, agreement);
      }
    }
  }
  EXPECT_GT(agreement.begin, 3U);
  EXPECT_LE(agreement.differ * 10, agreement.go_on)
      << agreement.begin << " " << agreement.go_on << " " << agreement.differ;
}

INSTANTIATE_TEST_SUITE_P(Objects, LinesOfObjectTest,
                         ::testing::Values("bpf/cgroup_sock", "bpf/cgroup_skb", "bpf/sendmsg", "bpf/sockops",
                                           "bpf/tail_counter", "bpf/sockets/balancer", "bpf/sockets/filter",
                                           "bpf/sockets/options", "bpf/loaders/meter_cilium",
                                           "tests/objects/parts", "tests/objects/all_maps"),
                         [](const auto& object) {
                           const std::string path = object.param;
                           return path.substr(path.rfind('/') + 1);
                         });

}  // namespace
}  // namespace bpfrig::kernel_bpf

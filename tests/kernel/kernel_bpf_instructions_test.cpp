// Lists of instructions against what libbpf gives the kernel,.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_join.h"
#include "daemon/kernel_bpf/object/legacy_maps.h"
#include "daemon/kernel_bpf/object/load_hooks.h"
#include "daemon/kernel_bpf/object/opened_object.h"
#include "daemon/kernel_bpf/policy/kernel_functions.h"
#include "tests/kernel/kernel_bpf_fixture.h"
#include "tests/support/bpf_features.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::ElementsAre;
using Instructions = std::vector<struct bpf_insn>;

// What libbpf would load a program with.
struct Given {
  Instructions instructions;
  std::vector<struct bpf_func_info> functions;
  std::vector<struct bpf_line_info> lines;
};

template <typename Record>
std::vector<Record> RecordsOf(const void* records, uint32_t count, uint32_t size) {
  std::vector<Record> result(count);
  for (uint32_t i = 0; i < count; ++i) {
    std::memcpy(&result[i], static_cast<const char*>(records) + size_t{i} * size, sizeof(Record));
  }
  return result;
}

// Sees what libbpf gives the kernel of the object's programs while this is there.
class Watcher {
 public:
  explicit Watcher(const OpenedObject& object) : hooks_(*LoadHooks::Create()) {
    for (struct bpf_program* program : object.Programs()) {
      const absl::Status added =
          hooks_->Add(program, [this](struct bpf_program* loading, struct bpf_prog_load_opts& options) {
            Note(loading, options);
            return 0;
          });
      EXPECT_TRUE(added.ok()) << added;
    }
  }
  const std::map<std::string, Given>& programs() const { return programs_; }

 private:
  void Note(struct bpf_program* loading, const struct bpf_prog_load_opts& options) {
    Given& given = programs_[bpf_program__name(loading)];
    const struct bpf_insn* begin = bpf_program__insns(loading);
    given.instructions.assign(begin, begin + bpf_program__insn_cnt(loading));
    given.functions =
        RecordsOf<struct bpf_func_info>(options.func_info, options.func_info_cnt, options.func_info_rec_size);
    given.lines =
        RecordsOf<struct bpf_line_info>(options.line_info, options.line_info_cnt, options.line_info_rec_size);
  }

  std::unique_ptr<LoadHooks> hooks_;
  std::map<std::string, Given> programs_;
};

std::string Text(const struct btf* btf, uint32_t place) { return btf__name_by_offset(btf, place); }

std::vector<std::string> FunctionsOf(const Given& given, const struct btf* btf) {
  std::vector<std::string> functions;
  for (const struct bpf_func_info& info : given.functions) {
    functions.push_back(std::to_string(info.insn_off) + " " +
                        Text(btf, btf__type_by_id(btf, info.type_id)->name_off));
  }
  return functions;
}

std::vector<std::string> FunctionsOf(const InstructionList& list) {
  std::vector<std::string> functions;
  for (const FunctionStart& function : list.functions) {
    functions.push_back(std::to_string(function.instruction) + " " + std::string(function.name));
  }
  return functions;
}

std::string LineText(uint32_t instruction, const std::string& file, uint32_t line, uint32_t column,
                     const std::string& text) {
  return std::to_string(instruction) + " " + file + ":" + std::to_string(line) + ":" +
         std::to_string(column) + " " + text;
}

std::vector<std::string> LinesOf(const Given& given, const struct btf* btf) {
  std::vector<std::string> lines;
  for (const struct bpf_line_info& info : given.lines) {
    lines.push_back(LineText(info.insn_off, Text(btf, info.file_name_off),
                             BPF_LINE_INFO_LINE_NUM(info.line_col), BPF_LINE_INFO_LINE_COL(info.line_col),
                             Text(btf, info.line_off)));
  }
  return lines;
}

std::vector<std::string> LinesOf(const InstructionList& list) {
  std::vector<std::string> lines;
  for (const SourceLine& line : list.lines) {
    lines.push_back(
        LineText(line.instruction, std::string(line.file), line.line, line.column, std::string(line.text)));
  }
  return lines;
}

std::string BytesOf(absl::Span<const struct bpf_insn> instructions) {
  return {reinterpret_cast<const char*>(instructions.data()), instructions.size() * sizeof(struct bpf_insn)};
}

bool IsLongLoad(const struct bpf_insn& instruction) {
  return instruction.code == (BPF_LD | BPF_IMM | BPF_DW);
}

// That what is said to be relocated is all that differs from the file, and has all that names something.
void ExpectRelocated(const InstructionList& list, absl::Span<const struct bpf_insn> in_file) {
  const std::set<uint32_t> relocated(list.relocated.begin(), list.relocated.end());
  ASSERT_LE(in_file.size(), list.instructions.size());
  for (uint32_t i = 0; i < list.instructions.size(); ++i) {
    const struct bpf_insn& instruction = list.instructions[i];
    if (relocated.count(i) > 0) continue;
    if (i < in_file.size()) {
      EXPECT_EQ(BytesOf({&instruction, 1}), BytesOf({&in_file[i], 1})) << i;
    }
    const bool is_call = instruction.code == (BPF_JMP | BPF_CALL);
    EXPECT_FALSE((is_call || IsLongLoad(instruction)) && instruction.src_reg != 0) << i;
  }
}

// Compares lists of all programs of an object with what libbpf gives the kernel. Returns how many lines there
// are.
size_t ExpectListsAsLoaded(const ObjectSpec& spec) {
  // Libbpf itself does not take maps of the old kind.
  const std::optional<ModernObject> modern = ModerniseMaps(spec.elf).value();
  ObjectSpec readable = spec;
  if (modern) readable.elf = modern->elf;
  const OpenedObject opened = OpenedObject::Open(readable).value();
  const Watcher watcher(opened);
  const BpfObject object = MustLoad(spec);
  EXPECT_EQ(watcher.programs().size(), object.programs().size());
  const struct btf* btf = bpf_object__btf(opened.get());
  size_t lines = 0;
  for (struct bpf_program* program : opened.Programs()) {
    const std::string name = bpf_program__name(program);
    SCOPED_TRACE(name);
    const Given& given = watcher.programs().at(name);
    const absl::StatusOr<InstructionList> list = object.ListInstructions(name);
    EXPECT_TRUE(list.ok()) << list.status();
    if (!list.ok()) continue;
    EXPECT_EQ(BytesOf(list->instructions), BytesOf(given.instructions));
    ExpectRelocated(*list, {bpf_program__insns(program), bpf_program__insn_cnt(program)});
    EXPECT_EQ(LinesOf(*list), LinesOf(given, btf));
    if (!given.functions.empty()) {
      EXPECT_EQ(FunctionsOf(*list), FunctionsOf(given, btf));
    }
    lines += list->lines.size();
  }
  return lines;
}

// Those of our objects that need what not every kernel has.
bool KernelTakes(const std::string& object) {
  if (object == "parts") return tests::KernelHasCallbacks();
  if (object == "unix_policy") return KernelFunctions().Has("bpf_cast_to_kern_ctx");
  return true;
}

TEST(KernelBpfInstructionsTest, ListsWhatLibbpfGivesTheKernel) {
  std::vector<std::string> left_out;
  const std::pair<const char*, std::vector<const char*>> kObjects[] = {
      {BPFRIG_BPF_OBJECTS, {"cgroup_sock", "cgroup_skb", "sendmsg", "sockops", "tail_counter"}},
      {BPFRIG_BPF_OBJECTS "/sockets",
       {"balancer", "bind_policy", "filter", "lookup", "options", "reuseport", "unix_policy"}},
      {BPFRIG_BPF_OBJECTS "/loaders", {"meter_iproute2", "meter_libbpf", "meter_maps"}},
      {BPFRIG_TEST_OBJECTS,
       {"parts", "noop", "all_maps", "kernel_bpf_hooks", "optional_programs", "renames", "perfmon", "counts",
        "run_contexts"}}};
  for (const auto& [folder, names] : kObjects) {
    for (const char* name : names) {
      SCOPED_TRACE(name);
      if (!KernelTakes(name)) {
        left_out.emplace_back(name);
        continue;
      }
      const std::string elf = ReadFile(std::string(folder) + "/" + name + ".bpf.o");
      EXPECT_GT(ExpectListsAsLoaded(SpecOf(elf)), 0U);
    }
  }
  if (!left_out.empty()) {
    GTEST_SKIP() << "all objects are fine but those that this kernel does not take: "
                 << absl::StrJoin(left_out, ", ");
  }
}

// CO-RE in functions behind the program, where no file's bytes tell that it was at work.
TEST(KernelBpfInstructionsTest, TellsWhatCoReFilledIn) {
  BPFRIG_SKIP_WITHOUT_CALLBACKS();
  const BpfObject object = MustLoad("parts");
  const InstructionList list = object.ListInstructions("first").value();
  const auto relocated_in = [&](const std::string& name) {
    size_t i = 0;
    while (i < list.functions.size() && list.functions[i].name != name) ++i;
    EXPECT_LT(i, list.functions.size()) << name;
    const uint32_t begin = list.functions[i].instruction;
    const uint32_t end = i + 1 < list.functions.size() ? list.functions[i + 1].instruction
                                                       : static_cast<uint32_t>(list.instructions.size());
    std::vector<uint32_t> places;
    for (const uint32_t place : list.relocated) {
      if (place >= begin && place < end) places.push_back(place - begin);
    }
    return places;
  };
  EXPECT_THAT(relocated_in("offset_of_pid"), ElementsAre(0));
  EXPECT_THAT(relocated_in("type_of_task"), ElementsAre(0, 1)) << "both halves";
}

// Maps of the old kind, which are declared anew before libbpf sees them.
TEST(KernelBpfInstructionsTest, ListsProgramsWhoseFileWasChanged) {
  for (const char* name : {"old_maps", "old_maps_alone", "loader_sections"}) {
    SCOPED_TRACE(name);
    EXPECT_GT(ExpectListsAsLoaded(TestSpec(name).spec), 0U);
  }
}

TEST(KernelBpfInstructionsTest, KnowsNoLinesOfAnObjectWithoutBtf) {
  for (const char* name : {"noop_no_btf", "old_maps_alone_no_btf"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(ExpectListsAsLoaded(TestSpec(name).spec), 0U);
  }
  const BpfObject object = MustLoad("noop_no_btf");
  const InstructionList list = object.ListInstructions("noop_connect4").value();
  EXPECT_THAT(FunctionsOf(list), ElementsAre("0 noop_connect4"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

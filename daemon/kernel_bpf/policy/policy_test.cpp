// LoadPolicy, its lists, and Refusals.
#include <bpf/btf.h>
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/policy/refusals.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

bpf_insn CallOf(uint8_t source, int32_t id, int16_t offset = 0) {
  bpf_insn instruction{};
  instruction.code = BPF_JMP | BPF_CALL;
  instruction.src_reg = source & 0xf;
  instruction.off = offset;
  instruction.imm = id;
  return instruction;
}

// Functions of a kernel that has these three.
class RefusalsTest : public testing::Test {
 protected:
  RefusalsTest() : functions_(MakeBtf()) {}

  struct btf* MakeBtf() {
    struct btf* btf = btf__new_empty();
    integer_ = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
    const int prototype = btf__add_func_proto(btf, integer_);
    for (const char* name : {"bpf_task_from_pid", "bpf_dynptr_from_skb", "bpf_made_tomorrow"}) {
      ids_[name] = btf__add_func(btf, name, BTF_FUNC_GLOBAL, prototype);
    }
    return btf;
  }

  absl::Status Judge(const std::vector<bpf_insn>& instructions, const LoadPolicy& policy = {}) {
    Refusals refusals(policy);
    refusals.JudgeCalls("prog", instructions, functions_);
    return refusals.status();
  }

  int integer_ = 0;
  std::map<std::string, int> ids_;
  KernelFunctions functions_;
};

TEST(LoadListsTest, EveryNameIsInOneGroupAlone) {
  for (const LoadList* list : LoadLists()) {
    std::set<std::string> seen;
    for (const ListGroup& group : list->groups) {
      EXPECT_NE(std::string(group.reason), "");
      for (absl::string_view name : group.names) {
        EXPECT_TRUE(seen.insert(std::string(name)).second) << list->word << ":" << name;
      }
    }
  }
}

TEST(LoadListsTest, EveryHelperAndTypeOfTheHeadersIsListed) {
  for (uint32_t id = 1; id <= 211; ++id) {
    EXPECT_TRUE(FindInList(HelperList(), HelperNameOf(id)).listed) << HelperNameOf(id);
  }
  for (uint32_t type = 1; type <= 32; ++type) {
    EXPECT_TRUE(FindInList(ProgramTypeList(), ProgramTypeNameOf(type)).listed) << ProgramTypeNameOf(type);
  }
  for (uint32_t type = 1; type <= 34; ++type) {
    EXPECT_TRUE(FindInList(MapTypeList(), MapTypeNameOf(type)).listed) << MapTypeNameOf(type);
  }
}

TEST(LoadListsTest, EveryHelperOfTheListExists) {
  std::set<std::string> names;
  for (uint32_t id = 1; id <= 211; ++id) names.insert(HelperNameOf(id));
  for (const ListGroup& group : HelperList().groups) {
    for (absl::string_view name : group.names) EXPECT_TRUE(names.count(std::string(name)) != 0) << name;
  }
}

TEST(LoadPolicyTest, RefusesAnUnknownNameAndTellsTheNearest) {
  const absl::Status status = LoadPolicy::Allowing({"kfunc:bpf_task_from_pit"}).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnknownName);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("--allow-load kfunc:bpf_task_from_pit: there is no such thing to allow; the nearest: "
                        "kfunc:bpf_task_from_pid"));
  EXPECT_FALSE(LoadPolicy::Allowing({"bpf_task_from_pid"}).ok());
  EXPECT_FALSE(LoadPolicy::Allowing({"program-type:"}).ok());
  EXPECT_TRUE(LoadPolicy::Allowing({"program-type:syscall", "map-type:struct_ops", "helper:bpf_send_signal",
                                    "kfunc:bpf_task_from_pid"})
                  .ok());
}

TEST_F(RefusalsTest, AllowsWhatTheListsAllow) {
  EXPECT_TRUE(Judge({CallOf(0, BPF_FUNC_trace_printk), CallOf(2, ids_["bpf_dynptr_from_skb"])}).ok());
}

TEST_F(RefusalsTest, RefusesAKfuncOfTheListAndNamesTheFlag) {
  const absl::Status status = Judge({CallOf(2, ids_["bpf_task_from_pid"])});
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(
      status.message(),
      "program \"prog\" calls the kfunc bpf_task_from_pid, which is not allowed: it finds tasks or cgroups "
      "anywhere on the machine");
  const base::ErrorDetail detail = DetailOf(status);
  EXPECT_EQ(detail.reason, Reason::kNotAllowed);
  EXPECT_EQ(detail.object, "prog");
  EXPECT_EQ(detail.field, "object");
  EXPECT_EQ(detail.hint, "whoever runs bpfrigd can allow this object: --allow-load kfunc:bpf_task_from_pid");
}

TEST_F(RefusalsTest, RefusesAKfuncThatTheListsDoNotKnow) {
  const absl::Status status = Judge({CallOf(2, ids_["bpf_made_tomorrow"])});
  EXPECT_THAT(std::string(status.message()), HasSubstr("the lists of this version do not know it"));
  EXPECT_THAT(DetailOf(status).hint, HasSubstr("kfunc:bpf_made_tomorrow"));
}

TEST_F(RefusalsTest, RefusesWhatNoFlagAllowsWithoutAHint) {
  for (const bpf_insn& call : {CallOf(2, ids_["bpf_dynptr_from_skb"], 1), CallOf(2, 4711),
                               CallOf(2, integer_), CallOf(0, 4711), CallOf(0, -1), CallOf(5, 1)}) {
    const absl::Status status = Judge({CallOf(2, ids_["bpf_task_from_pid"]), call});
    EXPECT_EQ(DetailOf(Judge({call})).reason, Reason::kNotAllowed) << call.imm;
    EXPECT_EQ(DetailOf(status).hint, "") << call.imm;
  }
}

TEST_F(RefusalsTest, NamesEveryFlagOnceAndHonoursThem) {
  const std::vector<bpf_insn> calls = {CallOf(0, BPF_FUNC_send_signal), CallOf(2, ids_["bpf_task_from_pid"])};
  EXPECT_THAT(DetailOf(Judge(calls)).hint,
              HasSubstr("--allow-load helper:bpf_send_signal,kfunc:bpf_task_from_pid"));
  const LoadPolicy one = LoadPolicy::Allowing({"helper:bpf_send_signal"}).value();
  EXPECT_THAT(std::string(Judge(calls, one).message()), HasSubstr("bpf_task_from_pid"));
  const LoadPolicy both = LoadPolicy::Allowing({"helper:bpf_send_signal", "kfunc:bpf_task_from_pid"}).value();
  EXPECT_TRUE(Judge(calls, both).ok());
}

TEST_F(RefusalsTest, JudgesTypes) {
  const LoadPolicy policy;
  Refusals refusals(policy);
  refusals.JudgeProgramType("good", BPF_PROG_TYPE_SOCK_OPS, "object");
  refusals.JudgeMapType("good", BPF_MAP_TYPE_SOCKHASH);
  EXPECT_TRUE(refusals.status().ok());
  refusals.JudgeProgramType("bad", BPF_PROG_TYPE_SYSCALL, "programs[1].type");
  refusals.JudgeMapType("worse", BPF_MAP_TYPE_STRUCT_OPS);
  EXPECT_EQ(refusals.status().message(),
            "program \"bad\" has the program type syscall, which is not allowed: it makes bpf() calls of its "
            "own, which no list sees");
  EXPECT_EQ(DetailOf(refusals.status()).field, "programs[1].type");
  EXPECT_THAT(DetailOf(refusals.status()).hint, HasSubstr("program-type:syscall,map-type:struct_ops"));
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

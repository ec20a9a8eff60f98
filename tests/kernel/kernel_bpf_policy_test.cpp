// What may load, on a real kernel: a program of every type, a map of every type, a call of every helper and
// kfunc that the kernel has go through BpfObject::Load, and come out as the lists say.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "daemon/base/status.h"
#include "tests/kernel/kernel_bpf_fixture.h"
#include "tests/kernel/what_may_load.h"
#include "tests/support/bpf_elf.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

bool IsNotAllowed(const ObjectSpec& spec) {
  return DetailOf(BpfObject::Load(spec).status()).reason == Reason::kNotAllowed;
}

bool IsRefusedCall(const bpf_insn& call) {
  return IsNotAllowed(SpecOf(tests::MakeBpfElf("tc", {call, tests::SetRegister(0, 0), tests::Exit()})));
}

// A section of each type that libbpf knows.
constexpr const char* kSections[] = {"socket",
                                     "kprobe/do_nothing",
                                     "tc",
                                     "action",
                                     "tp/syscalls/sys_enter_open",
                                     "xdp",
                                     "perf_event",
                                     "cgroup_skb/egress",
                                     "cgroup/sock_create",
                                     "lwt_in",
                                     "lwt_out",
                                     "lwt_xmit",
                                     "sockops",
                                     "sk_skb/stream_verdict",
                                     "cgroup/dev",
                                     "sk_msg",
                                     "raw_tp/sys_enter",
                                     "cgroup/connect4",
                                     "lwt_seg6local",
                                     "lirc_mode2",
                                     "sk_reuseport",
                                     "flow_dissector",
                                     "cgroup/sysctl",
                                     "raw_tp.w/sys_enter",
                                     "cgroup/getsockopt",
                                     "fentry/tcp_v4_connect",
                                     "iter/task",
                                     "struct_ops/ssthresh",
                                     "freplace/prog",
                                     "lsm/file_open",
                                     "lsm_cgroup/socket_bind",
                                     "sk_lookup",
                                     "syscall"};

TEST(KernelBpfPolicyTest, LoadsProgramsOfTheAllowedTypesAlone) {
  std::set<std::string> tried;
  for (const char* section : kSections) {
    enum bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
    enum bpf_attach_type attach_type = BPF_CGROUP_INET_INGRESS;
    ASSERT_EQ(libbpf_prog_type_by_name(section, &type, &attach_type), 0) << section;
    const std::string name = ProgramTypeNameOf(type);
    tried.insert(name);
    const bool allowed = FindInList(ProgramTypeList(), name).allowed;
    const std::string own = tests::MakeBpfElf(section, {tests::SetRegister(0, 0), tests::Exit()});
    // The same as a plan chooses it.
    const std::string other = tests::MakeBpfElf("mesh/own", {tests::SetRegister(0, 0), tests::Exit()});
    ObjectSpec chosen = SpecOf(other);
    chosen.programs = {{"prog", section}};
    EXPECT_EQ(IsNotAllowed(SpecOf(own)), !allowed) << section;
    EXPECT_EQ(IsNotAllowed(chosen), !allowed) << section;
    if (allowed) continue;
    EXPECT_EQ(DetailOf(BpfObject::Load(chosen).status()).field, "programs[0].type");
  }
  // Netfilter has no section in libbpf 1.1.2.
  EXPECT_EQ(tried.size(), static_cast<size_t>(BPF_PROG_TYPE_SYSCALL));
}

// The object any_map with one of its marks made a map type.
std::string WithMapType(absl::string_view mark, uint32_t type) {
  std::string elf = ReadTestObject("any_map");
  const std::string bytes{mark[0], mark[0], '\0', '\0'};
  const size_t at = elf.find(bytes);
  EXPECT_NE(at, std::string::npos);
  elf[at] = static_cast<char>(type);
  elf[at + 1] = '\0';
  // The map that is not meant is an array.
  const size_t other = elf.find(std::string{mark == "Z" ? '[' : 'Z', mark == "Z" ? '[' : 'Z', '\0', '\0'});
  EXPECT_NE(other, std::string::npos);
  elf[other] = BPF_MAP_TYPE_ARRAY;
  elf[other + 1] = '\0';
  return elf;
}

TEST(KernelBpfPolicyTest, MakesMapsOfTheAllowedTypesAlone) {
  for (const uint32_t type : WhatMayLoad().map_types) {
    const bool allowed = FindInList(MapTypeList(), MapTypeNameOf(type)).allowed;
    EXPECT_EQ(IsNotAllowed(SpecOf(WithMapType("Z", type))), !allowed) << MapTypeNameOf(type);
    EXPECT_EQ(IsNotAllowed(SpecOf(WithMapType("[", type))), !allowed) << "inner " << MapTypeNameOf(type);
  }
}

TEST(KernelBpfPolicyTest, LetsProgramsCallTheAllowedHelpersAlone) {
  const std::vector<uint32_t> helpers = WhatMayLoad().helpers;
  EXPECT_GT(helpers.size(), 150u);
  for (const uint32_t helper : helpers) {
    const bool allowed = FindInList(HelperList(), HelperNameOf(helper)).allowed;
    EXPECT_EQ(IsRefusedCall(tests::CallHelper(static_cast<int32_t>(helper))), !allowed)
        << HelperNameOf(helper);
  }
}

TEST(KernelBpfPolicyTest, LetsProgramsCallTheAllowedKfuncsAlone) {
  for (const auto& [name, id] : WhatMayLoad().kfuncs) {
    EXPECT_EQ(IsRefusedCall(tests::CallKfunc(id)), !FindInList(KfuncList(), name).allowed) << name;
  }
}

TEST(KernelBpfPolicyTest, RefusesKfuncsOfModulesAndWhatIsNoFunction) {
  EXPECT_TRUE(IsRefusedCall(tests::CallKfunc(1, 1)));
  EXPECT_TRUE(IsRefusedCall(tests::CallKfunc(1)));
  EXPECT_TRUE(IsRefusedCall(tests::CallKfunc(0x7fffffff)));
  EXPECT_TRUE(IsRefusedCall(tests::CallKfunc(-1)));
}

TEST(KernelBpfPolicyTest, DocumentsWhatMayLoad) {
  const std::string path = std::string(BPFRIG_SOURCE) + "/docs/what-may-load.md";
  const std::string page = ReadFile(path);
  if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << WithTables(page, WhatMayLoad());
    return;
  }
  EXPECT_THAT(Differences(page, WhatMayLoad()), testing::IsEmpty())
      << "BPFRIG_UPDATE_GOLDEN=1 writes the page anew";
}

TEST(KernelBpfPolicyTest, FindsTheCallWhereverItIsWritten) {
  TestSpec kill("kill");
  if (!KernelFunctions().Has("bpf_task_from_pid")) GTEST_SKIP() << "this kernel has no bpf_task_from_pid";
  for (const char* program :
       {"kill_itself", "kill_by_function", "kill_by_global_function", "kill_by_callback"}) {
    kill.spec.programs = {{program, ""}};
    const absl::Status status = BpfObject::Load(kill.spec).status();
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(std::string("program \"") + program + "\" calls the kfunc bpf_task_from_pid"));
    EXPECT_EQ(DetailOf(status).field, "object");
  }
  kill.spec.programs = {{"kill_nobody", "xdp"}};
  EXPECT_EQ(MustLoad(kill.spec).programs().size(), 1u);
}

TEST(KernelBpfPolicyTest, LoadsWhatTheOperatorAllows) {
  if (!KernelFunctions().Has("bpf_send_signal_task")) GTEST_SKIP() << "this kernel has no such kfunc";
  TestSpec kill("kill");
  kill.spec.policy = LoadPolicy::Allowing({"kfunc:bpf_task_from_pid"}).value();
  EXPECT_THAT(std::string(BpfObject::Load(kill.spec).status().message()), HasSubstr("bpf_send_signal_task"));
  kill.spec.policy = LoadPolicy::Allowing({"kfunc:bpf_task_from_pid", "kfunc:bpf_send_signal_task"}).value();
  EXPECT_EQ(MustLoad(kill.spec).programs().size(), 1u);
  TestSpec congestion("struct_ops");
  congestion.spec.policy = LoadPolicy::Allowing({"program-type:struct_ops", "map-type:struct_ops"}).value();
  EXPECT_EQ(MustLoad(congestion.spec).programs().size(), 3u);
}

TEST(KernelBpfPolicyTest, LeavesNothingInASharedProgramArray) {
  if (!KernelFunctions().Has("bpf_task_from_pid")) GTEST_SKIP() << "this kernel has no bpf_task_from_pid";
  BpfObject all_maps = MustLoad("all_maps");
  const int fd = all_maps.FindMap("programs")->fd();
  TestSpec jump("shared_jump");
  MapChoice choice;
  choice.map = "programs";
  choice.shared_fd = fd;
  jump.spec.maps = {choice};
  const uint32_t key = 1;
  uint32_t program = 0;
  EXPECT_TRUE(IsNotAllowed(jump.spec));
  EXPECT_EQ(bpf_map_lookup_elem(fd, &key, &program), -ENOENT);
  // Allowed, it is there at once.
  jump.spec.policy = LoadPolicy::Allowing({"kfunc:bpf_task_from_pid"}).value();
  BpfObject object = MustLoad(jump.spec);
  EXPECT_EQ(bpf_map_lookup_elem(fd, &key, &program), 0);
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

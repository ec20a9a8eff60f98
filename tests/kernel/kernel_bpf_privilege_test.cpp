// Loading with no more than a worker has: its own uid, CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; and the
// messages if one of them is missing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/features.h"
#include "daemon/kernel_bpf/libbpf/netns_cookie.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "daemon/kernel_bpf/map/ring_buffer.h"
#include "daemon/kernel_bpf/program/link.h"
#include "tests/kernel/kernel_bpf_fixture.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::HasSubstr;

constexpr unsigned kNetAdmin = 12;
constexpr unsigned kPerfmon = 38;
constexpr unsigned kBpf = 39;
constexpr int kNetnsCookieOption = 71;
constexpr uid_t kNobody = 65534;

bool KeepOnly(const std::vector<unsigned>& capabilities) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0) return false;
  struct __user_cap_header_struct header {};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<struct __user_cap_data_struct, 2> data{};
  for (unsigned capability : capabilities) {
    data[capability / 32].permitted |= 1U << (capability % 32);
    data[capability / 32].effective |= 1U << (capability % 32);
  }
  return ::syscall(SYS_capset, &header, data.data()) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// Runs `body` in a child that has no more than these, in the cgroup if there is one.
void WithOnlyIn(const TestCgroup* cgroup, const std::vector<unsigned>& capabilities,
                const std::function<void()>& body) {
  InOwnNetns([&] {
    if (cgroup != nullptr) {
      const common::Fd processes(::openat(cgroup->fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
      ASSERT_EQ(::write(processes.Get(), "0", 1), 1);
    }
    ASSERT_TRUE(KeepOnly(capabilities));
    body();
  });
}

void WithOnly(const std::vector<unsigned>& capabilities, const std::function<void()>& body) {
  WithOnlyIn(nullptr, capabilities, body);
}

TEST(KernelBpfPrivilegeTest, AProgramTellsTheNetnsCookie) {
  TestCgroup cgroup;
  WithOnlyIn(&cgroup, {kBpf, kNetAdmin}, [&] {
    const absl::StatusOr<uint64_t> told = NetnsCookieByProgram(cgroup.fd());
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_EQ(*NetnsCookieByProgram(cgroup.fd()), *told);
    const common::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    // Later than what we ask programs for.
    if (::getsockopt(socket.Get(), SOL_SOCKET, kNetnsCookieOption, &cookie, &size) == 0) {
      EXPECT_EQ(*told, cookie);
    } else {
      EXPECT_EQ(errno, ENOPROTOOPT);
      EXPECT_NE(*told, 0U);
    }
  });
}

TEST(KernelBpfPrivilegeTest, WorksWithAWorkersCapabilities) {
  TestSpec all_maps("all_maps");
  TestSpec perfmon("perfmon");
  TestSpec refused("refused");
  TestSpec hooks("kernel_bpf_hooks");
  hooks.spec.programs = {{"look_up", ""}, {"pass_frame", ""}, {"pass_packet", ""}, {"pass_message", ""}};
  TestCgroup cgroup;
  WithOnly({kBpf, kNetAdmin, kPerfmon}, [&] {
    BpfObject object = MustLoad(all_maps.spec);
    BpfObject reads_memory = MustLoad(perfmon.spec);
    BpfObject elsewhere = MustLoad(hooks.spec);
    EXPECT_GT(object.programs()[0].Info()->id, 0U);
    AttachPoints points;
    points.cgroup_fd = cgroup.fd();
    points.interface_index = 1;
    points.socket_map = elsewhere.FindMap("sockets");
    EXPECT_TRUE(Link::Attach(*object.FindProgram("connect_with_maps"), points).ok());
    EXPECT_TRUE(Link::Attach(*elsewhere.FindProgram("pass_frame"), points).ok());
    EXPECT_TRUE(Link::Attach(*elsewhere.FindProgram("pass_message"), points).ok());
    EXPECT_TRUE(RingBuffer::Open(*object.FindMap("events")).ok());
    EXPECT_TRUE(MapDump::Start(*object.FindMap("array"), BatchMode::kAuto, false)->Next().ok());
    EXPECT_THAT(LoadRefused(refused.spec).log, HasSubstr("unbounded"));
    for (const Feature& feature : ProbeFeatures(1)) {
      if (feature.name == "perfmon" || feature.name == "sk_storage") {
        EXPECT_TRUE(feature.supported) << feature.name << ": " << feature.detail;
      }
    }
  });
}

TEST(KernelBpfPrivilegeTest, NamesTheCapabilityThatAHelperNeeds) {
  TestSpec perfmon("perfmon");
  WithOnly({kBpf, kNetAdmin}, [&] {
    Rejected rejected = LoadRefused(perfmon.spec);
    EXPECT_EQ(rejected.program, "peek");
    EXPECT_THAT(rejected.hint, HasSubstr("CAP_PERFMON"));
    for (const Feature& feature : ProbeFeatures(1)) {
      EXPECT_FALSE(feature.name == "perfmon" && feature.supported);
      EXPECT_FALSE(feature.name == "sock_ops" && !feature.supported) << feature.detail;
    }
  });
}

TEST(KernelBpfPrivilegeTest, NamesTheCapabilityThatLoadingNeeds) {
  TestSpec noop("noop");
  TestSpec all_maps("all_maps");
  WithOnly({kNetAdmin}, [&] {
    Rejected rejected = LoadRefused(noop.spec);
    EXPECT_EQ(rejected.errno_name, "EPERM");
    EXPECT_THAT(rejected.hint, HasSubstr("CAP_BPF"));
    EXPECT_THAT(LoadRefused(all_maps.spec).hint, HasSubstr("CAP_BPF"));
  });
  WithOnly({kBpf}, [&] {
    Rejected rejected = LoadRefused(noop.spec);
    EXPECT_EQ(rejected.errno_name, "EPERM");
    EXPECT_THAT(rejected.hint, HasSubstr("CAP_NET_ADMIN"));
  });
}

// Not EPERM: the kernel was not asked.
TEST(KernelBpfPrivilegeTest, RefusesTypesBeforeTheKernelIsAsked) {
  TestSpec congestion("struct_ops");
  TestSpec hooks("kernel_bpf_hooks");
  hooks.spec.programs = {{"nowhere", ""}};
  WithOnly({}, [&] {
    for (const ObjectSpec* spec : {&congestion.spec, &hooks.spec}) {
      EXPECT_EQ(base::DetailOf(BpfObject::Load(*spec).status()).reason, base::Reason::kNotAllowed);
    }
    EXPECT_EQ(LoadRefused(TestSpec("noop").spec).errno_name, "EPERM");
  });
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

#include "daemon/doctor/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

#include "daemon/doctor/report.h"

namespace bpfrig::doctor {
namespace {

using kernel_os::CapabilitySet;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Attempt Works() { return {.tried = true, .error = {}, .message = {}, .hint = {}}; }
Attempt Fails(const std::string& error, const std::string& message) {
  return {.tried = true, .error = error, .message = message, .hint = {}};
}

constexpr uint64_t kAll = (uint64_t{1} << (CAP_CHECKPOINT_RESTORE + 1)) - 1;
CapabilitySet AllBut(std::initializer_list<int> missing) {
  uint64_t bits = kAll;
  for (const int capability : missing) bits &= ~(uint64_t{1} << capability);
  return CapabilitySet(bits);
}

// A machine on which nothing is missing.
Facts Healthy() {
  Facts facts;
  facts.uids = {{.first = 0, .last = 4294967294}};
  facts.gids = facts.uids;
  facts.uid_base = Works();
  facts.first_uid = 0x7e000000;
  facts.uid_count = 4096;
  facts.capabilities = AllBut({});
  facts.bounding = AllBut({});
  facts.last_capability = CAP_CHECKPOINT_RESTORE;
  facts.needs = {{.capability = CAP_SYS_ADMIN, .purpose = "making network namespaces"},
                 {.capability = CAP_SETUID, .purpose = "giving each process its own user"},
                 {.capability = CAP_BPF, .purpose = "loading BPF programs"}};
  facts.worker_capabilities = {CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON};
  facts.calls = {{.name = "bpf", .capability = CAP_BPF, .since = "3.18", .refusal = {}},
                 {.name = "clone3", .capability = CAP_SYS_ADMIN, .since = "5.3", .refusal = {}},
                 {.name = "pidfd_open", .capability = -1, .since = "5.3", .refusal = {}},
                 {.name = "fsopen", .capability = CAP_SYS_ADMIN, .since = "5.2", .refusal = {}}};
  facts.lockdown = "none";
  facts.release = "6.1.0-18-amd64";
  facts.btf = Works();
  facts.possible_cpus = Works();
  facts.cgroup_layout = "v2";
  facts.cgroup_tries = {{.place = "/sys/fs/cgroup", .own_mount = false, .claimed = Works()}};
  facts.has_cgroup_kill = true;
  facts.cgroup_removed = Works();
  facts.worker = Works();
  facts.front = Works();
  facts.trial = {
      .loopback = Works(),
      .map = Works(),
      .large_map = Works(),
      .program = Works(),
      .link = Works(),
      .kernel_read = Works(),
      .filter = Works(),
      .features = {{.name = "ringbuf", .supported = true, .detail = {}, .description = "Events."}}};
  facts.run_counts = Works();
  facts.socket.address = "unix:/run/bpfrig/bpfrig.sock";
  facts.socket.usable = Works();
  facts.socket.tcp = Works();
  return facts;
}

// As in a container: only the daemon's own mount would take a cgroup, and that one was refused.
void RefuseCgroups(Facts& facts, const std::string& error) {
  facts.cgroup_tries = {{.place = "/sys/fs/cgroup",
                         .own_mount = false,
                         .claimed = Fails("EROFS",
                                          "making /sys/fs/cgroup/bpfrig-0: "
                                          "Read-only file system")},
                        {.place = "cgroup2:",
                         .own_mount = true,
                         .claimed = Fails(error, "opening the cgroup2 file system (fsopen): no")}};
  facts.has_cgroup_kill = false;
  facts.worker = {};
  facts.front = {};
  facts.trial = {};
}

std::vector<std::string> Names(const std::vector<Finding>& findings, Verdict verdict) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) {
    if (finding.verdict == verdict) names.push_back(finding.name);
  }
  return names;
}
std::vector<std::string> Failures(const Facts& facts) { return Names(Judge(facts), Verdict::kFail); }
std::vector<std::string> Warnings(const Facts& facts) { return Names(Judge(facts), Verdict::kWarn); }

// The finding of that name; fails the test if there is none.
Finding Find(const Facts& facts, const std::string& name) {
  const std::vector<Finding> findings = Judge(facts);
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const Finding& finding) { return finding.name == name; });
  if (found != findings.end()) return *found;
  ADD_FAILURE() << "no finding " << name;
  return {};
}

TEST(JudgeTest, FindsNothingWhenNothingIsMissing) {
  const std::vector<Finding> findings = Judge(Healthy());
  EXPECT_THAT(Names(findings, Verdict::kFail), IsEmpty());
  EXPECT_THAT(Names(findings, Verdict::kWarn), IsEmpty());
  EXPECT_THAT(Names(findings, Verdict::kSkip), IsEmpty());
  EXPECT_THAT(FormatReport(findings), HasSubstr("\nnothing is missing\n"));
}

TEST(JudgeTest, NothingStartsWithoutACallFilter) {
  Facts facts = Healthy();
  facts.trial.filter = Fails("EINVAL", "installing the system call filter: Invalid argument");
  EXPECT_THAT(Failures(facts), ElementsAre("call filter"));
  EXPECT_THAT(Find(facts, "call filter").lines,
              Contains("needed for keeping sandboxes from the rest of the machine"));
}

TEST(JudgeTest, NamesTheCapabilityThatIsMissingAlone) {
  Facts facts = Healthy();
  facts.capabilities = AllBut({CAP_BPF});
  facts.worker = Fails("EPERM", "starting bpfrigd: raising its ambient capabilities");
  facts.trial = {};
  EXPECT_THAT(Failures(facts), ElementsAre("CAP_BPF"));
  const Finding finding = Find(facts, "CAP_BPF");
  EXPECT_EQ(finding.found, "missing");
  EXPECT_THAT(finding.lines, ElementsAre("needed for loading BPF programs", "on a machine: run as root",
                                         "Docker, Compose: cap_add: [BPF]",
                                         "Kubernetes: securityContext: {capabilities: {add: [BPF]}}",
                                         "systemd: CapabilityBoundingSet= must have CAP_BPF"));
  EXPECT_EQ(Find(facts, "worker").found, "CAP_BPF is missing");
  EXPECT_EQ(Find(facts, "BPF map").found, "CAP_BPF is missing");
  EXPECT_EQ(Find(facts, "network").found, "there is no worker process to try it in");
}

TEST(JudgeTest, TellsOnceHowToGrantSeveralCapabilities) {
  Facts facts = Healthy();
  facts.capabilities = AllBut({CAP_SETUID, CAP_BPF});
  facts.worker = {};
  EXPECT_THAT(Find(facts, "CAP_SETUID").lines, ElementsAre("needed for giving each process its own user"));
  EXPECT_THAT(Find(facts, "CAP_BPF").lines, Contains("Docker, Compose: cap_add: [SETUID, BPF]"));
}

TEST(JudgeTest, KernelThatDoesNotKnowACapabilityIsTooOld) {
  Facts facts = Healthy();
  facts.capabilities = AllBut({CAP_BPF});
  facts.last_capability = CAP_AUDIT_READ;
  const Finding finding = Find(facts, "CAP_BPF");
  EXPECT_EQ(finding.found, "this kernel does not know it");
  EXPECT_THAT(finding.lines, Contains("Linux 5.8 or newer"));
}

TEST(JudgeTest, OrdinaryUserIsToldToBeRoot) {
  Facts facts = Healthy();
  facts.uid = 1000;
  facts.capabilities = CapabilitySet(0);
  RefuseCgroups(facts, "EPERM");
  facts.socket.usable = Fails("EACCES", "writing to /run: Permission denied");
  EXPECT_THAT(Failures(facts), ElementsAre("user"));
  EXPECT_THAT(Find(facts, "user").lines, Contains("Docker, Compose: user: root"));
  EXPECT_EQ(Find(facts, "CAP_BPF").found, "root would have it here");
  EXPECT_EQ(Find(facts, "socket").verdict, Verdict::kSkip);
}

TEST(JudgeTest, OrdinaryUserOfAContainerWithoutCapabilitiesIsToldBoth) {
  Facts facts = Healthy();
  facts.uid = 1000;
  facts.capabilities = CapabilitySet(0);
  facts.bounding = AllBut({CAP_BPF});
  RefuseCgroups(facts, "EPERM");
  EXPECT_THAT(Failures(facts), ElementsAre("user", "CAP_BPF"));
}

TEST(JudgeTest, UserIdsThatAreNotMappedAreNamedWithABaseThatIs) {
  // Rootless Docker.
  Facts facts = Healthy();
  facts.machine_user_namespace = false;
  // As Linux 5.10 answers in every namespace but the machine's.
  facts.calls[0].refusal = "EPERM";
  facts.uids = {{.first = 0, .last = 65536}};
  facts.gids = facts.uids;
  facts.worker = Fails("EINVAL", "starting bpfrigd: setting its user id 2113929217: Invalid argument");
  facts.front = facts.worker;
  facts.run_counts = Fails("EPERM", "enabling BPF run counts: Operation not permitted");
  facts.trial = {};
  EXPECT_THAT(Failures(facts), ElementsAre("user namespace", "user ids"));
  EXPECT_EQ(Find(facts, "user ids").found, "2113929216 to 2113933311 do not exist here, only 0 to 65536");
  EXPECT_THAT(Find(facts, "user ids").lines, Contains("start the daemon with --uid-base 32768"));
  EXPECT_THAT(Find(facts, "user namespace").lines, Contains("Kubernetes: hostUsers: true"));
  EXPECT_EQ(Find(facts, "worker").verdict, Verdict::kSkip);
  EXPECT_EQ(Find(facts, "run counts").found, "this is not the machine's own user namespace");
}

TEST(JudgeTest, SeesWhenThereIsNoRoomForUserIds) {
  Facts facts = Healthy();
  facts.uids = {{.first = 0, .last = 0}};
  facts.gids = facts.uids;
  EXPECT_THAT(Find(facts, "user ids").lines, Contains(HasSubstr("map more ids")));
  // Groups count as well.
  facts.uids = {{.first = 0, .last = 65536}};
  EXPECT_THAT(Find(facts, "user ids").lines, Contains(HasSubstr("map more ids")));
}

TEST(JudgeTest, BadUidBaseIsSaidInItsOwnWords) {
  Facts facts = Healthy();
  facts.uid_base = Fails("", "--uid-base 0: leaves no room");
  facts.worker = {};
  facts.front = {};
  EXPECT_THAT(Failures(facts), ElementsAre("user ids"));
  EXPECT_EQ(Find(facts, "user ids").found, "--uid-base 0: leaves no room");
}

TEST(JudgeTest, CallsThatAFilterRefusesAreSeccomps) {
  Facts facts = Healthy();
  facts.seccomp_filter = true;
  facts.calls[0].refusal = "EPERM";
  facts.calls[1].refusal = "ENOSYS";
  facts.worker = Fails("ENOSYS", "starting bpfrigd: clone3: Function not implemented");
  facts.front = facts.worker;
  facts.run_counts = Fails("EPERM", "enabling BPF run counts: Operation not permitted");
  facts.trial = {};
  EXPECT_THAT(Failures(facts), ElementsAre("seccomp"));
  const Finding finding = Find(facts, "seccomp");
  EXPECT_EQ(finding.found, "the seccomp filter refuses bpf (EPERM), clone3 (ENOSYS)");
  EXPECT_THAT(
      finding.lines,
      Contains("Docker, Compose: security_opt: [\"seccomp=unconfined\"], or a profile that allows bpf, "
               "clone3"));
  EXPECT_EQ(Find(facts, "front").found, "the system call clone3 is refused");
  EXPECT_EQ(Find(facts, "run counts").found, "the system call bpf is refused");
}

TEST(JudgeTest, FilterThatKillsIsSeccompsWhateverTheCapabilities) {
  Facts facts = Healthy();
  facts.seccomp_filter = true;
  facts.capabilities = AllBut({CAP_BPF});
  facts.calls[0].refusal = "SIGSYS";
  facts.worker = {};
  facts.trial = {};
  EXPECT_THAT(Failures(facts), ElementsAre("CAP_BPF", "seccomp"));
}

TEST(JudgeTest, FilterIsNotBlamedForWhatACapabilityWouldAllow) {
  // As Docker's own profile does.
  Facts facts = Healthy();
  facts.seccomp_filter = true;
  facts.capabilities = AllBut({CAP_SYS_ADMIN});
  facts.calls[1].refusal = "ENOSYS";
  facts.calls[3].refusal = "EPERM";
  facts.worker = Fails("ENOSYS", "starting bpfrigd: clone3: Function not implemented");
  facts.trial = {};
  EXPECT_THAT(Failures(facts), Contains("CAP_SYS_ADMIN"));
  const Finding finding = Find(facts, "seccomp");
  EXPECT_EQ(finding.verdict, Verdict::kSkip);
  EXPECT_THAT(finding.found, HasSubstr("whether it allows clone3, fsopen shows when"));
}

TEST(JudgeTest, FilterMayRefuseWhatIsNotNeeded) {
  Facts facts = Healthy();
  facts.seccomp_filter = true;
  facts.calls[2].refusal = "EPERM";
  facts.calls[3].refusal = "EPERM";
  EXPECT_THAT(Failures(facts), IsEmpty());
  EXPECT_THAT(Find(facts, "seccomp").found, HasSubstr("refuses pidfd_open, fsopen, not needed here"));
  // It is needed if only the daemon's own mount takes cgroups.
  RefuseCgroups(facts, "EPERM");
  facts.calls[2].refusal.clear();
  EXPECT_THAT(Failures(facts), ElementsAre("seccomp"));
  EXPECT_EQ(Find(facts, "cgroup").found, "the system call fsopen is refused");
}

TEST(JudgeTest, CallThatTheKernelIsTooOldForIsNotTheFilters) {
  Facts facts = Healthy();
  facts.seccomp_filter = true;
  facts.release = "4.18.0-553.el8";
  facts.calls[1].refusal = "ENOSYS";
  facts.worker = {};
  facts.front = {};
  EXPECT_THAT(Failures(facts), ElementsAre("system calls"));
  EXPECT_EQ(Find(facts, "system calls").found, "this kernel does not know clone3 (from Linux 5.3)");
}

TEST(JudgeTest, FilterThatLooksAtArgumentsIsASuspect) {
  Facts facts = Healthy();
  facts.seccomp_filter = true;
  facts.trial.map = Fails("EPERM", "making a BPF map: Operation not permitted");
  const Finding finding = Find(facts, "BPF map");
  EXPECT_EQ(finding.verdict, Verdict::kFail);
  EXPECT_THAT(finding.found, HasSubstr("although the capabilities are there: by the seccomp filter"));
}

TEST(JudgeTest, RefusedMountIsAppArmors) {
  Facts facts = Healthy();
  facts.apparmor = "docker-default (enforce)";
  facts.seccomp_filter = true;
  RefuseCgroups(facts, "EACCES");
  EXPECT_THAT(Failures(facts), ElementsAre("cgroup"));
  const Finding finding = Find(facts, "cgroup");
  EXPECT_EQ(
      finding.found,
      "no place takes a cgroup (cgroups here: v2), although the capabilities are there: by the AppArmor "
      "profile docker-default (enforce)");
  EXPECT_THAT(finding.lines, Contains("Docker, Compose: security_opt: [\"apparmor=unconfined\"]"));
  EXPECT_THAT(finding.lines, Contains(HasSubstr("Read-only file system")));
  EXPECT_THAT(finding.lines, Not(Contains(HasSubstr("seccomp"))));
  EXPECT_EQ(Find(facts, "worker").found, "there is no cgroup for it");
}

TEST(JudgeTest, AppArmorIsAWarningWhileTheMountCannotBeTried) {
  Facts facts = Healthy();
  facts.apparmor = "docker-default (enforce)";
  facts.capabilities = AllBut({CAP_SYS_ADMIN});
  RefuseCgroups(facts, "EPERM");
  EXPECT_THAT(Warnings(facts), Contains("AppArmor"));
  EXPECT_THAT(Failures(facts), ElementsAre("CAP_SYS_ADMIN"));
  facts.apparmor = "docker-default (complain)";
  EXPECT_THAT(Warnings(facts), Not(Contains("AppArmor")));
}

TEST(JudgeTest, SelinuxIsNamedWithItsContext) {
  Facts facts = Healthy();
  facts.selinux = "system_u:system_r:container_t:s0:c1,c2";
  facts.trial.program = Fails("EACCES", "loading a BPF program: Permission denied");
  const Finding finding = Find(facts, "BPF program");
  EXPECT_THAT(finding.found, HasSubstr("by SELinux for system_u:system_r:container_t:s0:c1,c2"));
  EXPECT_THAT(finding.lines, Contains("Docker, Compose: security_opt: [\"label=disable\"]"));
  EXPECT_EQ(Find(facts, "BPF link").verdict, Verdict::kSkip);
  facts.selinux = "unconfined_u:unconfined_r:unconfined_t:s0";
  EXPECT_THAT(Find(facts, "BPF program").found, Not(HasSubstr("SELinux")));
}

TEST(JudgeTest, CgroupRootThatRootMayNotWriteTakesDacOverride) {
  Facts facts = Healthy();
  facts.capabilities = AllBut({CAP_DAC_OVERRIDE});
  EXPECT_THAT(Failures(facts), IsEmpty()) << "it is not needed if a place takes cgroups";
  RefuseCgroups(facts, "EACCES");
  EXPECT_THAT(Failures(facts), ElementsAre("CAP_DAC_OVERRIDE"));
  EXPECT_EQ(Find(facts, "cgroup").found, "CAP_DAC_OVERRIDE is missing");
  // Without the mount nobody knows; a container's own cgroup does not take it.
  facts.capabilities = AllBut({CAP_DAC_OVERRIDE, CAP_SYS_ADMIN});
  RefuseCgroups(facts, "EPERM");
  EXPECT_THAT(Failures(facts), ElementsAre("CAP_SYS_ADMIN"));
}

TEST(JudgeTest, HostWithoutAnyPlaceForCgroupsIsToldSo) {
  Facts facts = Healthy();
  facts.cgroup_layout = "v1";
  RefuseCgroups(facts, "ENODEV");
  const Finding finding = Find(facts, "cgroup");
  EXPECT_EQ(finding.verdict, Verdict::kFail);
  EXPECT_EQ(finding.found, "no place takes a cgroup (cgroups here: v1)");
  // With ProtectControlGroups=yes a unit's tree is read-only, which the daemon's own mount is not.
  for (const std::string& line : finding.lines) EXPECT_THAT(line, Not(HasSubstr("ProtectControlGroups")));
}

TEST(JudgeTest, CgroupThatCannotBeRemovedFails) {
  Facts facts = Healthy();
  facts.cgroup_removed = Fails("EBUSY", "removing /sys/fs/cgroup/bpfrig-0: Device or resource busy");
  EXPECT_THAT(Failures(facts), ElementsAre("cgroup"));
}

TEST(JudgeTest, OldKernelsCgroupsWarn) {
  Facts facts = Healthy();
  facts.release = "5.10.0-28-amd64";
  facts.has_cgroup_kill = false;
  facts.has_net_cls = true;
  EXPECT_THAT(Warnings(facts), ElementsAre("cgroup.kill", "net_cls"));
  facts.capabilities = AllBut({CAP_KILL});
  EXPECT_THAT(Failures(facts), IsEmpty());
  facts.release = "5.14.0";
  EXPECT_THAT(Warnings(facts), Not(Contains("net_cls")));
}

TEST(JudgeTest, KernelOlderThanTestedWarns) {
  Facts facts = Healthy();
  facts.release = "5.9.16";
  EXPECT_THAT(Warnings(facts), ElementsAre("kernel"));
}

TEST(JudgeTest, LockdownIsReadOrProbed) {
  Facts facts = Healthy();
  facts.lockdown = "confidentiality";
  EXPECT_THAT(Warnings(facts), ElementsAre("lockdown"));
  facts.lockdown = "integrity";
  EXPECT_THAT(Warnings(facts), IsEmpty());
  facts.lockdown.clear();
  EXPECT_THAT(Warnings(facts), IsEmpty());
  facts.trial.kernel_read = Fails("EINVAL", "loading a program that reads kernel memory: Invalid argument");
  EXPECT_THAT(Warnings(facts), ElementsAre("lockdown"));
  facts.perfmon = false;
  EXPECT_THAT(Warnings(facts), IsEmpty());
}

TEST(JudgeTest, KernelWithoutBtfWarns) {
  Facts facts = Healthy();
  facts.btf = Fails("ENOENT", "opening /sys/kernel/btf/vmlinux: No such file or directory");
  EXPECT_THAT(Warnings(facts), ElementsAre("BTF"));
  EXPECT_THAT(Find(facts, "BTF").found, HasSubstr("BTF"));
}

TEST(JudgeTest, ProcessorsThatCannotBeCountedAreMissing) {
  Facts facts = Healthy();
  facts.possible_cpus =
      Fails("ENOENT", "opening /sys/devices/system/cpu/possible: No such file or directory");
  EXPECT_THAT(Failures(facts), ElementsAre("sysfs"));
  EXPECT_THAT(Find(facts, "sysfs").found, HasSubstr("/sys/devices/system/cpu/possible"));
}

TEST(JudgeTest, MapsOfOldKernelsTakeLockedMemory) {
  Facts facts = Healthy();
  facts.release = "5.10.0-28-amd64";
  facts.memlock_unlimited = false;
  facts.trial.map = Fails("EPERM", "making a BPF map: Operation not permitted");
  EXPECT_THAT(Find(facts, "BPF map").found, HasSubstr("RLIMIT_MEMLOCK"));
  EXPECT_THAT(Find(facts, "BPF map").lines, Contains("Docker, Compose: ulimits: {memlock: -1}"));
  facts.release = "6.1.0";
  EXPECT_THAT(Find(facts, "BPF map").found, Not(HasSubstr("RLIMIT_MEMLOCK")));
  // Enough for one, not for many.
  facts.trial.map = Works();
  EXPECT_THAT(Failures(facts), IsEmpty());
  facts.trial.large_map =
      Fails("EPERM", "making a BPF map of more than RLIMIT_MEMLOCK: Operation not permitted");
  EXPECT_THAT(Failures(facts), ElementsAre("BPF map"));
  EXPECT_THAT(Find(facts, "BPF map").lines, Contains("Docker, Compose: ulimits: {memlock: -1}"));
}

TEST(JudgeTest, PerfEventsMayBeSwitchedOff) {
  Facts facts = Healthy();
  facts.trial.features.push_back(
      {.name = "perf_events", .supported = false, .detail = "EACCES", .description = "Arrays can be read."});
  EXPECT_THAT(Find(facts, "perf_events").lines, Contains(HasSubstr("perf_event_paranoid=2")));
  facts.perfmon = false;
  EXPECT_THAT(Find(facts, "perf_events").lines, Not(Contains(HasSubstr("perf_event_paranoid"))));
}

TEST(JudgeTest, WarnsOfWhatTheDaemonCanDoWithout) {
  Facts facts = Healthy();
  facts.run_counts = Fails("EINVAL", "enabling BPF run counts: Invalid argument");
  facts.trial.features.push_back({.name = "tcx",
                                  .supported = false,
                                  .detail = "EINVAL",
                                  .description = "tc programs attach by a link."});
  EXPECT_THAT(Failures(facts), IsEmpty());
  EXPECT_THAT(Warnings(facts), ElementsAre("run counts", "tcx"));
  EXPECT_THAT(Find(facts, "tcx").lines, ElementsAre("with it: tc programs attach by a link."));
  EXPECT_EQ(Find(facts, "features").found, "ringbuf");
}

TEST(JudgeTest, DoesNotMissPerfmonThatNobodyWants) {
  Facts facts = Healthy();
  facts.trial.features.push_back(
      {.name = "perfmon", .supported = false, .detail = "EPERM", .description = "x"});
  EXPECT_THAT(Warnings(facts), ElementsAre("perfmon"));
  facts.perfmon = false;
  EXPECT_THAT(Warnings(facts), IsEmpty());
}

TEST(JudgeTest, FrontThatDoesNotRunFails) {
  Facts facts = Healthy();
  facts.front = Fails("ENOENT", "opening /usr/bin/bpfrigd-front: No such file or directory");
  facts.front.hint = "name the front's binary with --front";
  EXPECT_THAT(Failures(facts), ElementsAre("front"));
  EXPECT_THAT(Find(facts, "front").lines, Contains("name the front's binary with --front"));
}

TEST(JudgeTest, SocketThatIsServedWarns) {
  Facts facts = Healthy();
  facts.socket.served = true;
  facts.socket.server = 17;
  EXPECT_THAT(Warnings(facts), ElementsAre("socket"));
  EXPECT_EQ(Find(facts, "socket").found, "unix:/run/bpfrig/bpfrig.sock is served already, by process 17");
}

TEST(JudgeTest, SocketAndGroupThatCannotBeAreFailures) {
  Facts facts = Healthy();
  facts.socket.usable = Fails("EROFS", "writing to /run: Read-only file system");
  facts.socket.group = Fails("", "there is no group testers");
  EXPECT_THAT(Failures(facts), ElementsAre("socket", "group"));
  facts.socket.group = Works();
  facts.socket.usable = Works();
  facts.socket.needs_chown = true;
  EXPECT_THAT(Failures(facts), IsEmpty());
  facts.capabilities = AllBut({CAP_CHOWN});
  EXPECT_THAT(Failures(facts), ElementsAre("CAP_CHOWN"));
}

TEST(JudgeTest, TcpIsJudgedWhenAskedFor) {
  Facts facts = Healthy();
  facts.socket.tcp_address = "127.0.0.1:7443";
  EXPECT_EQ(Find(facts, "TCP").verdict, Verdict::kOk);
  facts.socket.tcp = Fails("EADDRINUSE", "listening at 127.0.0.1:7443: Address already in use");
  EXPECT_THAT(Failures(facts), ElementsAre("TCP"));
  facts.socket.served = true;
  EXPECT_THAT(Failures(facts), IsEmpty());
}

TEST(ReportTest, CountsWhatIsMissing) {
  const Finding ok{.verdict = Verdict::kOk, .name = "user", .found = "root", .lines = {}};
  const Finding failed{
      .verdict = Verdict::kFail, .name = "CAP_BPF", .found = "missing", .lines = {"run as root"}};
  EXPECT_EQ(FormatReport({ok, failed}),
            "ok    user              root\n"
            "FAIL  CAP_BPF           missing\n"
            "        run as root\n"
            "1 thing is missing\n");
  EXPECT_THAT(FormatReport({failed, failed}), HasSubstr("\n2 things are missing\n"));
  EXPECT_EQ(CountFailures({ok, failed, failed}), 2u);
}

}  // namespace
}  // namespace bpfrig::doctor

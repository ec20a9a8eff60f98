#include "daemon/doctor/proc_text.h"

#include <gtest/gtest.h>

namespace bpfrig::doctor {
namespace {

constexpr char kUnified[] =
    "41 31 0:38 / /sys/fs/cgroup/unified rw,nosuid shared:5 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kCpu[] = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n";
constexpr char kNet[] = "33 31 0:30 / /sys/fs/cgroup/net rw,relatime - cgroup cgroup rw,net_cls,net_prio\n";
constexpr char kRoot[] = "23 1 0:20 / / rw,relatime - ext4 /dev/net_cls rw\n";

std::string Concat(std::initializer_list<const char*> lines) {
  std::string text;
  for (const char* line : lines) text += line;
  return text;
}

TEST(ProcTextTest, ReadsIdMaps) {
  const std::vector<IdRange> machine = ParseIdMap("         0          0 4294967295\n");
  ASSERT_EQ(machine.size(), 1u);
  EXPECT_TRUE(Covers(machine, 0, 4294967294));
  EXPECT_FALSE(Covers(machine, 0, 4294967295));
  // Rootless Docker: two lines that touch.
  const std::vector<IdRange> rootless = ParseIdMap("0 1000 1\n1 100000 65536\n");
  EXPECT_TRUE(Covers(rootless, 0, 65536));
  EXPECT_FALSE(Covers(rootless, 65000, 65537));
  const std::vector<IdRange> apart = ParseIdMap("100 1 10\n0 0 10\n");
  EXPECT_TRUE(Covers(apart, 100, 109));
  EXPECT_FALSE(Covers(apart, 5, 105));
  EXPECT_TRUE(ParseIdMap("").empty());
}

TEST(ProcTextTest, SeesAFilter) {
  EXPECT_TRUE(HasSeccompFilter("NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
  EXPECT_FALSE(HasSeccompFilter("NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"));
  EXPECT_FALSE(HasSeccompFilter(""));
}

TEST(ProcTextTest, TellsWhoseALabelIs) {
  Facts facts;
  ClassifyLabel("", facts);
  EXPECT_EQ(facts.apparmor + facts.selinux, "");
  ClassifyLabel("docker-default (enforce)\n", facts);
  EXPECT_EQ(facts.apparmor, "docker-default (enforce)");
  ClassifyLabel(absl::string_view("system_u:system_r:container_t:s0\0", 33), facts);
  EXPECT_EQ(facts.selinux, "system_u:system_r:container_t:s0");
  ClassifyLabel("unconfined\n", facts);
  EXPECT_EQ(facts.apparmor, "unconfined");
}

TEST(ProcTextTest, ReadsLockdown) {
  EXPECT_EQ(ParseLockdown("[none] integrity confidentiality\n"), "none");
  EXPECT_EQ(ParseLockdown("none integrity [confidentiality]\n"), "confidentiality");
  EXPECT_EQ(ParseLockdown(""), "");
}

TEST(ProcTextTest, NamesTheLayoutOfCgroups) {
  EXPECT_EQ(CgroupLayout(Concat({kRoot, kUnified})), "v2");
  EXPECT_EQ(CgroupLayout(Concat({kRoot, kCpu, kUnified})), "hybrid");
  EXPECT_EQ(CgroupLayout(Concat({kRoot, kCpu})), "v1");
  EXPECT_EQ(CgroupLayout(kRoot), "none");
}

TEST(ProcTextTest, SeesNetCls) {
  EXPECT_TRUE(HasNetCls(Concat({kCpu, kNet})));
  EXPECT_FALSE(HasNetCls(Concat({kRoot, kCpu, kUnified})));
}

TEST(ProcTextTest, ComparesReleases) {
  EXPECT_TRUE(IsOlder("5.10.0-28-amd64", "5.14"));
  EXPECT_TRUE(IsOlder("4.19", "5.2"));
  EXPECT_FALSE(IsOlder("5.14.0", "5.14"));
  EXPECT_FALSE(IsOlder("6.1.0-18-amd64", "5.14"));
  EXPECT_FALSE(IsOlder("6.12-rc1", "6.12"));
}

}  // namespace
}  // namespace bpfrig::doctor

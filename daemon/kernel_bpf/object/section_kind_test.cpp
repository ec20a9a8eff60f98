#include "daemon/kernel_bpf/object/section_kind.h"

#include <gtest/gtest.h>

namespace bpfrig::kernel_bpf {
namespace {

TEST(SectionKindTest, ReadsSectionsAsLibbpfDoes) {
  EXPECT_EQ(KindOfSection("cgroup/connect4")->type, BPF_PROG_TYPE_CGROUP_SOCK_ADDR);
  EXPECT_EQ(KindOfSection("cgroup/connect4")->attach_type, BPF_CGROUP_INET4_CONNECT);
  EXPECT_EQ(KindOfSection("sockops")->type, BPF_PROG_TYPE_SOCK_OPS);
  EXPECT_EQ(KindOfSection("classifier")->type, BPF_PROG_TYPE_SCHED_CLS);
}

TEST(SectionKindTest, ReadsSectionsOfLaterLibbpfs) {
  EXPECT_EQ(KindOfSection("cgroup/connect_unix")->type, BPF_PROG_TYPE_CGROUP_SOCK_ADDR);
  EXPECT_EQ(KindOfSection("cgroup/connect_unix")->attach_type, 49);
  EXPECT_EQ(KindOfSection("cgroup/getsockname_unix")->attach_type, 53);
  EXPECT_EQ(KindOfSection("tcx/egress")->type, BPF_PROG_TYPE_SCHED_CLS);
  EXPECT_EQ(KindOfSection("tcx/egress")->attach_type, 47);
  EXPECT_EQ(KindOfSection("sk_skb/verdict")->attach_type, 38);
}

TEST(SectionKindTest, ReadsSectionsWithANameBehindThem) {
  EXPECT_EQ(KindOfSection("tc/prog_a")->type, BPF_PROG_TYPE_SCHED_CLS);
  EXPECT_EQ(KindOfSection("xdp-prog1")->type, BPF_PROG_TYPE_XDP);
  EXPECT_EQ(KindOfSection("xdp_auth")->type, BPF_PROG_TYPE_XDP);
  EXPECT_EQ(KindOfSection("cgroup/connect4/lb")->attach_type, BPF_CGROUP_INET4_CONNECT);
  EXPECT_EQ(KindOfSection("cgroup/connect6/lb_a-b")->attach_type, BPF_CGROUP_INET6_CONNECT);
  EXPECT_EQ(KindOfSection("sk_lookup/name")->type, BPF_PROG_TYPE_SK_LOOKUP);
  EXPECT_EQ(KindOfSection("sk_msg/one")->type, BPF_PROG_TYPE_SK_MSG);
  EXPECT_EQ(KindOfSection("cgroup/sendmsg_unix/a")->attach_type, 50);
}

TEST(SectionKindTest, DoesNotGuess) {
  for (const char* section : {"", "/", "_", "mesh/connect", "cgroup/connect", "cgroup/nothing4", ".text"}) {
    EXPECT_FALSE(KindOfSection(section).has_value()) << section;
  }
}

TEST(SectionKindTest, NamesASectionThatIsNear) {
  EXPECT_EQ(SectionNear("cgroup/connect"), "cgroup/connect4");
  EXPECT_EQ(SectionNear("sk_mgs"), "sk_msg");
  EXPECT_EQ(SectionNear("something else"), "sockops");
}

TEST(SectionKindTest, ReadsTheSlotsOfProgramArrays) {
  EXPECT_EQ(ArraySlotOfSection("2/7")->array_id, 2U);
  EXPECT_EQ(ArraySlotOfSection("2/7")->slot, 7U);
  for (const char* section : {"", "/", "2", "2/x", "-1/2", "4294967296/1", "1/2/3", "tc/1"}) {
    EXPECT_FALSE(ArraySlotOfSection(section).has_value()) << section;
  }
}

TEST(SectionKindTest, KnowsWhatOtherLoadersMeanBySections) {
  EXPECT_EQ(SectionOfLoader("prog")->type, "xdp");
  EXPECT_EQ(SectionOfLoader("ingress")->type, "tc");
  EXPECT_EQ(SectionOfLoader("from-container")->type, "tc");
  EXPECT_EQ(SectionOfLoader("2/7")->meaning,
            "iproute2 gives it the one type that it loads all programs by, and puts it into slot 7 of the "
            "program array with the id 2");
  for (const char* section : {"", "/", "2", "2/x", "mesh/connect", "1/2/3"}) {
    EXPECT_FALSE(SectionOfLoader(section).has_value()) << section;
  }
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

// Attaching programs to their hooks, and reading what they report.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <poll.h>

#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/map/map_dump.h"
#include "daemon/kernel_bpf/map/map_write.h"
#include "daemon/kernel_bpf/map/ring_buffer.h"
#include "daemon/kernel_bpf/program/link.h"
#include "tests/kernel/kernel_bpf_fixture.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::DetailOf;
using base::Reason;
using testing::HasSubstr;

// Makes the kernel count runs for as long as it lives.
common::Fd CountRuns() {
  common::Fd stats(bpf_enable_stats(BPF_STATS_RUN_TIME));
  EXPECT_TRUE(stats.IsOpen());
  return stats;
}

uint64_t RunsOf(const Program& program) { return program.Info().value().run_count; }

bool IsReadable(int fd) {
  struct pollfd poll {};
  poll.fd = fd;
  poll.events = POLLIN;
  return ::poll(&poll, 1, 0) == 1;
}

std::vector<std::string> DrainAll(RecordReader& ring) {
  std::vector<std::string> records;
  EXPECT_TRUE(ring.Drain(1000, [&](const Record& record) { records.emplace_back(record.bytes); }).ok());
  return records;
}

TEST(KernelBpfLinkTest, RunsACgroupProgramUntilDetached) {
  TestCgroup cgroup;
  BpfObject object = MustLoad("noop");
  common::Fd stats = CountRuns();
  const Program& program = *object.FindProgram("noop_connect4");
  AttachPoints points;
  points.cgroup_fd = cgroup.fd();
  absl::StatusOr<Link> link = Link::Attach(program, points);
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_TRUE(link->IsBpfLink());
  EXPECT_EQ(cgroup.Dial(9), ECONNREFUSED);
  EXPECT_EQ(RunsOf(program), 1U);
  EXPECT_TRUE(link->Detach().ok());
  EXPECT_FALSE(link->IsAttached());
  EXPECT_EQ(cgroup.Dial(9), ECONNREFUSED);
  EXPECT_EQ(RunsOf(program), 1U);
}

TEST(KernelBpfLinkTest, KnowsWhereAProgramGoes) {
  BpfObject object = MustLoad("kernel_bpf_hooks");
  EXPECT_EQ(PlaceOf(*object.FindProgram("look_up")).value(), AttachPlace::kNetns);
  EXPECT_EQ(PlaceOf(*object.FindProgram("pass_frame")).value(), AttachPlace::kInterface);
  EXPECT_EQ(PlaceOf(*object.FindProgram("pass_message")).value(), AttachPlace::kSocketMap);
  EXPECT_EQ(PlaceOf(*object.FindProgram("mark_packet")).value(), AttachPlace::kCgroup);
  TestSpec kprobe("kernel_bpf_hooks");
  kprobe.spec.programs = {{"nowhere", ""}};
  kprobe.spec.policy = LoadPolicy::Allowing({"program-type:kprobe"}).value();
  BpfObject elsewhere = MustLoad(kprobe.spec);
  absl::Status status = PlaceOf(*elsewhere.FindProgram("nowhere")).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kUnsupported);
  EXPECT_THAT(std::string(status.message()), HasSubstr("kprobe"));
  status = Link::Attach(*object.FindProgram("mark_packet"), AttachPoints()).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kInvalidField);
}

TEST(KernelBpfLinkTest, AttachesToANetworkNamespaceAndItsInterface) {
  InOwnNetns([] {
    BpfObject object = MustLoad("kernel_bpf_hooks");
    common::Fd stats = CountRuns();
    common::Fd netns(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    AttachPoints points;
    points.netns_fd = netns.Get();
    points.interface_index = 1;
    std::vector<Link> links;
    for (const char* name : {"look_up", "pass_frame", "pass_packet"}) {
      absl::StatusOr<Link> link = Link::Attach(*object.FindProgram(name), points);
      // Kernels before 6.6 have no tcx.
      if (!link.ok() && DetailOf(link.status()).reason == Reason::kUnsupported) continue;
      EXPECT_TRUE(link.ok()) << name << ": " << link.status();
      if (link.ok()) links.push_back(*std::move(link));
    }
    EXPECT_EQ(DialLoopback(9), ECONNREFUSED);
    EXPECT_GE(RunsOf(*object.FindProgram("look_up")), 1U);
    EXPECT_GE(RunsOf(*object.FindProgram("pass_frame")), 1U);
    EXPECT_GE(RunsOf(*object.FindProgram("pass_packet")), links.size() == 3 ? 1U : 0U);
  });
}

TEST(KernelBpfLinkTest, AttachesToASocketMap) {
  BpfObject object = MustLoad("kernel_bpf_hooks");
  BpfObject maps = MustLoad("all_maps");
  AttachPoints points;
  points.socket_map = object.FindMap("sockets");
  for (const char* name : {"pass_message", "pass_stream"}) {
    absl::StatusOr<Link> link = Link::Attach(*object.FindProgram(name), points);
    ASSERT_TRUE(link.ok()) << name << ": " << link.status();
    EXPECT_TRUE(link->IsAttached());
    EXPECT_TRUE(link->Detach().ok());
    // A detached program can be attached again.
    EXPECT_TRUE(Link::Attach(*object.FindProgram(name), points).ok());
  }
  points.socket_map = maps.FindMap("hash");
  absl::Status status = Link::Attach(*object.FindProgram("pass_message"), points).status();
  EXPECT_EQ(DetailOf(status).reason, Reason::kTypeMismatch);
  EXPECT_EQ(DetailOf(status).field, "map");
}

TEST(KernelBpfLinkTest, ReadsTypedEventsOnce) {
  TestCgroup cgroup;
  BpfObject object = MustLoad("all_maps");
  AttachPoints points;
  points.cgroup_fd = cgroup.fd();
  absl::StatusOr<Link> link = Link::Attach(*object.FindProgram("connect_with_maps"), points);
  ASSERT_TRUE(link.ok()) << link.status();
  absl::StatusOr<std::unique_ptr<RecordReader>> opened = RingBuffer::Open(*object.FindMap("events"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  RecordReader& ring = **opened;
  EXPECT_FALSE(IsReadable(ring.PollFd()));
  for (uint16_t port : {uint16_t{7}, uint16_t{9}, uint16_t{11}}) EXPECT_EQ(cgroup.Dial(port), ECONNREFUSED);
  EXPECT_TRUE(IsReadable(ring.PollFd()));
  std::string first;
  EXPECT_EQ(ring.Drain(1, [&](const Record& record) { first = std::string(record.bytes); }).value(), 1U);
  TypeRef type = object.types().Find("connect_event").value();
  Value seven = FieldsOf({{"address", Prefix({127, 0, 0, 1})}, {"port", Unsigned(7)}});
  Encoded expected = Encode(type, seven).value();
  ASSERT_GE(first.size(), expected.bytes.size());
  for (size_t i = 0; i < expected.bytes.size(); ++i) {
    EXPECT_EQ((first[i] ^ expected.bytes[i]) & expected.mask[i], 0) << "byte " << i;
  }
  EXPECT_EQ(std::get<Fields>(Decode(type, first)->kind)[1].value, Unsigned(7));
  EXPECT_EQ(DrainAll(ring).size(), 2U) << "the first was consumed, and only the first";
  EXPECT_TRUE(DrainAll(ring).empty());
  EXPECT_EQ(DetailOf(RingBuffer::Open(*object.FindMap("hash")).status()).reason, Reason::kTypeMismatch);
}

// The codec, the kernel and a program agree on where each member lies.
TEST(KernelBpfLinkTest, ShowsAProgramWhatWasWritten) {
  TestCgroup cgroup;
  BpfObject object = MustLoad("all_maps");
  TypeRef everything = object.types().Find("everything").value();
  Value written = FieldsOf({{"s16", Signed(-2)},
                            {"colour", TextOf("COLOUR_GREEN")},
                            {"flag", TextOf("true")},
                            {"text", TextOf("text")},
                            {"grid", ListOf({ListOf({Unsigned(1), Unsigned(2)}), ListOf({Unsigned(3)})})},
                            {"inner_b", Unsigned(77)},
                            {"middle", Unsigned(4000)},
                            {"signed_bits", Signed(-16)},
                            {"wide_bits", Unsigned(uint64_t{1} << 32)},
                            {"pair", FieldsOf({{"number", Unsigned(0xdeadbeef)}})}});
  MapChange change;
  change.key = std::string("\x09\0\0\0", 4);
  change.value = Encode(everything, written)->bytes;
  WriteProgress progress;
  ASSERT_TRUE(WriteMap(*object.FindMap("hash"), {change}, BatchMode::kAuto, progress).ok());
  AttachPoints points;
  points.cgroup_fd = cgroup.fd();
  absl::StatusOr<Link> link = Link::Attach(*object.FindProgram("connect_with_maps"), points);
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_EQ(cgroup.Dial(9), ECONNREFUSED);
  const std::unique_ptr<RecordReader> ring = RingBuffer::Open(*object.FindMap("events")).value();
  std::vector<std::string> records = DrainAll(*ring);
  ASSERT_EQ(records.size(), 1U);
  Value event = Decode(object.types().Find("connect_event").value(), records[0]).value();
  EXPECT_EQ(std::get<Fields>(event.kind).back().value, Decode(everything, change.value).value());
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

// Every place of a sandbox for a program: one is loaded, attached, driven by the step that the table of
// docs/attach-types.md names, and seen to have run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdio>
#include <ostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/documents.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

struct Place {
  // As <linux/bpf.h> has it, without BPF_.
  const char* type;
  const char* program;
  const char* section;
  const char* where;
  // The first kernel that has it; 5.10 stands for all that the rig runs on.
  const char* since;
  // The plan's step that makes it run.
  const char* driven_by;
  std::vector<std::string> before;  // what has to be there before it is attached
  const char* target;               // more of the AttachTarget
  std::vector<std::string> drive;
};

std::string Tcp(const std::string& address) {
  return absl::StrCat("listen { name: \"s\" at { address: \"", address,
                      "\" port: 80 } behaviour { echo: true } }");
}
std::string Udp(const std::string& address) {
  return absl::StrCat("listen { name: \"u\" transport: TRANSPORT_UDP at { address: \"", address,
                      "\" port: 53 } behaviour { echo: true } }");
}
std::string Dial(const std::string& address) {
  return absl::StrCat("connect { name: \"c\" to { address: \"", address,
                      "\" port: 80 } send: \"hello\" receive { at_least: 5 } }");
}
std::string SendTo(const std::string& address) {
  return absl::StrCat("send { from { connection: \"p\" } to { address: \"", address,
                      "\" port: 53 } data: \"x\" }");
}

const std::string kFour = "10.96.0.1";
const std::string kSix = "fd00::1";
const std::string kTcp = R"(open_socket { name: "t" bind { address: "10.96.0.1" port: 81 } })";
const std::string kTcp6 = R"(open_socket { name: "t" bind { address: "fd00::1" port: 81 } })";
const std::string kPlain4 = R"(open_socket { name: "p" transport: TRANSPORT_UDP })";
const std::string kPlain6 =
    R"(open_socket { name: "p" transport: TRANSPORT_UDP family: ADDRESS_FAMILY_IPV6 })";
const std::string kTake = R"(receive { at { connection: "p" } until { at_least: 1 } })";
const std::string kUnix =
    R"(listen { name: "x" transport: TRANSPORT_UNIX at { abstract: "x" } behaviour { echo: true } })";
const std::string kUnixDatagram =
    R"(listen { name: "d" transport: TRANSPORT_UNIX_DATAGRAM at { abstract: "d" } behaviour { echo: true } })";
const std::string kDialUnix = R"(connect { name: "c" to { abstract: "x" } })";
const std::string kPlainUnix =
    R"(open_socket { name: "p" transport: TRANSPORT_UNIX_DATAGRAM bind { abstract: "p" } })";
const std::string kSendUnix = R"(send { from { connection: "p" } to { abstract: "d" } data: "x" })";
const std::string kOwnName = R"(get_socket_name { socket { connection: "c" } })";
// One that has a name.
const std::string kServersName = R"(get_socket_name { socket { connection: "x" } })";
const std::string kPeerName = R"(get_socket_name { socket { connection: "c" } of: SOCKET_SIDE_PEER })";
const std::string kSeed =
    R"(seed_map { map: "sockets" entries { key { unsigned_integer: 0 }
                                           value { tag { socket { connection: "c" } } } } })";
const std::string kSeedAccepted =
    R"(seed_map { map: "sockets" entries { key { unsigned_integer: 0 }
         value { tag { socket { connection: "c" end: CONNECTION_END_ACCEPTED } } } } })";
const std::string kSend = R"(send { from { connection: "c" } data: "x" })";
const std::string kGroup =
    R"(listen { name: "g" at { address: "10.96.0.1" port: 80 } reuseport: true behaviour { echo: true } })";
constexpr char kMap[] = R"(map: "sockets")";

std::vector<Place> Places() {
  const char* cgroup = "the sandbox's cgroup";
  const char* netns = "its network namespace";
  const char* map = "a sockmap or sockhash (`map:`)";
  const char* socket = "a socket (`socket:`)";
  const char* lo = "its `lo`";
  return {
      {"CGROUP_INET_INGRESS",
       "skb_ingress",
       "cgroup_skb/ingress",
       cgroup,
       "5.10",
       "any traffic",
       {},
       "",
       {Tcp(kFour), Dial(kFour)}},
      {"CGROUP_INET_EGRESS",
       "skb_egress",
       "cgroup_skb/egress",
       cgroup,
       "5.10",
       "any traffic",
       {},
       "",
       {Tcp(kFour), Dial(kFour)}},
      {"CGROUP_INET_SOCK_CREATE",
       "sock_create",
       "cgroup/sock_create",
       cgroup,
       "5.10",
       "`socket`, `listen`, `connect`",
       {},
       "",
       {kTcp}},
      {"CGROUP_INET_SOCK_RELEASE",
       "sock_release",
       "cgroup/sock_release",
       cgroup,
       "5.10",
       "`disconnect`",
       {},
       "",
       {kTcp, R"(disconnect { connection { connection: "t" } })"}},
      {"CGROUP_INET4_BIND",
       "bind4",
       "cgroup/bind4",
       cgroup,
       "5.10",
       "`socket` with `bind`, `listen`",
       {},
       "",
       {kTcp}},
      {"CGROUP_INET6_BIND",
       "bind6",
       "cgroup/bind6",
       cgroup,
       "5.10",
       "`socket` with `bind`, `listen`",
       {},
       "",
       {kTcp6}},
      {"CGROUP_INET4_POST_BIND",
       "post_bind4",
       "cgroup/post_bind4",
       cgroup,
       "5.10",
       "`socket` with `bind`, `listen`",
       {},
       "",
       {kTcp}},
      {"CGROUP_INET6_POST_BIND",
       "post_bind6",
       "cgroup/post_bind6",
       cgroup,
       "5.10",
       "`socket` with `bind`, `listen`",
       {},
       "",
       {kTcp6}},
      {"CGROUP_INET4_CONNECT",
       "connect4",
       "cgroup/connect4",
       cgroup,
       "5.10",
       "`connect`",
       {Tcp(kFour)},
       "",
       {Dial(kFour)}},
      {"CGROUP_INET6_CONNECT",
       "connect6",
       "cgroup/connect6",
       cgroup,
       "5.10",
       "`connect`",
       {Tcp(kSix)},
       "",
       {Dial(kSix)}},
      {"CGROUP_UNIX_CONNECT",
       "connect_unix",
       "cgroup/connect_unix",
       cgroup,
       "6.7",
       "`connect`",
       {kUnix},
       "",
       {kDialUnix}},
      {"CGROUP_UDP4_SENDMSG",
       "sendmsg4",
       "cgroup/sendmsg4",
       cgroup,
       "5.10",
       "`send` with `to`",
       {Udp(kFour), kPlain4},
       "",
       {SendTo(kFour)}},
      {"CGROUP_UDP6_SENDMSG",
       "sendmsg6",
       "cgroup/sendmsg6",
       cgroup,
       "5.10",
       "`send` with `to`",
       {Udp(kSix), kPlain6},
       "",
       {SendTo(kSix)}},
      {"CGROUP_UNIX_SENDMSG",
       "sendmsg_unix",
       "cgroup/sendmsg_unix",
       cgroup,
       "6.7",
       "`send` with `to`",
       {kUnixDatagram, kPlainUnix},
       "",
       {kSendUnix}},
      {"CGROUP_UDP4_RECVMSG",
       "recvmsg4",
       "cgroup/recvmsg4",
       cgroup,
       "5.10",
       "`receive`",
       {Udp(kFour), kPlain4, SendTo(kFour)},
       "",
       {kTake}},
      {"CGROUP_UDP6_RECVMSG",
       "recvmsg6",
       "cgroup/recvmsg6",
       cgroup,
       "5.10",
       "`receive`",
       {Udp(kSix), kPlain6, SendTo(kSix)},
       "",
       {kTake}},
      {"CGROUP_UNIX_RECVMSG",
       "recvmsg_unix",
       "cgroup/recvmsg_unix",
       cgroup,
       "6.7",
       "`receive`",
       {kUnixDatagram, kPlainUnix, kSendUnix},
       "",
       {kTake}},
      {"CGROUP_INET4_GETPEERNAME",
       "getpeername4",
       "cgroup/getpeername4",
       cgroup,
       "5.10",
       "`getname`",
       {Tcp(kFour), Dial(kFour)},
       "",
       {kPeerName}},
      {"CGROUP_INET6_GETPEERNAME",
       "getpeername6",
       "cgroup/getpeername6",
       cgroup,
       "5.10",
       "`getname`",
       {Tcp(kSix), Dial(kSix)},
       "",
       {kPeerName}},
      {"CGROUP_UNIX_GETPEERNAME",
       "getpeername_unix",
       "cgroup/getpeername_unix",
       cgroup,
       "6.7",
       "`getname`",
       {kUnix, kDialUnix},
       "",
       {kPeerName}},
      {"CGROUP_INET4_GETSOCKNAME",
       "getsockname4",
       "cgroup/getsockname4",
       cgroup,
       "5.10",
       "`getname`",
       {Tcp(kFour), Dial(kFour)},
       "",
       {kOwnName}},
      {"CGROUP_INET6_GETSOCKNAME",
       "getsockname6",
       "cgroup/getsockname6",
       cgroup,
       "5.10",
       "`getname`",
       {Tcp(kSix), Dial(kSix)},
       "",
       {kOwnName}},
      {"CGROUP_UNIX_GETSOCKNAME",
       "getsockname_unix",
       "cgroup/getsockname_unix",
       cgroup,
       "6.7",
       "`getname`",
       {kUnix, kDialUnix},
       "",
       {kServersName}},
      {"CGROUP_GETSOCKOPT",
       "getsockopt",
       "cgroup/getsockopt",
       cgroup,
       "5.10",
       "`getsockopt`",
       {kTcp},
       "",
       {R"(get_socket_option { socket { connection: "t" } level: "SOL_SOCKET" option: "SO_MARK" })"}},
      {"CGROUP_SETSOCKOPT",
       "setsockopt",
       "cgroup/setsockopt",
       cgroup,
       "5.10",
       "`setsockopt`, `options`",
       {kTcp},
       "",
       {R"(set_socket_option { socket { connection: "t" } level: "SOL_SOCKET" option: "SO_KEEPALIVE"
                               value { unsigned_integer: 1 } })"}},
      {"CGROUP_SOCK_OPS",
       "sock_ops",
       "sockops",
       cgroup,
       "5.10",
       "`listen`, `connect`",
       {Tcp(kFour)},
       "",
       {Dial(kFour)}},
      {"SK_LOOKUP",
       "look_up",
       "sk_lookup",
       netns,
       "5.10",
       "`connect`, `send`",
       {Tcp(kFour)},
       "",
       {Dial(kFour)}},
      {"SK_MSG_VERDICT",
       "message",
       "sk_msg",
       map,
       "5.10",
       "`send` from a socket of the map",
       {Tcp(kFour), Dial(kFour)},
       kMap,
       {kSeed, kSend}},
      {"SK_SKB_STREAM_VERDICT",
       "stream_verdict",
       "sk_skb/stream_verdict",
       map,
       "5.10",
       "`send` to a socket of the map",
       {Tcp(kFour), Dial(kFour)},
       kMap,
       {kSeedAccepted, kSend}},
      {"SK_SKB_VERDICT",
       "verdict",
       "sk_skb/verdict",
       map,
       "5.13",
       "`send` to a socket of the map",
       {Tcp(kFour), Dial(kFour)},
       kMap,
       {kSeedAccepted, kSend}},
      {"socket filter",
       "filter",
       "socket",
       socket,
       "5.10",
       "`send` to the socket",
       {Udp(kFour), kPlain4},
       R"(socket { connection: "u" })",
       {SendTo(kFour)}},
      {"SK_REUSEPORT_SELECT",
       "reuseport",
       "sk_reuseport",
       socket,
       "5.10",
       "`connect`, `send`",
       {kGroup},
       R"(socket { connection: "g" })",
       {Dial(kFour)}},
      {"SK_REUSEPORT_SELECT_OR_MIGRATE",
       "reuseport_migrate",
       "sk_reuseport/migrate",
       socket,
       "5.14",
       "`connect`, `send`",
       {kGroup},
       R"(socket { connection: "g" })",
       {Dial(kFour)}},
      {"XDP", "xdp", "xdp", lo, "5.10", "any traffic", {}, "", {Tcp(kFour), Dial(kFour)}},
      {"TCX_INGRESS",
       "tcx_ingress",
       "tc, tcx/ingress",
       lo,
       "6.6",
       "any traffic",
       {},
       "",
       {Tcp(kFour), Dial(kFour)}},
      {"TCX_EGRESS",
       "tcx_egress",
       "tc with `egress: true`, tcx/egress",
       lo,
       "6.6",
       "any traffic",
       {},
       "",
       {Tcp(kFour), Dial(kFour)}},
  };
}

// 6.12 as 6012.
int Number(const char* release) {
  int major = 0;
  int minor = 0;
  EXPECT_EQ(std::sscanf(release, "%d.%d", &major, &minor), 2) << release;
  return major * 1000 + minor;
}

// Whether this kernel may refuse it, as the page says. One that takes it all the same is tested.
bool MayRefuse(const Place& place) {
  utsname name{};
  EXPECT_EQ(::uname(&name), 0);
  return Number(name.release) < Number(place.since);
}

// For the name of a test that failed.
void PrintTo(const Place& place, std::ostream* out) { *out << place.type; }

class AttachTypesTest : public WorkerRootTest, public ::testing::WithParamInterface<Place> {};

TEST_P(AttachTypesTest, RunsWhenItIsDriven) {
  const Place& place = GetParam();
  const CallResult loaded =
      worker_.Load(TestObject("attach_types"), absl::StrCat("programs { program: \"", place.program, "\" }"));
  if (loaded.reply().load_program().has_rejected() && MayRefuse(place)) {
    GTEST_SKIP() << WhyNotTaken(loaded) << "; Linux " << place.since << " does";
  }
  ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.Text();
  for (const std::string& request : place.before) BPFRIG_EXPECT_RUNS(request);
  const CallResult attached =
      Run(absl::StrCat("attach { target { program: \"", place.program, "\" ", place.target, " } }"));
  if (!attached.ok() && MayRefuse(place)) {
    GTEST_SKIP() << "this kernel does not attach " << place.program << "; Linux " << place.since << " does";
  }
  ASSERT_TRUE(attached.ok()) << attached.Text();
  EXPECT_EQ(Run("count_runs {}").reply().count_runs().programs(0).total(), 0u) << "before it is driven";
  for (const std::string& request : place.drive) BPFRIG_EXPECT_RUNS(request);
  const CallResult counted = Run("count_runs {}");
  EXPECT_GT(counted.reply().count_runs().programs(0).total(), 0u) << counted.Text();
}

INSTANTIATE_TEST_SUITE_P(Places, AttachTypesTest, ::testing::ValuesIn(Places()),
                         [](const auto& place) { return std::string(place.param.program); });

TEST(AttachTypesPageTest, HasARowForEach) {
  std::string table = "| attach type | section | where | since Linux | runs in |\n|---|---|---|---|---|\n";
  for (const Place& place : Places()) {
    absl::StrAppend(&table, "| `", place.type, "` | ", place.section, " | ", place.where, " | ", place.since,
                    " | ", place.driven_by, " |\n");
  }
  ExpectTable(BPFRIG_SOURCE "/docs/attach-types.md", table);
}

}  // namespace
}  // namespace bpfrig::tests

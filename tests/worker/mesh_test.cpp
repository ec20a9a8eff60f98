// The whole chain on the reference data plane: a connect that a program redirects to a waypoint.
#include <gtest/gtest.h>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

class MeshTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded = worker_.Load(MeshObject("cgroup_sock"), R"(
        attach { program: "cgroup_connect4_prog" } attach { program: "cgroup_connect6_prog" })");
    ASSERT_TRUE(loaded.ok()) << loaded.Text();
    ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.reply().ShortDebugString();
    BPFRIG_EXPECT_RUNS(R"(listen { name: "waypoint" at { address: "172.19.0.2" port: 15006 }
                                   behaviour { echo: true } })");
    BPFRIG_EXPECT_RUNS(R"(listen { name: "direct" at { address: "10.96.0.1" port: 8080 } })");
    BPFRIG_EXPECT_RUNS(R"(seed_map { map: "km_frontend" key_type: "frontend_key" value_type: "frontend_value"
        entries { key { fields { fields { name: "addr" value { tag { ip: "10.96.0.1" } } } } }
                  value { fields { fields { name: "upstream_id" value { unsigned_integer: 7 } } } } } })");
    BPFRIG_EXPECT_RUNS(R"(seed_map { map: "km_backend" key_type: "backend_key" value_type: "backend_value"
        entries { key { fields { fields { name: "backend_uid" value { unsigned_integer: 7 } } } }
                  value { fields { fields { name: "wp_addr" value { tag { ip: "172.19.0.2" } } }
                                   fields { name: "waypoint_port"
                                            value { tag { network_integer { bits: 16 value: 15006 } } } } } } } })");
  }
};

TEST_F(MeshTest, AManagedConnectGoesToTheWaypointAndAnUnmanagedOneDoesNot) {
  const std::string connect = R"(connect { to { address: "10.96.0.1" port: 8080 } })";
  EXPECT_EQ(Run(connect).reply().connect().server(), "direct");
  // The control connect enables this network namespace.
  EXPECT_EQ(Run(R"(connect { to { address: "0.0.0.2" port: 929 } })").reply().connect().errno_name(),
            "ECONNREFUSED");
  const CallResult managed = Run(R"(dump_map { map: "km_manage"
      patterns { key { fields { fields { name: "netns_cookie" value { tag { netns_cookie: true } } } } } } })");
  ASSERT_EQ(managed.replies.size(), 2u) << managed.Text();
  ASSERT_EQ(managed.replies[0].dump_map().entries_size(), 1);
  EXPECT_EQ(managed.replies[0].dump_map().entries(0).raw_key().substr(0, 8),
            managed.replies[0].dump_map().patterns(0).key().bytes().substr(0, 8));

  const CallResult redirected = Run(R"(connect { name: "c" to { address: "10.96.0.1" port: 8080 }
                                                 send: "hello" receive { at_least: 5 } })");
  const v1::ConnectResponse& answer = redirected.reply().connect();
  EXPECT_EQ(answer.errno_name(), "") << redirected.Text();
  EXPECT_EQ(answer.server(), "waypoint");
  EXPECT_EQ(answer.peer().address(), "172.19.0.2");
  EXPECT_EQ(answer.peer().port(), 15006u);
  EXPECT_EQ(answer.received(), "hello");

  // An IPv4-mapped address takes the IPv6 hook to the same place.
  const CallResult mapped = Run(R"(connect { to { address: "::ffff:10.96.0.1" port: 8080 } })");
  EXPECT_EQ(mapped.reply().connect().server(), "waypoint") << mapped.reply().ShortDebugString();

  EXPECT_EQ(Run(R"(connect { to { address: "0.0.0.2" port: 930 } })").reply().connect().errno_name(),
            "ECONNREFUSED");
  EXPECT_EQ(Run(connect).reply().connect().server(), "direct");
  const CallResult closed = Run("close_sandbox {}");
  ASSERT_EQ(closed.reply().close_sandbox().programs_size(), 2);
  EXPECT_EQ(closed.reply().close_sandbox().programs(0).run_count(), 5u);
  EXPECT_EQ(closed.reply().close_sandbox().programs(1).run_count(), 1u);
}

}  // namespace
}  // namespace bpfrig::tests

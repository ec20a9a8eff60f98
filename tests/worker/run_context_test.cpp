// Contexts of test runs by the names of their fields, for each kind of program that has one.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/bpf_features.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

std::string Number(const std::string& name, int64_t number) {
  return absl::StrCat("fields { name: \"", name, "\" value { unsigned_integer: ", number, " } } ");
}

const v1::Value* Member(const v1::Value& fields, const std::string& name) {
  for (const v1::Field& field : fields.fields().fields()) {
    if (field.name() == name) return &field.value();
  }
  return nullptr;
}

class RunContextTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    const CallResult loaded = worker_.Load(TestObject("run_contexts"));
    ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.Text();
  }
  CallResult RunWith(const std::string& program, const std::string& fields, const std::string& more) {
    return Run(absl::StrCat("run_program { program: \"", program, "\" context_fields { fields { ", fields,
                            "} } ", more, " }"));
  }
};

TEST_F(RunContextTest, APacketsContextIsChanged) {
  const CallResult result =
      RunWith("mark_packet", Number("mark", 5),
              absl::StrCat(kPacket, " context_patterns { fields { ", Number("mark", 6), "} }"));
  ASSERT_TRUE(result.ok()) << result.Text();
  const v1::RunProgramResponse& response = result.reply().run_program();
  EXPECT_EQ(Member(response.context_fields(), "mark")->unsigned_integer(), 6u);
  EXPECT_EQ(Member(response.context_fields(), "priority")->unsigned_integer(), 3u);
  ASSERT_EQ(response.context_patterns_size(), 1);
  const v1::ResolvedValue& pattern = response.context_patterns(0);
  ASSERT_EQ(pattern.bytes().size(), response.context().size());
  int said = 0;
  for (size_t i = 0; i < pattern.bytes().size(); ++i) {
    EXPECT_EQ((pattern.bytes()[i] ^ response.context()[i]) & pattern.mask()[i], 0) << i;
    said += pattern.mask()[i] != 0 ? 1 : 0;
  }
  EXPECT_EQ(said, 4) << "the mark alone";
}

TEST_F(RunContextTest, WithPatternsAloneItIsZeroBefore) {
  const CallResult result = Run(absl::StrCat("run_program { program: \"mark_packet\" ", kPacket,
                                             " context_patterns { fields { ", Number("mark", 1), "} } }"));
  EXPECT_EQ(Member(result.reply().run_program().context_fields(), "mark")->unsigned_integer(), 1u)
      << result.Text();
}

TEST_F(RunContextTest, ManyPacketsAreRunInOneCallEachWithTheSameContext) {
  const CallResult one = RunWith("mark_packet", Number("mark", 5), kPacket);
  ASSERT_TRUE(one.ok()) << one.Text();
  const std::string packet = one.reply().run_program().data();
  const std::string context = one.reply().run_program().context();
  const auto run = [&](const std::vector<std::string>& further) {
    std::string text = absl::StrCat("run_program { program: \"mark_packet\" data: \"", absl::CEscape(packet),
                                    "\" context: \"", absl::CEscape(context), "\" ");
    for (const std::string& data : further)
      absl::StrAppend(&text, "further_data: \"", absl::CEscape(data), "\" ");
    return Run(text + "}");
  };
  // As long as the context has it.
  const std::string start = packet.substr(0, packet.size() - 1);
  const std::vector<std::string> packets = {start + "2", start + "3", packet};
  const CallResult result = run(packets);
  ASSERT_TRUE(result.ok()) << result.Text();
  const v1::RunProgramResponse& response = result.reply().run_program();
  EXPECT_EQ(response.data(), packet);
  EXPECT_NE(response.context(), context) << "its mark is one more";
  ASSERT_EQ(response.further().data_size(), 3) << response.ShortDebugString();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response.further().data(i), packets[i]);
    EXPECT_EQ(response.further().return_values(i), response.return_value());
  }
  EXPECT_EQ(response.further().contexts(2), response.context());
  EXPECT_EQ(response.further().contexts_size(), 3);
  EXPECT_EQ(response.further().duration_ns_size(), 3);
  const CallResult too_short = run({packet, "short"});
  EXPECT_EQ(too_short.field(), "further_data[1]") << too_short.Text();
}

TEST_F(RunContextTest, NoMoreRunsThanThereIsTimeFor) {
  std::string text = absl::StrCat("run_program { program: \"mark_packet\" ", kPacket, " begin_within_ms: 1 ");
  const std::string further = absl::StrCat("further_", kPacket, " ");
  constexpr int kMany = 50'000;
  for (int i = 0; i < kMany; ++i) text += further;
  const CallResult result = Run(text + "}");
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_LT(result.reply().run_program().further().data_size(), kMany);
}

TEST_F(RunContextTest, AnXdpPacketEndsWhereItsDataDoes) {
  if (!KernelRunsXdpWithContext())
    GTEST_SKIP() << "this kernel takes no context for test runs of xdp programs";
  const CallResult result = RunWith("count_queue", Number("ingress_ifindex", 1), kPacket);
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.reply().run_program().return_value(), 2u);
  EXPECT_EQ(Member(result.reply().run_program().context_fields(), "data_end")->unsigned_integer(), 54u);
}

TEST_F(RunContextTest, ALookUpHasItsTupleThere) {
  const CallResult look_up = RunWith(
      "refuse_port", absl::StrCat(Number("family", 2), Number("protocol", 6), Number("local_port", 80)), "");
  ASSERT_TRUE(look_up.ok()) << look_up.Text();
  EXPECT_EQ(look_up.reply().run_program().return_value(), 0u);
  const CallResult other = RunWith(
      "refuse_port", absl::StrCat(Number("family", 2), Number("protocol", 6), Number("local_port", 81)), "");
  EXPECT_EQ(other.reply().run_program().return_value(), 1u) << other.Text();
}

TEST_F(RunContextTest, WhatTheKernelDoesNotTakeIsToldWithWhatItDoes) {
  const CallResult refused = RunWith("mark_packet", Number("len", 5), kPacket);
  EXPECT_EQ(refused.finished.detail().errno_name(), "EINVAL") << refused.Text();
  EXPECT_NE(refused.finished.detail().hint().find("of a __sk_buff the kernel takes only mark, priority"),
            std::string::npos)
      << refused.Text();
  const CallResult unknown = RunWith("mark_packet", Number("mork", 5), kPacket);
  EXPECT_EQ(unknown.field(), "context_fields.mork") << unknown.Text();
  EXPECT_EQ(unknown.reason(), v1::ERROR_REASON_UNKNOWN_NAME);
}

TEST_F(RunContextTest, ProgramsWithoutAContextSayWhichHaveOne) {
  const CallResult refused = RunWith("dial", Number("family", 2), "");
  EXPECT_EQ(refused.reason(), v1::ERROR_REASON_UNSUPPORTED) << refused.Text();
  EXPECT_NE(refused.Text().find("programs of type cgroup_sock_addr have none"), std::string::npos);
  EXPECT_NE(refused.Text().find("xdp, sk_lookup"), std::string::npos) << refused.Text();
}

}  // namespace
}  // namespace bpfrig::tests

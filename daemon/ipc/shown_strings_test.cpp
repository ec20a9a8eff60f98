#include "daemon/ipc/shown_strings.h"

#include <gtest/gtest.h>

#include "bpfrig/internal/v1/worker.pb.h"

namespace bpfrig::ipc {
namespace {

using bpfrig::internal::v1::CallReply;

TEST(ShowStringsTest, MakesEveryReplyParse) {
  CallReply reply;
  auto& loaded = *reply.mutable_load_program()->mutable_loaded();
  loaded.add_programs()->set_section("tc/\xff");
  loaded.add_programs()->set_section("tc");
  loaded.set_log("half \xe2\x82");
  ShowStrings(reply);
  EXPECT_EQ(reply.load_program().loaded().programs(0).section(), "tc/\\xff");
  EXPECT_EQ(reply.load_program().loaded().programs(1).section(), "tc");
  EXPECT_EQ(reply.load_program().loaded().log(), "half \\xe2\\x82");
  CallReply parsed;
  EXPECT_TRUE(parsed.ParseFromString(reply.SerializeAsString()));
}

TEST(ShowStringsTest, ReachesMembersOfAValueAndLeavesBytesAlone) {
  CallReply reply;
  auto& entry = *reply.mutable_dump_map()->add_entries();
  entry.set_raw_key("\xff");
  auto& field = *entry.mutable_value()->mutable_fields()->add_fields();
  field.set_name("m\xff");
  field.mutable_value()->mutable_list()->add_values()->set_text("\x80");
  ShowStrings(reply);
  const auto& shown = reply.dump_map().entries(0);
  EXPECT_EQ(shown.raw_key(), "\xff");
  EXPECT_EQ(shown.value().fields().fields(0).name(), "m\\xff");
  EXPECT_EQ(shown.value().fields().fields(0).value().list().values(0).text(), "\\x80");
}

TEST(ShowStringsTest, LeavesWhatIsNotSetUnset) {
  CallReply reply;
  reply.mutable_finished()->set_code(3);
  const std::string before = reply.SerializeAsString();
  ShowStrings(reply);
  EXPECT_EQ(reply.SerializeAsString(), before);
}

}  // namespace
}  // namespace bpfrig::ipc

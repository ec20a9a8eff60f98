#include "daemon/front/rpc/validate.h"

#include <gtest/gtest.h>

#include <string>

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::Reason;

// Whether a request was refused for that reason, and the path of the field.
void ExpectRefusal(const absl::Status& status, Reason reason, const std::string& field) {
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(base::DetailOf(status).reason, reason) << status;
  EXPECT_EQ(base::DetailOf(status).field, field) << status;
}

v1::LoadProgramRequest GoodLoad() {
  v1::LoadProgramRequest request;
  request.set_sandbox("0123456789abcdef");
  request.set_name("cgroup_sock.v2-x");
  request.set_object(
      "\x7f"
      "ELF");
  request.add_programs()->set_program("connect4");
  request.add_attach()->set_program("connect4");
  return request;
}

v1::ConnectRequest GoodConnect() {
  v1::ConnectRequest request;
  request.set_sandbox("0123456789abcdef");
  request.mutable_to()->set_address("10.96.0.1");
  request.mutable_to()->set_port(8080);
  return request;
}

TEST(ValidateTest, TakesGoodRequests) {
  EXPECT_TRUE(Validate(GoodLoad()).ok()) << Validate(GoodLoad());
  v1::ConnectRequest connect = GoodConnect();
  EXPECT_TRUE(Validate(connect).ok());
  connect.mutable_from()->set_port(4000);  // a port of no address in particular
  EXPECT_TRUE(Validate(connect).ok());
  v1::OpenSandboxRequest open;
  EXPECT_TRUE(Validate(open).ok());
  open.add_addresses("10.96.0.1");
  open.add_addresses("fd00::1/64");
  open.add_local_routes("0.0.0.2/32");
  open.set_label("plan / test (v4)");
  EXPECT_TRUE(Validate(open).ok()) << Validate(open);
}

TEST(ValidateTest, RefusesNamesWithOtherCharactersOrTooLong) {
  v1::LoadProgramRequest request = GoodLoad();
  for (const char* name : {"../x", "a b", "a/b", "\xc3\xa9", "a\n"}) {
    request.set_name(name);
    ExpectRefusal(Validate(request), Reason::kInvalidField, "name");
  }
  request.set_name("");
  ExpectRefusal(Validate(request), Reason::kInvalidField, "name");
  request.set_name(std::string(64, 'x'));
  EXPECT_TRUE(Validate(request).ok());
  request.set_name(std::string(65, 'x'));
  ExpectRefusal(Validate(request), Reason::kInvalidField, "name");
}

TEST(ValidateTest, RefusesObjectsThatAreMissingOrTooLarge) {
  v1::LoadProgramRequest request = GoodLoad();
  request.set_object(std::string(MaxObjectBytes(), 'x'));
  EXPECT_TRUE(Validate(request).ok());
  request.set_object(std::string(MaxObjectBytes() + 1, 'x'));
  ExpectRefusal(Validate(request), Reason::kLimitReached, "object");
  request.clear_object();
  ExpectRefusal(Validate(request), Reason::kInvalidField, "object");
}

TEST(ValidateTest, NamesTheElementThatIsWrong) {
  v1::LoadProgramRequest request = GoodLoad();
  request.add_attach();
  ExpectRefusal(Validate(request), Reason::kInvalidField, "attach[1].program");
  request = GoodLoad();
  request.add_maps()->set_map("m");
  request.add_maps();
  ExpectRefusal(Validate(request), Reason::kInvalidField, "maps[1].map");
}

TEST(ValidateTest, RefusesSettingsThatDoNotGoWithTypesOnly) {
  v1::LoadProgramRequest request = GoodLoad();
  request.set_types_only(true);
  ExpectRefusal(Validate(request), Reason::kInvalidField, "types_only");
  request.clear_programs();
  ExpectRefusal(Validate(request), Reason::kInvalidField, "types_only");
  request.clear_attach();
  EXPECT_TRUE(Validate(request).ok());
}

TEST(ValidateTest, RefusesAddressesThatAreNone) {
  v1::ConnectRequest request = GoodConnect();
  for (const char* address : {"", "localhost", "10.96.0", "10.96.0.1/32", "::1%lo"}) {
    request.mutable_to()->set_address(address);
    ExpectRefusal(Validate(request), Reason::kInvalidField, "to.address");
  }
  request = GoodConnect();
  request.mutable_to()->set_port(65536);
  ExpectRefusal(Validate(request), Reason::kOutOfRange, "to.port");
  request = GoodConnect();
  request.mutable_from()->set_port(65536);
  ExpectRefusal(Validate(request), Reason::kOutOfRange, "from.port");

  v1::OpenSandboxRequest open;
  open.add_addresses("10.96.0.1");
  open.add_addresses("10.96.0.1/33");
  ExpectRefusal(Validate(open), Reason::kInvalidField, "addresses[1]");
  open.clear_addresses();
  open.add_local_routes("::2/");
  ExpectRefusal(Validate(open), Reason::kInvalidField, "local_routes[0]");
}

TEST(ValidateTest, RefusesWhatTheLogOrAWorkerCouldNotBear) {
  v1::OpenSandboxRequest open;
  open.set_label("a\nbpfrigd front: all is well");
  ExpectRefusal(Validate(open), Reason::kInvalidField, "label");
  open.clear_label();
  open.mutable_limits()->set_open_files(3);
  ExpectRefusal(Validate(open), Reason::kOutOfRange, "limits.open_files");
  open.clear_limits();
  for (int i = 0; i < 257; ++i) open.add_addresses("10.0.0.1");
  ExpectRefusal(Validate(open), Reason::kLimitReached, "addresses");
}

TEST(ValidateTest, RefusesNumbersOutOfRange) {
  v1::ConnectRequest connect = GoodConnect();
  connect.set_timeout_ms(60'001);
  ExpectRefusal(Validate(connect), Reason::kOutOfRange, "timeout_ms");
  v1::RunProgramRequest run;
  run.set_sandbox("s");
  run.set_program("p");
  run.set_repeat(1'000'001);
  ExpectRefusal(Validate(run), Reason::kOutOfRange, "repeat");
  run.set_repeat(1);
  run.set_data(std::string(64 * 1024 + 1, 'x'));
  ExpectRefusal(Validate(run), Reason::kLimitReached, "data");
  v1::ReadEventsRequest events;
  events.set_sandbox("s");
  events.set_map("m");
  events.set_wait_ms(60'001);
  ExpectRefusal(Validate(events), Reason::kOutOfRange, "wait_ms");
}

TEST(ValidateTest, WantsASandboxInEveryRequest) {
  ExpectRefusal(Validate(v1::CloseSandboxRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::LoadProgramRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::AttachRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::DetachRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::ListenRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::ConnectRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::SendRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::ReceiveRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::DisconnectRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::DumpMapRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::ReadEventsRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::RunProgramRequest()), Reason::kInvalidField, "sandbox");
  ExpectRefusal(Validate(v1::SeedMapRequest()), Reason::kInvalidField, "sandbox");
}

TEST(ValidateTest, WantsAStreamsHeadInItsFirstMessageOnly) {
  v1::SeedMapRequest request;
  EXPECT_TRUE(ValidateNext(request).ok());
  request.set_sandbox("s");
  ExpectRefusal(Validate(request), Reason::kInvalidField, "map");
  ExpectRefusal(ValidateNext(request), Reason::kInvalidField, "sandbox");
  request.set_map("m");
  EXPECT_TRUE(Validate(request).ok());
  request.clear_sandbox();
  ExpectRefusal(ValidateNext(request), Reason::kInvalidField, "map");
  request.clear_map();
  for (int i = 0; i < 4097; ++i) request.add_entries();
  ExpectRefusal(ValidateNext(request), Reason::kLimitReached, "entries");
  request.clear_entries();
  request.add_entries()->mutable_key()->set_raw(std::string(3 * 1024 * 1024, 'x'));
  ExpectRefusal(ValidateNext(request), Reason::kLimitReached, "entries");
}

TEST(ValidateTest, RefusesAConnectionsEndWithoutAName) {
  v1::SendRequest request;
  request.set_sandbox("s");
  ExpectRefusal(Validate(request), Reason::kInvalidField, "from");
  request.mutable_from()->set_connection("c");
  EXPECT_TRUE(Validate(request).ok());
  request.mutable_from()->set_end(static_cast<v1::ConnectionEnd>(7));
  ExpectRefusal(Validate(request), Reason::kInvalidField, "from.end");
}

TEST(ValidateTest, RefusesABehaviourThatIsDenied) {
  v1::ListenRequest request;
  request.set_sandbox("s");
  request.set_name("server");
  request.mutable_at()->set_address("::1");
  EXPECT_TRUE(Validate(request).ok());
  request.mutable_behaviour()->set_echo(false);
  ExpectRefusal(Validate(request), Reason::kInvalidField, "behaviour.echo");
}

}  // namespace
}  // namespace bpfrig::front

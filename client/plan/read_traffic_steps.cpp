// The readers of listen, connect, send, receive and disconnect.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/plan/scalars.h"
#include "client/plan/step_reader.h"
#include "client/plan/values.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::ReceiveCondition;
using bpfrig::v1::ServerBehaviour;
using bpfrig::v1::SocketAddress;

constexpr uint64_t kMostBytes = uint64_t{64} << 20;

uint32_t TakeTimeout(StepSource& source) {
  NodePtr node = source.fields.Find("timeout");
  if (node == nullptr) return 0;
  return static_cast<uint32_t>(
      ReadDuration(node, "timeout", std::chrono::milliseconds(1), source.problems).count());
}

// `at_least` and `until_closed`; true where one of them is there.
bool ReadCondition(FieldReader& fields, ReceiveCondition& condition, Problems& problems) {
  NodePtr at_least = fields.Find("at_least");
  NodePtr until_closed = fields.Find("until_closed");
  if (at_least != nullptr) {
    condition.set_at_least(
        static_cast<uint32_t>(ReadUnsigned(at_least, "at_least", 1, kMostBytes, problems)));
  }
  if (until_closed != nullptr) {
    ReadTrue(until_closed, "until_closed", problems);
    condition.set_until_closed(true);
  }
  if (at_least != nullptr && until_closed != nullptr) {
    problems.Add(until_closed->mark, "at_least and until_closed exclude each other");
  }
  return at_least != nullptr || until_closed != nullptr;
}

void ReadBehaviour(StepSource& source, ServerBehaviour& behaviour) {
  Problems& problems = source.problems;
  NodePtr echo = source.fields.Find("echo");
  NodePtr sink = source.fields.Find("sink");
  NodePtr reply = source.fields.Find("reply");
  NodePtr close = source.fields.Find("close");
  if (echo != nullptr) {
    ReadTrue(echo, "echo", problems);
    behaviour.set_echo(true);
  }
  if (reply != nullptr) behaviour.set_reply(ReadBytes(reply, "reply", problems));
  if (close != nullptr) {
    ReadTrue(close, "close", problems);
    behaviour.set_close(true);
  }
  if (sink != nullptr) ReadTrue(sink, "sink", problems);
  if (behaviour.kind_case() == ServerBehaviour::KIND_NOT_SET) behaviour.set_sink(true);
  NodePtr last;
  int given = 0;
  for (const NodePtr& node : {echo, sink, reply, close}) {
    if (node == nullptr) continue;
    ++given;
    last = node;
  }
  if (given > 1) problems.Add(last->mark, "a server has one behaviour: echo, sink, reply or close");
}

// {address, port}, either alone.
struct AddressExpectation {
  Expectation<std::string> address;
  Expectation<uint32_t> port;
};

AddressExpectation ReadAddressFields(const NodePtr& node, absl::string_view what, Problems& problems) {
  AddressExpectation result;
  FieldReader fields(node, what, problems);
  result.address = TakeExpectation<std::string>(
      fields, "address", [&](const NodePtr& value) { return ReadAddress(value, "address", problems); });
  result.port = TakeExpectation<uint32_t>(
      fields, "port", [&](const NodePtr& value) { return ReadUnsigned(value, "port", 0, 65535, problems); });
  if (fields.IsMapping() && !result.address && !result.port) {
    problems.Add(node->mark, absl::StrCat(what, " must have an address, a port, or both"));
  }
  return result;
}

void ReadFrom(const NodePtr& node, SocketAddress& from, Problems& problems) {
  AddressExpectation fields = ReadAddressFields(node, "from", problems);
  if (fields.address) from.set_address(fields.address->value);
  if (fields.port) from.set_port(fields.port->value);
}

void ReadConnectExpectations(StepSource& source, ConnectStep& step) {
  Problems& problems = source.problems;
  step.errno_name = TakeErrno(source);
  if (NodePtr local = source.expect.Find("local")) {
    AddressExpectation fields = ReadAddressFields(local, "local", problems);
    step.local_address = std::move(fields.address);
    step.local_port = fields.port;
  }
  if (NodePtr peer = source.expect.Find("peer")) {
    AddressExpectation fields = ReadAddressFields(peer, "peer", problems);
    step.peer_address = std::move(fields.address);
    step.peer_port = fields.port;
  }
  step.server =
      TakeExpectation<std::string>(source.expect, "server", [&](const NodePtr& node) -> std::string {
        const std::string name = ReadName(node, "server", problems);
        return name == "none" ? "" : name;
      });
  step.received = TakeBytes(source, "received");
  step.sent = TakeExpectation<uint64_t>(source.expect, "sent", [&](const NodePtr& node) {
    return ReadUnsigned(node, "sent", 0, kMostBytes, problems);
  });
  step.peer_closed = TakeBool(source, "peer_closed");
  step.servers =
      TakeExpectation<std::vector<std::string>>(source.expect, "servers", [&](const NodePtr& node) {
        std::vector<std::string> names;
        ReadList(node, "servers", problems,
                 [&](const NodePtr& item) { names.push_back(ReadName(item, "servers", problems)); });
        return names;
      });
}

// Expectations that cannot all hold, or never could.
void CheckConnect(const ConnectStep& step, bool has_repeat, const Mark& mark, Problems& problems) {
  if (!step.request.name().empty() && step.repeat > 1) {
    problems.Add(mark,
                 "name and repeat exclude each other: each connection that is kept has a name of its own");
  }
  if (step.servers && !has_repeat) {
    problems.Add(step.servers->mark, "servers goes with repeat; of one connection it is server: NAME");
  }
  const bool looks_at_connection = step.local_address || step.local_port || step.peer_address ||
                                   step.peer_port || step.server || step.received || step.sent ||
                                   step.peer_closed || step.servers;
  if (step.errno_name && !step.errno_name->value.empty() && looks_at_connection) {
    problems.Add(step.errno_name->mark,
                 "errno stands alone: a dial that failed has no connection to look at");
  }
}

}  // namespace

StepCall ReadListen(StepSource& source) {
  ListenStep step;
  if (NodePtr name = source.fields.Require("name", "the server's name")) {
    step.request.set_name(ReadName(name, "name", source.problems));
    if (step.request.name() == "none") {
      source.problems.Add(name->mark,
                          "no server is called none: that is what an expectation calls no server");
    }
  }
  if (NodePtr at = source.fields.Require("at", "{address, port}")) {
    *step.request.mutable_at() = ReadSocketAddress(at, "at", 0, source.problems);
  }
  ReadBehaviour(source, *step.request.mutable_behaviour());
  return step;
}

StepCall ReadConnect(StepSource& source) {
  ConnectStep step;
  Problems& problems = source.problems;
  if (NodePtr name = source.fields.Find("name")) step.request.set_name(ReadName(name, "name", problems));
  if (NodePtr to = source.fields.Require("to", "{address, port}")) {
    *step.request.mutable_to() = ReadSocketAddress(to, "to", 1, problems);
  }
  if (NodePtr from = source.fields.Find("from")) ReadFrom(from, *step.request.mutable_from(), problems);
  if (NodePtr send = source.fields.Find("send")) step.request.set_send(ReadBytes(send, "send", problems));
  NodePtr receive = source.fields.Find("receive");
  if (receive != nullptr) {
    FieldReader fields(receive, "receive", problems);
    if (!ReadCondition(fields, *step.request.mutable_receive(), problems) && fields.IsMapping()) {
      problems.Add(receive->mark, "receive must say what to wait for: {at_least: n} or {until_closed: true}");
    }
  }
  step.request.set_timeout_ms(TakeTimeout(source));
  ReadConnectExpectations(source, step);
  if (receive == nullptr) {
    // What is expected is waited for.
    if (step.peer_closed && step.peer_closed->value) {
      step.request.mutable_receive()->set_until_closed(true);
    } else if (step.received && !step.received->value.empty()) {
      step.request.mutable_receive()->set_at_least(static_cast<uint32_t>(step.received->value.size()));
    }
  }
  const bool has_repeat = source.repeat != nullptr;
  step.repeat = TakeRepeat(source);
  CheckConnect(step, has_repeat, source.fields.mark(), problems);
  return step;
}

StepCall ReadSend(StepSource& source) {
  SendStep step;
  Problems& problems = source.problems;
  if (NodePtr from = source.fields.Require("connection", "a connection's name")) {
    *step.request.mutable_from() = ReadSocketReference(from, "connection", problems);
  }
  if (NodePtr data = source.fields.Require("data", "bytes such as !text hello")) {
    step.request.set_data(ReadBytes(data, "data", problems));
  }
  step.request.set_timeout_ms(TakeTimeout(source));
  step.errno_name = TakeErrno(source);
  step.sent = TakeExpectation<uint64_t>(source.expect, "sent", [&](const NodePtr& node) {
    return ReadUnsigned(node, "sent", 0, kMostBytes, problems);
  });
  step.repeat = TakeRepeat(source);
  return step;
}

StepCall ReadReceive(StepSource& source) {
  ReceiveStep step;
  Problems& problems = source.problems;
  if (NodePtr at = source.fields.Require("connection", "a connection's name")) {
    *step.request.mutable_at() = ReadSocketReference(at, "connection", problems);
  }
  const bool has_condition = ReadCondition(source.fields, *step.request.mutable_until(), problems);
  step.request.set_timeout_ms(TakeTimeout(source));
  step.data = TakeBytes(source, "data");
  step.starts_with = TakeBytes(source, "starts_with");
  step.peer_closed = TakeBool(source, "peer_closed");
  step.errno_name = TakeErrno(source);
  if (!has_condition && step.peer_closed && step.peer_closed->value) {
    step.request.mutable_until()->set_until_closed(true);
  } else if (!has_condition) {
    size_t needed = step.data ? step.data->value.size() : 0;
    if (step.starts_with) needed = std::max(needed, step.starts_with->value.size());
    step.request.mutable_until()->set_at_least(static_cast<uint32_t>(needed));
  }
  step.within = TakeWithin(source);
  return step;
}

StepCall ReadDisconnect(StepSource& source) {
  DisconnectStep step;
  if (NodePtr connection = source.fields.Require("connection", "a connection's name")) {
    *step.request.mutable_connection() = ReadSocketReference(connection, "connection", source.problems);
  }
  if (NodePtr reset = source.fields.Find("reset")) {
    step.request.set_reset(ReadBool(reset, "reset", source.problems));
  }
  return step;
}

}  // namespace bpfrig::client::plan

// A whole worker in a thread, driven over its channel as the front does. It needs no root: 127.0.0.1 and ::1
// alone.
#include "daemon/worker/worker.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "daemon/worker/testing/testing_client.h"

namespace bpfrig::worker {
namespace {

namespace v1 = bpfrig::v1;
using Request = bpfrig::internal::v1::CallRequest;

v1::SocketAddress Address(const std::string& address, uint32_t port) {
  v1::SocketAddress result;
  result.set_address(address);
  result.set_port(port);
  return result;
}

class WorkerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto channel = ipc::MakeSocketPair();
    ASSERT_TRUE(channel.ok());
    std::array<int, 2> lifeline{};
    ASSERT_EQ(::pipe2(lifeline.data(), O_CLOEXEC), 0);
    lifeline_ = common::Fd(lifeline[1]);
    client_ = std::make_unique<TestClient>(std::move(channel->first));
    WorkerOptions options;
    options.number = 1;
    options.channel = std::move(channel->second);
    options.lifeline = common::Fd(lifeline[0]);
    options.cgroup = common::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    worker_ = std::thread([this](WorkerOptions moved) { status_ = RunWorker(std::move(moved)); },
                          std::move(options));
  }
  void TearDown() override {
    client_->Close();
    if (worker_.joinable()) worker_.join();
    EXPECT_EQ(status_, 0);
  }

  // Starts a server; returns its port.
  uint32_t Listen(const std::string& name, const std::string& address, const v1::ServerBehaviour& behaviour) {
    Request request;
    request.mutable_listen()->set_name(name);
    *request.mutable_listen()->mutable_at() = Address(address, 0);
    *request.mutable_listen()->mutable_behaviour() = behaviour;
    const CallResult result = client_->Run(request);
    EXPECT_TRUE(result.ok()) << result.Text();
    return result.reply().listen().at().port();
  }
  uint32_t ListenEcho() {
    v1::ServerBehaviour echo;
    echo.set_echo(true);
    return Listen("echo", "127.0.0.1", echo);
  }
  static Request Connect(const std::string& name, const std::string& address, uint32_t port) {
    Request request;
    request.mutable_connect()->set_name(name);
    *request.mutable_connect()->mutable_to() = Address(address, port);
    return request;
  }
  static Request Receive(const std::string& name, v1::ConnectionEnd end, uint32_t at_least) {
    Request request;
    request.mutable_receive()->mutable_at()->set_connection(name);
    request.mutable_receive()->mutable_at()->set_end(end);
    request.mutable_receive()->mutable_until()->set_at_least(at_least);
    return request;
  }
  static Request Send(const std::string& name, v1::ConnectionEnd end, const std::string& data) {
    Request request;
    request.mutable_send()->mutable_from()->set_connection(name);
    request.mutable_send()->mutable_from()->set_end(end);
    request.mutable_send()->set_data(data);
    return request;
  }
  static Request Disconnect(const std::string& name, v1::ConnectionEnd end, bool reset) {
    Request request;
    request.mutable_disconnect()->mutable_connection()->set_connection(name);
    request.mutable_disconnect()->mutable_connection()->set_end(end);
    request.mutable_disconnect()->set_reset(reset);
    return request;
  }

  common::Fd lifeline_;
  std::unique_ptr<TestClient> client_;
  std::thread worker_;
  int status_ = -1;
};

TEST_F(WorkerTest, ConnectFindsTheServerAndReadsItsEcho) {
  const uint32_t port = ListenEcho();
  Request request = Connect("", "127.0.0.1", port);
  request.mutable_connect()->set_send("hello");
  request.mutable_connect()->mutable_receive()->set_at_least(5);
  const CallResult result = client_->Run(request);
  ASSERT_TRUE(result.ok()) << result.Text();
  const v1::ConnectResponse& answer = result.reply().connect();
  EXPECT_EQ(answer.errno_name(), "");
  EXPECT_EQ(answer.server(), "echo");
  EXPECT_FALSE(answer.server_timed_out());
  EXPECT_EQ(answer.received(), "hello");
  EXPECT_EQ(answer.sent(), 5u);
  EXPECT_EQ(answer.peer().address(), "127.0.0.1");
  EXPECT_EQ(answer.peer().port(), port);
  EXPECT_EQ(answer.local().address(), "127.0.0.1");
  EXPECT_NE(answer.dialled_cookie(), 0u);
  EXPECT_NE(answer.accepted_cookie(), 0u);
  EXPECT_NE(answer.dialled_cookie(), answer.accepted_cookie());
  EXPECT_FALSE(answer.peer_closed());
}

TEST_F(WorkerTest, ConnectAnswersARefusalByName) {
  const uint32_t port = ListenEcho();
  ASSERT_NE(port, 9u);
  const CallResult result = client_->Run(Connect("c", "127.0.0.1", 9));
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.reply().connect().errno_name(), "ECONNREFUSED");
  // The name is free again.
  const CallResult again = client_->Run(Connect("c", "127.0.0.1", port));
  EXPECT_EQ(again.reply().connect().server(), "echo") << again.Text();
}

TEST_F(WorkerTest, AMappedAddressReachesTheIpv4Server) {
  const uint32_t port = ListenEcho();
  Request request = Connect("", "::ffff:127.0.0.1", port);
  *request.mutable_connect()->mutable_from() = Address("127.0.0.2", 0);
  const CallResult result = client_->Run(request);
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.reply().connect().server(), "echo");
  EXPECT_EQ(result.reply().connect().peer().address(), "127.0.0.1");
  EXPECT_EQ(result.reply().connect().local().address(), "127.0.0.2");
}

TEST_F(WorkerTest, Ipv4AndIpv6ServersShareAPort) {
  const uint32_t port = Listen("four", "0.0.0.0", {});
  Request six;
  six.mutable_listen()->set_name("six");
  *six.mutable_listen()->mutable_at() = Address("::", port);
  EXPECT_THAT(client_->Run(six).Text(), ::testing::HasSubstr("EADDRINUSE")) << "it would take IPv4 as well";
  six.mutable_listen()->set_v6_only(true);
  const CallResult listening = client_->Run(six);
  ASSERT_TRUE(listening.ok()) << listening.Text();
  EXPECT_EQ(client_->Run(Connect("", "::1", port)).reply().connect().server(), "six");
  EXPECT_EQ(client_->Run(Connect("", "127.0.0.3", port)).reply().connect().server(), "four");
}

TEST_F(WorkerTest, ReplyAndCloseServersDoAsTheySay) {
  v1::ServerBehaviour reply;
  reply.set_reply("pong");
  const uint32_t replying = Listen("replying", "127.0.0.1", reply);
  Request request = Connect("", "127.0.0.1", replying);
  request.mutable_connect()->set_send("ping");
  request.mutable_connect()->mutable_receive()->set_at_least(4);
  EXPECT_EQ(client_->Run(request).reply().connect().received(), "pong");

  v1::ServerBehaviour close;
  close.set_close(true);
  const uint32_t closing = Listen("closing", "127.0.0.1", close);
  request = Connect("", "127.0.0.1", closing);
  request.mutable_connect()->mutable_receive()->set_until_closed(true);
  const CallResult closed = client_->Run(request);
  EXPECT_EQ(closed.reply().connect().server(), "closing") << closed.Text();
  EXPECT_TRUE(closed.reply().connect().peer_closed());
}

TEST_F(WorkerTest, SendsAndReceivesAtEitherEnd) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("c", "127.0.0.1", port)).ok());
  EXPECT_EQ(client_->Run(Send("c", v1::CONNECTION_END_DIALLED, "there")).reply().send().sent(), 5u);
  EXPECT_EQ(client_->Run(Receive("c", v1::CONNECTION_END_ACCEPTED, 5)).reply().receive().data(), "there");
  EXPECT_EQ(client_->Run(Send("c", v1::CONNECTION_END_ACCEPTED, "and back")).reply().send().sent(), 8u);
  EXPECT_EQ(client_->Run(Receive("c", v1::CONNECTION_END_DIALLED, 8)).reply().receive().data(), "and back");
}

TEST_F(WorkerTest, AReceiveWaitsWhileOtherCallsGoAhead) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("c", "127.0.0.1", port)).ok());
  TestCall receiving = client_->Start(Receive("c", v1::CONNECTION_END_ACCEPTED, 10));
  EXPECT_TRUE(client_->Run(Send("c", v1::CONNECTION_END_DIALLED, "12345")).ok());
  EXPECT_TRUE(client_->Run(Send("c", v1::CONNECTION_END_DIALLED, "67890")).ok());
  const CallResult received = receiving.Wait();
  ASSERT_TRUE(received.ok()) << received.Text();
  EXPECT_EQ(received.reply().receive().data(), "1234567890");
  EXPECT_FALSE(received.reply().receive().timed_out());
}

TEST_F(WorkerTest, AReceiveTellsItsTimeoutAndKeepsNothingBack) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  Request connect = Connect("c", "127.0.0.1", port);
  connect.mutable_connect()->set_send("abc");
  ASSERT_TRUE(client_->Run(connect).ok());
  Request receive = Receive("c", v1::CONNECTION_END_ACCEPTED, 4);
  receive.mutable_receive()->set_timeout_ms(30);
  const CallResult result = client_->Run(receive);
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_TRUE(result.reply().receive().timed_out());
  EXPECT_EQ(result.reply().receive().data(), "abc");
}

TEST_F(WorkerTest, WhatArrivedCanBeReceivedAfterTheOtherEndClosed) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  Request connect = Connect("c", "127.0.0.1", port);
  connect.mutable_connect()->set_send("last words");
  ASSERT_TRUE(client_->Run(connect).ok());
  const CallResult closed = client_->Run(Disconnect("c", v1::CONNECTION_END_DIALLED, false));
  EXPECT_EQ(closed.reply().disconnect().sent(), 10u) << closed.Text();
  Request receive = Receive("c", v1::CONNECTION_END_ACCEPTED, 0);
  receive.mutable_receive()->mutable_until()->set_until_closed(true);
  const CallResult received = client_->Run(receive);
  ASSERT_TRUE(received.ok()) << received.Text();
  EXPECT_EQ(received.reply().receive().data(), "last words");
  EXPECT_TRUE(received.reply().receive().peer_closed());
  EXPECT_EQ(received.reply().receive().errno_name(), "");
  EXPECT_EQ(client_->Run(Connect("c", "127.0.0.1", port)).reason(), v1::ERROR_REASON_DUPLICATE_NAME);
  EXPECT_EQ(client_->Run(Send("c", v1::CONNECTION_END_DIALLED, "x")).reply().send().errno_name(), "EPIPE");
}

TEST_F(WorkerTest, AResetIsToldByName) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("c", "127.0.0.1", port)).ok());
  ASSERT_TRUE(client_->Run(Disconnect("c", v1::CONNECTION_END_DIALLED, true)).ok());
  Request receive = Receive("c", v1::CONNECTION_END_ACCEPTED, 0);
  receive.mutable_receive()->mutable_until()->set_until_closed(true);
  const CallResult received = client_->Run(receive);
  EXPECT_EQ(received.reply().receive().errno_name(), "ECONNRESET") << received.Text();
  EXPECT_TRUE(received.reply().receive().peer_closed());
}

TEST_F(WorkerTest, MovesMoreThanTheKernelBuffersBothWays) {
  const uint32_t port = ListenEcho();
  const std::string data(1000 * 1000, 'x');
  Request request = Connect("", "127.0.0.1", port);
  request.mutable_connect()->set_send(data);
  request.mutable_connect()->mutable_receive()->set_at_least(static_cast<uint32_t>(data.size()));
  request.mutable_connect()->set_timeout_ms(20000);
  const CallResult result = client_->Run(request);
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.reply().connect().sent(), data.size());
  EXPECT_EQ(result.reply().connect().received(), data);
}

TEST_F(WorkerTest, ASendThatNobodyReadsEndsAtItsTimeout) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("c", "127.0.0.1", port)).ok());
  // The sink keeps a mebibyte, the kernel some more.
  Request send = Send("c", v1::CONNECTION_END_DIALLED, std::string(16 * 1024 * 1024, 'x'));
  send.mutable_send()->set_timeout_ms(100);
  const CallResult result = client_->Run(send);
  ASSERT_TRUE(result.ok()) << result.Text();
  EXPECT_EQ(result.reply().send().errno_name(), "ETIMEDOUT");
  EXPECT_GT(result.reply().send().sent(), 0u);
  // The end is full: waiting for the close would never end.
  Request receive = Receive("c", v1::CONNECTION_END_ACCEPTED, 0);
  receive.mutable_receive()->mutable_until()->set_until_closed(true);
  EXPECT_EQ(client_->Run(receive).reason(), v1::ERROR_REASON_LIMIT_REACHED);
  EXPECT_EQ(client_->Run(Receive("c", v1::CONNECTION_END_ACCEPTED, 0)).reply().receive().data().size(),
            1024u * 1024u);
}

TEST_F(WorkerTest, ThousandsOfConnectsDoNotRunOutOfPorts) {
  const uint32_t port = ListenEcho();
  for (int i = 0; i < 3000; ++i) {
    Request request = Connect("", "127.0.0.1", port);
    request.mutable_connect()->set_send("x");
    request.mutable_connect()->mutable_receive()->set_at_least(1);
    const CallResult result = client_->Run(request);
    ASSERT_TRUE(result.ok() && result.reply().connect().received() == "x") << i << result.Text();
  }
}

TEST_F(WorkerTest, TellsWhichFieldIsWrong) {
  Request request;
  *request.mutable_listen()->mutable_at() = Address("127.0.0.1", 0);
  request.mutable_listen()->set_name("s");
  request.mutable_listen()->mutable_at()->set_address("localhost");
  const CallResult host_name = client_->Run(request);
  EXPECT_EQ(host_name.field(), "at.address");
  EXPECT_EQ(host_name.reason(), v1::ERROR_REASON_INVALID_FIELD);
  *request.mutable_listen()->mutable_at() = Address("127.0.0.1", 70000);
  EXPECT_EQ(client_->Run(request).field(), "at.port");
  EXPECT_EQ(client_->Run(request).reason(), v1::ERROR_REASON_OUT_OF_RANGE);
  *request.mutable_listen()->mutable_at() = Address("2001:db8::1", 0);
  const CallResult foreign = client_->Run(request);
  EXPECT_EQ(foreign.finished.detail().errno_name(), "EADDRNOTAVAIL") << foreign.Text();

  Request connect = Connect("", "127.0.0.1", 1);
  *connect.mutable_connect()->mutable_from() = Address("::1", 0);
  EXPECT_EQ(client_->Run(connect).field(), "from.address");
  connect = Connect("", "127.0.0.1", 1);
  connect.mutable_connect()->mutable_receive()->set_at_least(100'000'000);
  EXPECT_EQ(client_->Run(connect).field(), "receive.at_least");
}

TEST_F(WorkerTest, UnknownNamesListThoseThatExist) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("first", "127.0.0.1", port)).ok());
  const CallResult result = client_->Run(Send("second", v1::CONNECTION_END_DIALLED, "x"));
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  EXPECT_EQ(result.field(), "from");
  EXPECT_NE(result.finished.message().find("first"), std::string::npos) << result.Text();
  Request dump;
  dump.mutable_dump_map()->set_map("nothing");
  EXPECT_EQ(client_->Run(dump).reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  Request attach;
  attach.mutable_attach()->mutable_target()->set_program("nothing");
  EXPECT_EQ(client_->Run(attach).field(), "target.program");
}

TEST_F(WorkerTest, ClosingACallCancelsItsWait) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("c", "127.0.0.1", port)).ok());
  {
    Request receive = Receive("c", v1::CONNECTION_END_ACCEPTED, 10);
    receive.mutable_receive()->set_timeout_ms(60000);
    const TestCall cancelled = client_->Start(receive);
  }
  // Had the first wait gone on, it would have taken these bytes.
  ASSERT_TRUE(client_->Run(Send("c", v1::CONNECTION_END_DIALLED, "0123456789")).ok());
  EXPECT_EQ(client_->Run(Receive("c", v1::CONNECTION_END_ACCEPTED, 10)).reply().receive().data(),
            "0123456789");
}

TEST_F(WorkerTest, GarbageEndsItsOwnCallAlone) {
  TestCall garbage = client_->Open();
  ASSERT_EQ(::write(garbage.socket().Get(), "\x03\x00\x00\x00\xff\xff\xff", 7), 7);
  const CallResult result = garbage.Wait();
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_INTERNAL) << result.Text();
  TestCall empty = client_->Open();
  empty.FinishSending();
  EXPECT_EQ(empty.Wait().reason(), v1::ERROR_REASON_INTERNAL);
  EXPECT_EQ(client_->Run(Request()).reason(), v1::ERROR_REASON_INTERNAL);
  EXPECT_NE(ListenEcho(), 0u);
}

TEST_F(WorkerTest, CloseSandboxEndsWhatWaitsAndRefusesWhatComesLater) {
  const uint32_t port = Listen("sink", "127.0.0.1", {});
  ASSERT_TRUE(client_->Run(Connect("c", "127.0.0.1", port)).ok());
  TestCall waiting = client_->Start(Receive("c", v1::CONNECTION_END_ACCEPTED, 1));
  // Answered after the wait has begun, as calls begin in order.
  ASSERT_TRUE(client_->Run(Send("c", v1::CONNECTION_END_ACCEPTED, "x")).ok());
  Request close;
  close.mutable_close_sandbox();
  const CallResult closed = client_->Run(close);
  ASSERT_TRUE(closed.ok()) << closed.Text();
  EXPECT_TRUE(closed.reply().close_sandbox().closed());
  EXPECT_EQ(closed.reply().close_sandbox().servers(), 1u);
  EXPECT_EQ(closed.reply().close_sandbox().connections(), 1u);
  EXPECT_EQ(waiting.Wait().reason(), v1::ERROR_REASON_SANDBOX_CLOSED);
  EXPECT_EQ(client_->Run(Connect("", "127.0.0.1", port)).reason(), v1::ERROR_REASON_SANDBOX_CLOSED);
  const CallResult again = client_->Run(close);
  EXPECT_TRUE(again.ok());
  EXPECT_FALSE(again.reply().close_sandbox().closed());
}

TEST_F(WorkerTest, EndsWithItsLifeline) {
  lifeline_.Close();
  worker_.join();
  EXPECT_EQ(status_, 0);
}

}  // namespace
}  // namespace bpfrig::worker

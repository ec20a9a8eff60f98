// How a daemon ends, whichever process dies first, and what it finds when it starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "tests/supervisor/rig.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DaemonTest : public ::testing::Test {
 protected:
  Subprocess Start() { return Start(directory_); }
  static Subprocess Start(const SocketDirectory& directory) {
    Subprocess daemon = Subprocess::Start(DaemonCommand(directory));
    EXPECT_TRUE(daemon.WaitForOutput(": ready", kPatience)) << daemon.Wait(kPatience).output;
    return daemon;
  }

  SocketDirectory directory_;
};

TEST_F(DaemonTest, SigtermLeavesNothing) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    Subprocess daemon = Start();
    FrontHandle front(directory_.SocketPath());
    common::Fd channel;
    ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
    const common::Fd worker = OpenPidfd(PidOf(AskWorker(channel, 'r')));
    EXPECT_THAT(InstanceDirectories(), SizeIs(1));
    daemon.Signal(signal);
    const Outcome outcome = daemon.Wait(kPatience);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(absl::StrCat("ending on signal ", signal)));
    EXPECT_TRUE(BecomesReadable(worker));
    EXPECT_THAT(InstanceDirectories(), IsEmpty());
    EXPECT_TRUE(fs::is_empty(directory_.path())) << "socket or lock file";
  }
}

TEST_F(DaemonTest, FrontThatDoesNotEndIsKilled) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  front.Command('d');
  daemon.Signal(SIGTERM);
  const Outcome outcome = daemon.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, HasSubstr("bpfrigd-front ended with signal 9 (Killed)"));
}

TEST_F(DaemonTest, SecondSignalDoesNotWaitForTheFront) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  front.Command('d');
  daemon.Signal(SIGTERM);
  ASSERT_TRUE(daemon.WaitForOutput("ending on signal", kPatience));
  const auto asked = std::chrono::steady_clock::now();
  daemon.Signal(SIGINT);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(2));
}

TEST_F(DaemonTest, DeathOfTheFrontEndsEverything) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
  ASSERT_EQ(AskWorker(channel, 'd'), "ok\n");
  const common::Fd worker = OpenPidfd(PidOf(AskWorker(channel, 'r')));
  ASSERT_EQ(::kill(front.pid(), SIGKILL), 0);
  const Outcome outcome = daemon.Wait(kPatience);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("bpfrigd-front ended with signal 9 (Killed)"));
  EXPECT_TRUE(BecomesReadable(worker));
  EXPECT_THAT(InstanceDirectories(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(DaemonTest, ExitOfTheFrontEndsEverything) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  front.Command('x', false);
  const Outcome outcome = daemon.Wait(kPatience);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, HasSubstr("bpfrigd-front ended with status 9"));
}

TEST_F(DaemonTest, ReapsAlsoWhenItsParentIgnoredSigchld) {
  std::vector<std::string> argv = {"sh", "-c", "trap '' CHLD TERM; exec \"$@\"", "sh"};
  for (const std::string& word : DaemonCommand(directory_)) argv.push_back(word);
  Subprocess daemon = Subprocess::Start(argv);
  ASSERT_TRUE(daemon.WaitForOutput(": ready", kPatience));
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
  AskWorker(channel, 'x');
  EXPECT_EQ(front.Receive().exited().status(), 7);
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

TEST_F(DaemonTest, FrontThatTalksNonsenseEndsEverything) {
  // A length that no frame may have; a frame that is not a message; a message that asks for nothing.
  for (const std::string& nonsense :
       {std::string("\xff\xff\xff\x7f", 4), std::string("\x03\0\0\0abc", 7), std::string("\0\0\0\0", 4)}) {
    Subprocess daemon = Start();
    FrontHandle front(directory_.SocketPath());
    common::Fd channel;
    ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
    const common::Fd worker = OpenPidfd(PidOf(AskWorker(channel, 'r')));
    ASSERT_TRUE(ipc::SendBytes(front.control().Get(), nonsense, -1).ok());
    const Outcome outcome = daemon.Wait(kPatience);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.output, HasSubstr("bpfrigd-front sent what is no request"));
    EXPECT_TRUE(BecomesReadable(worker));
    EXPECT_THAT(InstanceDirectories(), IsEmpty());
  }
}

TEST_F(DaemonTest, RequestMayComeInPieces) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  internal::v1::ControlRequest request;
  request.mutable_spawn()->set_worker(1);
  const std::string frame = *ipc::EncodeFrames(request);
  for (const char byte : frame) {
    ASSERT_TRUE(ipc::SendBytes(front.control().Get(), absl::string_view(&byte, 1), -1).ok());
  }
  EXPECT_TRUE(front.Receive().has_spawned());
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

TEST_F(DaemonTest, KilledSupervisorTakesFrontAndWorkersWithIt) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
  const common::Fd worker = OpenPidfd(PidOf(AskWorker(channel, 'r')));
  const common::Fd front_process = OpenPidfd(front.pid());
  daemon.Signal(SIGKILL);
  EXPECT_EQ(daemon.Wait(kPatience).signal, SIGKILL);
  EXPECT_TRUE(BecomesReadable(worker));
  EXPECT_TRUE(BecomesReadable(front_process));
  ASSERT_THAT(InstanceDirectories(), SizeIs(1)) << "nobody was there to remove it";

  // The next one serves the same path, and cleans up.
  Subprocess next = Start();
  EXPECT_THAT(InstanceDirectories(), SizeIs(1));
  next.Signal(SIGTERM);
  const Outcome outcome = next.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, HasSubstr("left by a daemon that died"));
  EXPECT_THAT(InstanceDirectories(), IsEmpty());
}

TEST_F(DaemonTest, NextDaemonKillsWhatAKilledOneLeftRunning) {
  Subprocess daemon = Start();
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  ASSERT_TRUE(front.Spawn(1, &channel).has_spawned());
  // A worker that heeds neither lifeline nor channel, and that has a child.
  ASSERT_EQ(AskWorker(channel, 'd'), "ok\n");
  ASSERT_EQ(AskWorker(channel, 'f'), "ok\n");
  const pid_t pid = PidOf(AskWorker(channel, 'r'));
  const common::Fd worker = OpenPidfd(pid);
  const common::Fd child = OpenPidfd(DescendantsOf(pid).at(0));
  daemon.Signal(SIGKILL);
  EXPECT_EQ(daemon.Wait(kPatience).signal, SIGKILL);
  ASSERT_EQ(::kill(pid, 0), 0) << "the test would prove nothing";

  Subprocess next = Start();
  EXPECT_TRUE(BecomesReadable(worker));
  EXPECT_TRUE(BecomesReadable(child));
  EXPECT_THAT(InstanceDirectories(), SizeIs(1));
  next.Signal(SIGTERM);
  EXPECT_EQ(next.Wait(kPatience).status, 0);
}

TEST_F(DaemonTest, TwoDaemonsShareNeitherSlotNorUsers) {
  const SocketDirectory other_directory;
  Subprocess first = Start();
  Subprocess second = Start(other_directory);
  FrontHandle first_front(directory_.SocketPath());
  FrontHandle second_front(other_directory.SocketPath());
  EXPECT_THAT(InstanceDirectories(), SizeIs(2));
  common::Fd first_channel;
  common::Fd second_channel;
  ASSERT_TRUE(first_front.Spawn(1, &first_channel).has_spawned());
  ASSERT_TRUE(second_front.Spawn(1, &second_channel).has_spawned());
  EXPECT_NE(StatusField(first_front.pid(), "Uid"), StatusField(second_front.pid(), "Uid"));
  EXPECT_NE(LineOf(AskWorker(first_channel, 'r'), "Uid"), LineOf(AskWorker(second_channel, 'r'), "Uid"));
  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait(kPatience).status, 0);
  EXPECT_EQ(AskWorker(second_channel, 'n'), "ok\n") << "the other goes on";
  second.Signal(SIGTERM);
  EXPECT_EQ(second.Wait(kPatience).status, 0);
}

TEST_F(DaemonTest, SecondDaemonAtTheSamePathIsRefusedAndTheFirstServesOn) {
  Subprocess daemon = Start();
  const Outcome second = RunToEnd(DaemonCommand(directory_));
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.output,
              HasSubstr(absl::StrCat("another bpfrigd serves unix:", directory_.SocketPath())));
  FrontHandle front(directory_.SocketPath());
  common::Fd channel;
  EXPECT_TRUE(front.Spawn(1, &channel).has_spawned());
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(kPatience).status, 0);
}

}  // namespace
}  // namespace bpfrig::tests

#include "client/guest/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace bpfrig::client::guest {
namespace {

TEST(ChildTest, TellsWhatAProgramPrintedAndHowItEnded) {
  const auto ended = RunToEnd({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->status, 3);
  EXPECT_EQ(ended->output, "out\nerr\n");
  EXPECT_EQ(RunToEnd({"sh", "-c", "kill -9 $$"})->status, 137);
}

TEST(ChildTest, SaysThatThereIsNoSuchProgram) {
  EXPECT_EQ(RunToEnd({"no-such-program"}).status().message(),
            "starting no-such-program: No such file or directory");
}

TEST(ChildTest, FailureHasTheEndOfTheOutput) {
  EXPECT_EQ(OutputOf({"sh", "-c", "echo no room; exit 1"}).status().message(),
            "sh failed with exit status 1: no room");
}

TEST(ChildTest, GetsPassedDescriptorsFromThreeOn) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const common::Fd read_end(ends[0]);
  common::Fd write_end(ends[1]);
  {
    absl::StatusOr<Child> child = Child::Start({"sh", "-c", "echo hello >&3"}, {write_end.Get()});
    ASSERT_TRUE(child.ok()) << child.status();
    write_end.Close();
    std::string text;
    while (ReadSome(read_end.Get(), text)) {
    }
    EXPECT_EQ(text, "hello\n");
  }
}

TEST(ChildTest, EndsWithItsOwner) {
  pid_t pid = -1;
  {
    absl::StatusOr<Child> child = Child::Start({"sh", "-c", "echo $$; exec cat /dev/zero"});
    ASSERT_TRUE(child.ok());
    std::string text;
    while (text.find('\n') == std::string::npos) ASSERT_TRUE(ReadSome(child->output(), text));
    pid = std::stoi(text);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace bpfrig::client::guest

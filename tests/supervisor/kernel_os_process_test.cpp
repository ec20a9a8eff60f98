// ChildProcess: what a new process has, and the message if it could not be made.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "common/fd.h"
#include "common/testing/temporary_directory.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/instance_directory.h"
#include "daemon/kernel_os/process.h"
#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

using kernel_os::ChildProcess;
using kernel_os::InstanceDirectory;
using kernel_os::ProcessEnd;
using kernel_os::ProcessSpec;
using ::testing::HasSubstr;

class ProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(instance_.ok()) << instance_.status();
    spec_.cgroup = instance_->Get();
    spec_.uid = 65534;
    spec_.gid = 65534;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    output_ = common::Fd(ends[0]);
    input_ = common::Fd(ends[1]);
    spec_.fds = {{.fd = input_.Get(), .number = STDOUT_FILENO}};
  }

  void Execute(const std::string& path, const std::vector<std::string>& arguments) {
    executable_ = common::Fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    ASSERT_TRUE(executable_.IsOpen()) << path;
    spec_.executable = executable_.Get();
    spec_.arguments = arguments;
  }

  // All that the process writes; call it once, after starting it.
  std::string ReadOutput() {
    input_.Close();
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t count = 0; (count = ::read(output_.Get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<size_t>(count));
    }
    return text;
  }

  absl::StatusOr<InstanceDirectory> instance_ = InstanceDirectory::Claim(*kernel_os::FindCgroupPlaces());
  common::Fd executable_;
  common::Fd output_;
  common::Fd input_;
  ProcessSpec spec_;
};

TEST_F(ProcessTest, RunsItsFileWithItsArgumentsAndEnvironment) {
  Execute("/bin/sh", {"sh", "-c", "echo $1 $NAME $(id -u)", "sh", "argument"});
  spec_.environment = {"NAME=value", "PATH=/usr/bin:/bin"};
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(spec_);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(ReadOutput(), "argument value 65534\n");
  const absl::StatusOr<ProcessEnd> end = child->Reap(tests::Soon());
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(DescribeEnd(*end), "status 0");
  EXPECT_FALSE(child->IsRunning());
}

TEST_F(ProcessTest, PlacesDescriptorsThatWantEachOthersNumbers) {
  const common::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const common::Fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  spec_.fds.push_back({.fd = null.Get(), .number = zero.Get()});
  spec_.fds.push_back({.fd = zero.Get(), .number = null.Get()});
  Execute("/bin/readlink", {"readlink", "/proc/self/fd/" + std::to_string(null.Get()),
                            "/proc/self/fd/" + std::to_string(zero.Get())});
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(spec_);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(ReadOutput(), "/dev/zero\n/dev/null\n");
  EXPECT_TRUE(child->Reap(tests::Soon()).ok());
}

TEST_F(ProcessTest, PassesOnlyTheGivenDescriptors) {
  // Without CLOEXEC, as a careless library leaves them.
  const common::Fd leak(::open("/dev/null", O_RDONLY));
  Execute("/bin/ls", {"ls", "/proc/self/fd"});
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(spec_);
  ASSERT_TRUE(child.ok()) << child.status();
  // The three standard streams, and the directory that ls reads.
  EXPECT_EQ(ReadOutput(), "0\n1\n2\n3\n");
  EXPECT_TRUE(child->Reap(tests::Soon()).ok());
}

TEST_F(ProcessTest, ReachesAFileBehindAClosedDirectory) {
  const common::TemporaryDirectory directory;  // 0700
  const std::string copy = directory / "true";
  std::filesystem::copy_file("/bin/true", copy);
  Execute(copy, {"true"});
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(spec_);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(DescribeEnd(child->Reap(tests::Soon()).value()), "status 0");
}

TEST_F(ProcessTest, SaysWhichStepFailedWhenTheFileCannotBeRun) {
  Execute("/etc/passwd", {"passwd"});
  const absl::Status status = ChildProcess::Start(spec_).status();
  EXPECT_EQ(status.message(), "starting passwd: executing its file: Permission denied");
  EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("executable for everybody"));
}

TEST_F(ProcessTest, SaysThatDevFdIsMissingIfTheKernelLooksThere) {
  Execute("/bin/true", {"true"});
  // Who has no /dev is a child, which tells how it went on the way that children's output takes.
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", "/dev", "tmpfs", 0, nullptr) != 0) {
      ::_exit(1);
    }
    absl::StatusOr<ChildProcess> started = ChildProcess::Start(spec_);
    if (started.ok()) (void)started->Reap(tests::Soon());
    const std::string told = started.ok() ? "started" : base::DetailOf(started.status()).hint;
    ::_exit(::write(input_.Get(), told.data(), told.size()) < 0 ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  const std::string told = ReadOutput();
  if (told == "started") GTEST_SKIP() << "this kernel does not look for executed files by their paths";
  EXPECT_EQ(told, "this kernel looks the open file up by its path: /dev/fd must be a link to /proc/self/fd");
}

TEST_F(ProcessTest, SaysWhichStepFailedWhenADescriptorIsNotOpen) {
  Execute("/bin/true", {"true"});
  spec_.fds = {{.fd = 9999, .number = 3}};
  EXPECT_EQ(ChildProcess::Start(spec_).status().message(),
            "starting true: placing its file descriptors: Bad file descriptor");
}

TEST_F(ProcessTest, SaysThatTheCgroupIsGone) {
  Execute("/bin/true", {"true"});
  absl::StatusOr<kernel_os::Cgroup> cgroup = kernel_os::Cgroup::Create(instance_->Get(), "gone");
  ASSERT_TRUE(cgroup.ok());
  const common::Fd directory(::fcntl(cgroup->Get(), F_DUPFD_CLOEXEC, 3));
  ASSERT_TRUE(cgroup->Remove(tests::Soon()).ok());
  spec_.cgroup = directory.Get();
  EXPECT_THAT(ChildProcess::Start(spec_).status().message(), HasSubstr("starting true: clone3: No such "));
}

TEST_F(ProcessTest, ReapTellsTheSignal) {
  Execute("/bin/cat", {"cat", "/dev/zero"});
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(spec_);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(child->Reap(absl::Now() + absl::Milliseconds(20)).status()));
  EXPECT_TRUE(child->Signal(SIGTERM).ok());
  const absl::StatusOr<ProcessEnd> end = child->Reap(tests::Soon());
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(DescribeEnd(*end), "signal 15 (Terminated)");
}

TEST_F(ProcessTest, DestructorKillsAndReaps) {
  Execute("/bin/cat", {"cat", "/dev/zero"});
  pid_t pid = -1;
  {
    const absl::StatusOr<ChildProcess> child = ChildProcess::Start(spec_);
    ASSERT_TRUE(child.ok()) << child.status();
    pid = child->pid();
    ASSERT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace bpfrig::tests

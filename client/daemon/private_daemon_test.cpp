// A private daemon's life, with a script in the daemon's place.
#include "client/daemon/private_daemon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::daemon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class PrivateDaemonTest : public testing::Test {
 protected:
  // A script that has its arguments in $ready, $lifeline and $listen.
  PrivateDaemonOptions Script(const std::string& body) {
    const fs::path path = directory_ / "daemon";
    std::ofstream(path)
        << "#!/bin/sh\nall=\"$*\"\n"
           "while [ $# -gt 0 ]; do\n"
           "  case \"$1\" in --ready-fd) ready=$2;; --lifeline-fd) lifeline=$2;; --listen) listen=$2;; esac\n"
           "  shift\ndone\n"
        << body;
    fs::permissions(path, fs::perms::owner_all);
    PrivateDaemonOptions options;
    options.executable = path.string();
    return options;
  }

  const common::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
  common::Fd stop_{eventfd(0, EFD_CLOEXEC)};
};

// Says that it serves, and stays until its lifeline ends.
constexpr char kGood[] =
    "echo \"started with $all\" >&2\nprintf x >/proc/self/fd/$ready\ncat /proc/self/fd/$lifeline\n";

TEST_F(PrivateDaemonTest, LivesAsLongAsItsLifeline) {
  absl::StatusOr<PrivateDaemon> daemon = PrivateDaemon::Start(Script(kGood), stop_.Get());
  ASSERT_TRUE(daemon.ok()) << daemon.status();
  const std::string target = daemon->target();
  const fs::path socket_directory = fs::path(target.substr(target.find(':') + 1)).parent_path();
  EXPECT_EQ(fs::status(socket_directory).permissions(), fs::perms::owner_all);
  EXPECT_THAT(daemon->LogTail(), HasSubstr("--private"));
  EXPECT_TRUE(daemon->Close().ok());
  EXPECT_FALSE(fs::exists(socket_directory));
}

TEST_F(PrivateDaemonTest, GetsNoOptionsThatLetOthersIn) {
  ASSERT_EQ(setenv("BPFRIGD_LISTEN_TCP", "0.0.0.0:1", 1), 0);
  ASSERT_EQ(setenv("BPFRIGD_TOKEN", "secret", 1), 0);
  ASSERT_EQ(setenv("BPFRIGD_UID_BASE", "70000", 1), 0);
  auto daemon = PrivateDaemon::Start(Script(absl::StrCat("env >&2\n", kGood)), stop_.Get());
  for (const char* name : {"BPFRIGD_LISTEN_TCP", "BPFRIGD_TOKEN", "BPFRIGD_UID_BASE"}) unsetenv(name);
  ASSERT_TRUE(daemon.ok()) << daemon.status();
  EXPECT_THAT(daemon->LogTail(), HasSubstr("BPFRIGD_UID_BASE=70000"));
  EXPECT_THAT(daemon->LogTail(), Not(HasSubstr("BPFRIGD_LISTEN_TCP")));
  EXPECT_THAT(daemon->LogTail(), Not(HasSubstr("secret")));
}

TEST_F(PrivateDaemonTest, SaysWhyItDidNotStart) {
  const auto daemon = PrivateDaemon::Start(Script("echo 'no cgroup2 here' >&2\nexit 7\n"), stop_.Get());
  ASSERT_FALSE(daemon.ok());
  EXPECT_THAT(daemon.status().message(), HasSubstr("exit status 7"));
  EXPECT_THAT(daemon.status().message(), HasSubstr("no cgroup2 here"));
  const auto silent = PrivateDaemon::Start(Script("exit 0\n"), stop_.Get());
  EXPECT_THAT(silent.status().message(), HasSubstr("exit status 0; it logged nothing, and /"));
}

TEST_F(PrivateDaemonTest, TellsThatItFailedAtTheEnd) {
  auto daemon = PrivateDaemon::Start(Script(absl::StrCat(kGood, "exit 3\n")), stop_.Get());
  ASSERT_TRUE(daemon.ok()) << daemon.status();
  EXPECT_THAT(daemon->Close().message(), HasSubstr("exit status 3"));
}

TEST_F(PrivateDaemonTest, GivesUpWhenToldToStop) {
  const eventfd_t one = 1;
  eventfd_write(stop_.Get(), one);
  const auto daemon = PrivateDaemon::Start(Script("cat /proc/self/fd/$lifeline\n"), stop_.Get());
  EXPECT_TRUE(absl::IsCancelled(daemon.status())) << daemon.status();
}

TEST_F(PrivateDaemonTest, WantsAnExecutable) {
  PrivateDaemonOptions options;
  options.executable = (directory_ / "missing").string();
  EXPECT_THAT(PrivateDaemon::Start(options, stop_.Get()).status().message(),
              HasSubstr("not an executable file"));
}

}  // namespace
}  // namespace bpfrig::client::daemon

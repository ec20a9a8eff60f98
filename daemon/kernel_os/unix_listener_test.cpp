#include "daemon/kernel_os/unix_listener.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/testing/temporary_directory.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class UnixListenerTest : public ::testing::Test {
 protected:
  absl::StatusOr<UnixListener> Listen() { return UnixListener::Listen(path_, std::nullopt); }

  // A socket at the path, bound by a program that knows nothing of locks.
  common::Fd BindForeign() {
    common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = Address();
    EXPECT_EQ(::bind(socket.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }

  int Connect() {
    const common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = Address();
    return ::connect(socket.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }

  sockaddr_un Address() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    return address;
  }

  const common::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
  std::string path_ = temporary_ / "rig.sock";
};

TEST_F(UnixListenerTest, ListensWithModeForOwnerAndGroup) {
  const absl::StatusOr<UnixListener> listener = Listen();
  ASSERT_TRUE(listener.ok()) << listener.status();
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, mode_t{S_IFSOCK | 0660});
  EXPECT_EQ(Connect(), 0);
}

TEST_F(UnixListenerTest, LeavesTheUmaskAsItWas) {
  const mode_t before = ::umask(0027);
  { const absl::StatusOr<UnixListener> listener = Listen(); }
  EXPECT_EQ(::umask(before), mode_t{0027});
}

TEST_F(UnixListenerTest, RemovesSocketAndLockWhenClosed) {
  absl::StatusOr<UnixListener> listener = Listen();
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(fs::exists(path_ + ".lock"));
  EXPECT_TRUE(listener->Close().ok());
  EXPECT_TRUE(fs::is_empty(directory_));
  EXPECT_TRUE(Listen().ok()) << "and the path is free";
}

TEST_F(UnixListenerTest, LeavesAnotherDaemonsFilesAloneWhenClosed) {
  absl::StatusOr<UnixListener> first = Listen();
  ASSERT_TRUE(first.ok());
  fs::remove(path_);
  fs::remove(path_ + ".lock");
  const absl::StatusOr<UnixListener> second = Listen();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(first->Close().ok());
  EXPECT_TRUE(fs::exists(path_ + ".lock"));
  EXPECT_EQ(Connect(), 0) << "the second is still reached";
}

TEST_F(UnixListenerTest, ClosesIfItsFilesAreGone) {
  absl::StatusOr<UnixListener> listener = Listen();
  ASSERT_TRUE(listener.ok());
  fs::remove(path_);
  fs::remove(path_ + ".lock");
  EXPECT_TRUE(listener->Close().ok());
}

TEST_F(UnixListenerTest, RefusesAPathThatALivingDaemonServes) {
  const absl::StatusOr<UnixListener> first = Listen();
  ASSERT_TRUE(first.ok());
  const absl::Status second = Listen().status();
  EXPECT_EQ(second.message(), "another bpfrigd serves unix:" + path_);
  EXPECT_EQ(Connect(), 0) << "the first still listens";
}

TEST_F(UnixListenerTest, ReplacesASocketThatNobodyServes) {
  BindForeign().Close();
  ASSERT_TRUE(fs::exists(path_));
  const absl::StatusOr<UnixListener> listener = Listen();
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_EQ(Connect(), 0);
}

TEST_F(UnixListenerTest, ReplacesALockFileThatNobodyHolds) {
  std::ofstream(path_ + ".lock") << "";
  EXPECT_TRUE(Listen().ok());
}

TEST_F(UnixListenerTest, RefusesASocketThatAnotherProgramServes) {
  const common::Fd foreign = BindForeign();
  ASSERT_EQ(::listen(foreign.Get(), 1), 0);
  EXPECT_EQ(Listen().status().message(), "another program serves unix:" + path_);
  EXPECT_TRUE(fs::exists(path_));
  EXPECT_FALSE(fs::exists(path_ + ".lock"));
}

TEST_F(UnixListenerTest, RefusesToReplaceAFile) {
  std::ofstream(path_) << "precious";
  EXPECT_EQ(Listen().status().message(), path_ + " exists and is not a socket");
  EXPECT_EQ(fs::file_size(path_), 8u);
}

TEST_F(UnixListenerTest, NamesADirectoryThatIsMissing) {
  path_ = directory_ / "missing/rig.sock";
  const absl::Status status = Listen().status();
  EXPECT_THAT(status.message(), HasSubstr("/missing: No such file or directory"));
  EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("make it first"));
}

TEST_F(UnixListenerTest, RefusesAPathThatIsTooLong) {
  path_ = directory_ / std::string(120, 'x');
  EXPECT_THAT(Listen().status().message(), HasSubstr("longer than 107 bytes"));
}

TEST_F(UnixListenerTest, DirectoryIsMadeAndRemovedWhenItWasMissing) {
  const std::string made = directory_ / "made";
  {
    const absl::StatusOr<RuntimeDirectory> directory = RuntimeDirectory::Ensure(made, std::nullopt);
    ASSERT_TRUE(directory.ok()) << directory.status();
    struct stat info {};
    ASSERT_EQ(::stat(made.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode, mode_t{S_IFDIR | 0750});
  }
  EXPECT_FALSE(fs::exists(made));
}

TEST_F(UnixListenerTest, DirectoryThatWasThereStays) {
  { const absl::StatusOr<RuntimeDirectory> directory = RuntimeDirectory::Ensure(directory_, std::nullopt); }
  EXPECT_TRUE(fs::exists(directory_));
}

TEST_F(UnixListenerTest, DirectoryWithSomebodyElsesFilesStays) {
  std::ofstream(path_) << "x";
  { const RuntimeDirectory directory = RuntimeDirectory::TakeOver(directory_); }
  EXPECT_TRUE(fs::exists(path_));
  fs::remove(path_);
  { const RuntimeDirectory directory = RuntimeDirectory::TakeOver(directory_); }
  EXPECT_FALSE(fs::exists(directory_));
}

TEST(ParseUnixAddressTest, ReadsBothSpellings) {
  EXPECT_EQ(*ParseUnixAddress("unix:/run/x.sock"), "/run/x.sock");
  EXPECT_EQ(*ParseUnixAddress("unix:///run/x.sock"), "/run/x.sock");
  EXPECT_EQ(*ParseUnixAddress("unix:x.sock"), "x.sock");
}

TEST(ParseUnixAddressTest, RefusesOtherAddresses) {
  for (const char* address : {"", "/run/x.sock", "unix:", "tcp:127.0.0.1:1", "0.0.0.0:80"}) {
    EXPECT_THAT(ParseUnixAddress(address).status().message(), HasSubstr("write unix:PATH")) << address;
  }
}

TEST(FindGroupTest, FindsByName) {
  EXPECT_EQ(*FindGroup("root"), gid_t{0});
  EXPECT_EQ(FindGroup("no-such-group-here").status().message(), "there is no group no-such-group-here");
}

}  // namespace
}  // namespace bpfrig::kernel_os

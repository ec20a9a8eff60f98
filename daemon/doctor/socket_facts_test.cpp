#include "daemon/doctor/socket_facts.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::doctor {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SocketFactsTest : public ::testing::Test {
 protected:
  SocketFactsTest() { options_.address = absl::StrCat("unix:", Path()); }

  [[nodiscard]] std::string Path() const { return directory_ / "rig.sock"; }
  [[nodiscard]] SocketFacts Look() const { return LookAtSocket(options_); }

  [[nodiscard]] common::Fd Listen() const {
    common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    Path().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(socket.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket.Get(), 1), 0);
    return socket;
  }

  const common::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
  supervisor::Options options_;
};

TEST_F(SocketFactsTest, LeavesAnEmptyDirectoryEmpty) {
  const SocketFacts facts = Look();
  EXPECT_TRUE(facts.usable.Worked()) << facts.usable.message;
  EXPECT_FALSE(facts.served);
  EXPECT_TRUE(facts.tcp.Worked()) << facts.tcp.message;
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(SocketFactsTest, SeesWhoServes) {
  const common::Fd server = Listen();
  const SocketFacts facts = Look();
  EXPECT_TRUE(facts.usable.Worked());
  EXPECT_TRUE(facts.served);
  EXPECT_EQ(facts.server, ::getpid());
  EXPECT_TRUE(fs::exists(Path()));
}

TEST_F(SocketFactsTest, SocketThatADeadDaemonLeftIsNotInTheWay) {
  Listen().Close();
  const SocketFacts facts = Look();
  EXPECT_TRUE(facts.usable.Worked());
  EXPECT_FALSE(facts.served);
  EXPECT_TRUE(fs::exists(Path())) << "it is the daemon's to remove";
}

TEST_F(SocketFactsTest, SaysWhatIsInTheWay) {
  std::ofstream(Path()) << "x";
  EXPECT_THAT(Look().usable.message, HasSubstr("exists and is not a socket"));
  options_.address = absl::StrCat("unix:", Path(), "/x.sock");
  EXPECT_THAT(Look().usable.message, HasSubstr("rig.sock is not a directory"));
  options_.address = "unix:/no/such/directory/x.sock";
  EXPECT_THAT(Look().usable.message, HasSubstr("looking up the socket's directory /no/such/directory"));
  EXPECT_EQ(Look().usable.hint, "make it first, with mode 0750");
  options_.address = "127.0.0.1:7070";
  EXPECT_TRUE(Look().usable.Failed());
  options_.address = absl::StrCat("unix:/", std::string(200, 'x'));
  EXPECT_THAT(Look().usable.message, HasSubstr("longer than 107 bytes"));
}

TEST_F(SocketFactsTest, DoesNotFindAGroupThatIsNotThere) {
  options_.group = "no-such-group-here";
  EXPECT_TRUE(Look().group.Failed());
  EXPECT_FALSE(Look().needs_chown);
  const group* own = ::getgrgid(::getegid());
  if (own == nullptr) GTEST_SKIP() << "our group has no name here";
  options_.group = own->gr_name;
  EXPECT_TRUE(Look().group.Worked());
  EXPECT_FALSE(Look().needs_chown) << "one of our own groups takes no capability";
}

TEST_F(SocketFactsTest, LooksAtTheOptionsForTcp) {
  options_.remote.address = "127.0.0.1:0";
  EXPECT_THAT(Look().tcp.message, HasSubstr("would let in everybody"));
  options_.remote.token_file = directory_ / "token";
  EXPECT_THAT(Look().tcp.message, HasSubstr("No such file"));
  std::ofstream(options_.remote.token_file) << "0123456789abcdef0123456789abcdef\n";
  EXPECT_TRUE(Look().tcp.Worked()) << Look().tcp.message;
}

}  // namespace
}  // namespace bpfrig::doctor

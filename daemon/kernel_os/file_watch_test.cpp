#include "daemon/kernel_os/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/testing/temporary_directory.h"

namespace bpfrig::kernel_os {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(watch_.ok()) << watch_.status(); }

  // Whether something has happened; takes it.
  bool Tells() {
    pollfd poll_fd{.fd = watch_->Get(), .events = POLLIN, .revents = 0};
    const bool ready = ::poll(&poll_fd, 1, 0) == 1;
    EXPECT_TRUE(watch_->Drain().ok());
    return ready;
  }

  const common::TemporaryDirectory temporary_;
  const fs::path folder_ = temporary_.path();
  absl::StatusOr<FileWatch> watch_ = FileWatch::Open();
};

TEST_F(FileWatchTest, TellsOfAFileThatIsWritten) {
  std::ofstream(folder_ / "key.pem") << "old";
  ASSERT_TRUE(watch_->Add(folder_).ok());
  EXPECT_FALSE(Tells());
  std::ofstream(folder_ / "key.pem") << "new";
  EXPECT_TRUE(Tells());
  EXPECT_FALSE(Tells()) << "it was taken";
}

TEST_F(FileWatchTest, TellsOfAFileThatIsRenamedIntoPlace) {
  fs::create_directory(folder_ / "certs");
  ASSERT_TRUE(watch_->Add(folder_ / "certs").ok());
  std::ofstream(folder_ / "new") << "new";
  EXPECT_FALSE(Tells());
  fs::rename(folder_ / "new", folder_ / "certs/key.pem");
  EXPECT_TRUE(Tells());
}

TEST_F(FileWatchTest, TellsOfALinkThatIsSwapped) {
  fs::create_directory(folder_ / "..2026_1");
  fs::create_directory(folder_ / "..2026_2");
  fs::create_directory_symlink("..2026_1", folder_ / "..data");
  ASSERT_TRUE(watch_->Add(folder_).ok());
  fs::create_directory_symlink("..2026_2", folder_ / "..data_tmp");
  EXPECT_TRUE(Tells());
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  EXPECT_TRUE(Tells());
}

TEST_F(FileWatchTest, FindsTheFolderThatTookTheOldOnesPlace) {
  fs::create_directory(folder_ / "certs");
  ASSERT_TRUE(watch_->Add(folder_ / "certs").ok());
  fs::rename(folder_ / "certs", folder_ / "old");
  fs::create_directory(folder_ / "certs");
  ASSERT_TRUE(watch_->Add(folder_ / "certs").ok());
  (void)Tells();
  std::ofstream(folder_ / "certs/key.pem") << "new";
  EXPECT_TRUE(Tells());
}

TEST_F(FileWatchTest, NamesAFolderThatIsMissing) {
  EXPECT_EQ(watch_->Add("/no/such/folder").message(), "watching /no/such/folder: No such file or directory");
}

}  // namespace
}  // namespace bpfrig::kernel_os

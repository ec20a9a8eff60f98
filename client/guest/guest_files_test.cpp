#include "client/guest/guest_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::guest {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Frame(const std::string& name, const std::string& bytes) {
  return absl::StrCat(name, std::string(1, '\0'), bytes);
}

TEST(GuestFilesTest, TakesFilesWithAnyBytes) {
  GuestFiles files;
  const std::string bytes("a\0/b\n", 5);
  files.Take(Frame("1/plan/test/maps/hits.after.json", bytes));
  files.Take(Frame("0/empty", ""));
  EXPECT_TRUE(files.status().ok()) << files.status();
  ASSERT_EQ(files.all().size(), 2u);
  EXPECT_EQ(files.all()[0].folder, 1u);
  EXPECT_EQ(files.all()[0].path, "plan/test/maps/hits.after.json");
  EXPECT_EQ(files.all()[0].bytes, bytes);
  EXPECT_EQ(files.all()[1].bytes, "");
}

TEST(GuestFilesTest, RefusesNamesThatLeadElsewhere) {
  for (const std::string& name :
       {std::string("0/../x"), std::string("0/a/../../x"), std::string("0//etc/passwd"),
        std::string("0/a/./b"), std::string("0/"), std::string("0/a/"), std::string("0/."),
        std::string("0/.."), std::string("/etc/passwd"), std::string("etc"), std::string(""),
        std::string("-1/a"), std::string("0x1/a"), std::string("99999999999999999999/a"),
        std::string("0/a\nb"), std::string("0/a\x1b[2J"), "0/" + std::string(256, 'a'),
        "0/" + std::string(600, 'a').replace(200, 1, "/").replace(400, 1, "/") + "/" + std::string(200, 'b') +
            "/" + std::string(250, 'c')}) {
    GuestFiles files;
    files.Take(Frame(name, "x"));
    EXPECT_TRUE(absl::IsInvalidArgument(files.status())) << name;
    EXPECT_TRUE(files.all().empty()) << name;
    EXPECT_THAT(std::string(files.status().message()), ::testing::Not(HasSubstr("\x1b")));
    // What is whole is taken all the same.
    files.Take(Frame("0/a", "x"));
    EXPECT_EQ(files.all().size(), 1u);
  }
  GuestFiles files;
  files.Take("0/no zero");
  EXPECT_TRUE(absl::IsInvalidArgument(files.status()));
}

TEST(GuestFilesTest, TakesNoMoreThanThereMayBe) {
  GuestFiles large;
  large.Take(Frame("0/a", std::string(kMaxGuestFileBytes, 'x')));
  EXPECT_TRUE(large.status().ok());
  large.Take(Frame("0/b", "x"));
  EXPECT_TRUE(absl::IsResourceExhausted(large.status()));
  EXPECT_EQ(large.all().size(), 1u);
  GuestFiles many;
  for (size_t i = 0; i < kMaxGuestFiles; ++i) many.Take(Frame(absl::StrCat("0/", i), ""));
  EXPECT_TRUE(many.status().ok());
  many.Take(Frame("0/more", ""));
  EXPECT_TRUE(absl::IsResourceExhausted(many.status()));
}

class WriteBelowTest : public testing::Test {
 protected:
  const common::TemporaryDirectory directory_;
  const fs::path folder_ = directory_.path() / "out/6.1";
};

TEST_F(WriteBelowTest, MakesFoldersAndReplacesFiles) {
  ASSERT_TRUE(WriteBelow(folder_, "plan/test/index.json", "one").ok());
  ASSERT_TRUE(WriteBelow(folder_, "plan/test/index.json", "2").ok());
  EXPECT_EQ(Content(folder_ / "plan/test/index.json"), "2");
  EXPECT_FALSE(WriteBelow(folder_, "plan/test", "a folder has the name").ok());
  EXPECT_FALSE(WriteBelow(folder_, "../x", "").ok());
  EXPECT_FALSE(fs::exists(folder_.parent_path() / "x"));
}

TEST_F(WriteBelowTest, FollowsNoLink) {
  const fs::path elsewhere = directory_.path() / "elsewhere";
  fs::create_directories(elsewhere);
  std::ofstream(elsewhere / "file") << "precious";
  fs::create_directories(folder_);
  fs::create_directory_symlink(elsewhere, folder_ / "folder");
  fs::create_symlink(elsewhere / "file", folder_ / "symbolic");
  fs::create_hard_link(elsewhere / "file", folder_ / "hard");
  EXPECT_FALSE(WriteBelow(folder_, "folder/new", "x").ok());
  EXPECT_TRUE(WriteBelow(folder_, "symbolic", "x").ok());
  EXPECT_TRUE(WriteBelow(folder_, "hard", "x").ok());
  EXPECT_FALSE(fs::is_symlink(folder_ / "symbolic"));
  EXPECT_EQ(Content(elsewhere / "file"), "precious");
  EXPECT_FALSE(fs::exists(elsewhere / "new"));
}

}  // namespace
}  // namespace bpfrig::client::guest

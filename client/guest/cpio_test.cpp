#include "client/guest/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace bpfrig::client::guest {
namespace {

using ::testing::ElementsAre;

// Paths with their bytes, as another reader of the format has them.
std::vector<std::string> Listing(const std::string& bytes) {
  archive* reader = archive_read_new();
  archive_read_support_format_cpio(reader);
  EXPECT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
  std::vector<std::string> listing;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
    EXPECT_EQ(archive_read_data(reader, content.data(), content.size()),
              static_cast<la_ssize_t>(content.size()));
    listing.push_back(std::string(archive_entry_pathname(entry)) + " " +
                      std::to_string(archive_entry_perm(entry) & 0111) + " " + content);
  }
  archive_read_free(reader);
  return listing;
}

TEST(CpioTest, HasTheDirectoriesAboveEachFileOnce) {
  Cpio cpio;
  cpio.AddFile("/a/b/plan.yaml", "name: x\n");
  cpio.AddFile("/a/init", "run", true);
  cpio.AddFile("/a/init", "again");
  const auto bytes = cpio.Finish();
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_THAT(Listing(*bytes), ElementsAre("a 73 ", "a/b 73 ", "a/b/plan.yaml 0 name: x\n", "a/init 73 run"));
}

}  // namespace
}  // namespace bpfrig::client::guest

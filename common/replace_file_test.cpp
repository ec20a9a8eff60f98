#include "common/replace_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "common/read_file.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::common {
namespace {

TEST(ReplaceFileTest, LeavesTheNewBytesAndNothingElse) {
  const TemporaryDirectory directory;
  const std::string path = directory / "x";
  for (const std::string& bytes : {std::string("a longer text"), std::string("\0b", 2), std::string()}) {
    EXPECT_EQ(ReplaceFile(path, bytes), absl::OkStatus());
    EXPECT_EQ(*ReadFile(path, 100), bytes);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(ReplaceFileTest, SaysWhyNot) {
  EXPECT_EQ(ReplaceFile("/nonexistent/x", "a").message(),
            "writing /nonexistent/x: No such file or directory");
}

}  // namespace
}  // namespace bpfrig::common

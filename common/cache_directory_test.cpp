#include "common/cache_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace bpfrig::common {
namespace {

std::string DirectoryWith(const char* cache, const char* home) {
  setenv("XDG_CACHE_HOME", cache, 1);
  setenv("HOME", home, 1);
  return CacheDirectory().string();
}

TEST(CacheDirectoryTest, IsInTheUsersCache) {
  EXPECT_EQ(DirectoryWith("/cache", "/home/u"), "/cache/bpfrig");
  EXPECT_EQ(DirectoryWith("", "/home/u"), "/home/u/.cache/bpfrig");
  EXPECT_EQ(DirectoryWith("relative", "/home/u"), "/home/u/.cache/bpfrig");
  EXPECT_EQ(DirectoryWith("", "relative"), "");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_EQ(CacheDirectory(), "");
}

}  // namespace
}  // namespace bpfrig::common

#include "client/guest/kernel_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/testing/temporary_directory.h"

namespace bpfrig::client::guest {
namespace {

namespace fs = std::filesystem;

class KernelCacheTest : public testing::Test {
 protected:
  KernelCacheTest() { fs::create_directories(directory_.path() / "kernels"); }

  // A file that says it is a kernel, with `content` to tell it from others.
  fs::path Image(const std::string& content) {
    const fs::path path = directory_.path() / "image";
    std::ofstream(path) << std::string(0x202, 'x') << "HdrS" << content;
    return path;
  }
  void Add(const std::string& release, const std::string& version, std::vector<std::string> suites = {}) {
    ASSERT_EQ(cache_.Add({release, "linux-image-" + release, version, std::move(suites), Image(release)}),
              absl::OkStatus());
  }
  absl::StatusOr<Kernel> Find(const std::string& spec) const {
    return cache_.Find(ParseKernelSpecs(spec)->at(0));
  }

  const common::TemporaryDirectory directory_;
  const KernelCache cache_{directory_.path()};
};

TEST_F(KernelCacheTest, FindsTheNewestByReleaseVersionOrSuite) {
  Add("6.1.0-9-cloud-amd64", "6.1.27-1");
  Add("6.1.0-50-cloud-amd64", "6.1.176-1", {"bookworm"});
  Add("6.12.118+deb13-cloud-amd64", "6.12.118-1", {"trixie", "bookworm-backports"});
  EXPECT_EQ(Find("6.1")->release, "6.1.0-50-cloud-amd64");
  EXPECT_EQ(Find("6.1.27")->release, "6.1.0-9-cloud-amd64");
  EXPECT_EQ(Find("6.12")->version, "6.12.118-1");
  EXPECT_EQ(Find("bookworm")->release, "6.1.0-50-cloud-amd64");
}

TEST_F(KernelCacheTest, SaysWhatThereIsAndHowToGetMore) {
  EXPECT_EQ(Find("5.10").status().message(),
            "kernel 5.10 was not fetched; there are none; `bpfrig kernels fetch 5.10` gets it through apt");
  Add("6.1.0-50-cloud-amd64", "6.1.176-1");
  EXPECT_EQ(Find("5.10").status().message(),
            "kernel 5.10 was not fetched; there is 6.1.0-50-cloud-amd64; `bpfrig kernels fetch 5.10` gets it "
            "through apt");
}

TEST_F(KernelCacheTest, NoticesAKernelThatWasChanged) {
  Add("6.1.0-50-cloud-amd64", "6.1.176-1");
  std::ofstream(Find("6.1")->image, std::ios::app) << "!";
  EXPECT_EQ(Find("6.1").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(KernelCacheTest, RefusesAFileThatIsNotAKernel) {
  const fs::path file = directory_.path() / "text";
  std::ofstream(file) << "no kernel";
  EXPECT_EQ(Find(file.string()).status().message(),
            file.string() + " is not a kernel for x86: a vmlinuz or bzImage was expected");
  EXPECT_EQ(Find(Image("").string())->image, directory_.path() / "image");
}

TEST_F(KernelCacheTest, RemovesAllThatASpecNames) {
  Add("6.1.0-9-cloud-amd64", "6.1.27-1");
  Add("6.1.0-50-cloud-amd64", "6.1.176-1");
  Add("6.12.118+deb13-cloud-amd64", "6.12.118-1");
  EXPECT_EQ(cache_.Remove(ParseKernelSpecs("6.1")->at(0))->size(), 2U);
  EXPECT_EQ(cache_.List()->size(), 1U);
}

}  // namespace
}  // namespace bpfrig::client::guest

#include "client/guest/apt_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfrig::client::guest {
namespace {

using ::testing::ElementsAre;

// As apt prints it, with the packages that have no kernel in them.
constexpr absl::string_view kMadison =
    " linux-image-6.1-cloud-amd64 | 6.1.176-1~deb11u1 | http://mirror.example/debian bullseye/main amd64 "
    "Packages\n"
    "linux-image-6.1.0-50-cloud-amd64-unsigned | 6.1.176-1 | http://mirror.example/debian bookworm/main "
    "amd64 "
    "Packages\n"
    "linux-image-6.1.0-50-cloud-amd64 | 6.1.176-1 | http://mirror.example/debian bookworm/main amd64 "
    "Packages\n"
    "linux-image-6.1.0-51-cloud-amd64 | 6.1.192-2 | http://mirror.example/security bookworm-security/main "
    "amd64 "
    "Packages\n"
    "linux-image-7.3.4+deb13-cloud-amd64 | 7.3.4-1~bpo13+1 | http://mirror.example/debian "
    "trixie-backports/main "
    "amd64 Packages\n"
    "linux-binary-7.3.4+deb13-cloud-amd64 | 7.3.4-1~bpo13+1 | http://mirror.example/debian "
    "trixie-backports/main "
    "amd64 Packages\n"
    "linux-image-6.12.9-amd64 | 6.12.9-1 | http://mirror.example/debian trixie/main amd64 Packages\n";

std::vector<std::string> Packages(const std::string& spec) {
  std::vector<std::string> packages;
  for (const PackagedKernel& kernel : Named(ParseKernelSpecs(spec)->at(0), ReadMadison(kMadison))) {
    packages.push_back(kernel.package);
  }
  return packages;
}

TEST(AptKernelsTest, PutsTheNewestFirstAndThePackageWithTheImageBeforeTheOther) {
  EXPECT_THAT(Packages("7.3"),
              ElementsAre("linux-binary-7.3.4+deb13-cloud-amd64", "linux-image-7.3.4+deb13-cloud-amd64"));
  EXPECT_THAT(Packages("6.1"),
              ElementsAre("linux-image-6.1.0-51-cloud-amd64", "linux-image-6.1.0-50-cloud-amd64",
                          "linux-image-6.1.0-50-cloud-amd64-unsigned"));
}

TEST(AptKernelsTest, FindsByPackageVersionAndSuite) {
  EXPECT_THAT(Packages("6.1.176"),
              ElementsAre("linux-image-6.1.0-50-cloud-amd64", "linux-image-6.1.0-50-cloud-amd64-unsigned"));
  EXPECT_EQ(Packages("bookworm").front(), "linux-image-6.1.0-51-cloud-amd64");
  EXPECT_EQ(Packages("trixie-backports").front(), "linux-binary-7.3.4+deb13-cloud-amd64");
  EXPECT_TRUE(Packages("trixie").empty());
  EXPECT_TRUE(Packages("5.10").empty());
}

}  // namespace
}  // namespace bpfrig::client::guest

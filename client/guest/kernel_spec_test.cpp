#include "client/guest/kernel_spec.h"

#include <gtest/gtest.h>

namespace bpfrig::client::guest {
namespace {

using Kind = KernelSpec::Kind;

TEST(KernelSpecTest, ReadsEachKind) {
  const auto specs = ParseKernelSpecs("5.10,host,trixie-backports,./vmlinuz,6.12.118+deb13-cloud-amd64");
  ASSERT_TRUE(specs.ok()) << specs.status();
  ASSERT_EQ(specs->size(), 5U);
  EXPECT_EQ((*specs)[0].kind, Kind::kVersion);
  EXPECT_EQ((*specs)[1].kind, Kind::kHost);
  EXPECT_EQ((*specs)[2].kind, Kind::kSuite);
  EXPECT_EQ((*specs)[3].kind, Kind::kFile);
  EXPECT_EQ((*specs)[4].kind, Kind::kVersion);
}

TEST(KernelSpecTest, RefusesWhatIsNotAKernel) {
  EXPECT_EQ(ParseKernelSpecs("6.1,").status().message(), "a kernel's name is empty");
  EXPECT_EQ(ParseKernelSpecs("6.1,6.1").status().message(), "kernel 6.1 is named twice");
  EXPECT_EQ(ParseKernelSpecs("Trixie").status().message(),
            "\"Trixie\" is not a kernel: a version (6.1), a suite of Debian (trixie), a file with a / in its "
            "path, or host was expected");
}

TEST(KernelSpecTest, ComparesVersionsPartByPart) {
  EXPECT_TRUE(StartsWithVersion("6.1.0-50-cloud-amd64", "6.1"));
  EXPECT_TRUE(StartsWithVersion("6.1", "6.1"));
  EXPECT_FALSE(StartsWithVersion("6.12.118", "6.1"));
  EXPECT_TRUE(IsOlder("6.9.1", "6.12.0"));
  EXPECT_TRUE(IsOlder("6.12.117+deb13", "6.12.118+deb13"));
  EXPECT_FALSE(IsOlder("7.0.4", "6.19.14"));
  EXPECT_FALSE(IsOlder("6.1", "6.1"));
}

}  // namespace
}  // namespace bpfrig::client::guest

#include "daemon/kernel_bpf/map/map_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

using testing::HasSubstr;

TEST(MapFlagsTest, KnowsTheHeadersNamesAndNumbers) {
  EXPECT_EQ(MapFlag("BPF_F_NO_PREALLOC").value(), 1U);
  EXPECT_EQ(MapFlag("BPF_F_MMAPABLE").value(), 1024U);
  EXPECT_EQ(MapFlag("0x81").value(), 0x81U);
}

TEST(MapFlagsTest, NamesTheNearestFlag) {
  const absl::Status status = MapFlag("BPF_F_NO_PREALOC").status();
  EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kUnknownName);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean \"BPF_F_NO_PREALLOC\"?"));
}

TEST(MapFlagsTest, RefusesANumberOfMoreBits) {
  EXPECT_EQ(base::DetailOf(MapFlag("0x100000000").status()).reason, base::Reason::kOutOfRange);
  EXPECT_EQ(base::DetailOf(MapFlag("-1").status()).reason, base::Reason::kUnknownName);
}

TEST(MapFlagsTest, SaysFlagsInWords) {
  EXPECT_EQ(MapFlagWords(0), "none");
  EXPECT_EQ(MapFlagWords(0x81), "BPF_F_NO_PREALLOC|BPF_F_RDONLY_PROG");
  EXPECT_EQ(MapFlagWords(0x40000001), "BPF_F_NO_PREALLOC|0x40000000");
}

}  // namespace
}  // namespace bpfrig::kernel_bpf

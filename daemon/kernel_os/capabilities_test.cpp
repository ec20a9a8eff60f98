#include "daemon/kernel_os/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

constexpr uint64_t Bit(int capability) { return uint64_t{1} << capability; }

const std::vector<CapabilityNeed>& Needs() {
  static const auto* needs =
      new std::vector<CapabilityNeed>{{.capability = CAP_SYS_ADMIN, .purpose = "making network namespaces"},
                                      {.capability = CAP_BPF, .purpose = "loading BPF programs"}};
  return *needs;
}

TEST(CapabilitiesTest, PassesWhenNoneIsMissing) {
  const CapabilitySet set(Bit(CAP_SYS_ADMIN) | Bit(CAP_BPF));
  EXPECT_TRUE(CheckCapabilities(set, Needs(), CAP_BPF).ok());
}

TEST(CapabilitiesTest, NamesWhatIsMissingAndHowToGetIt) {
  const absl::Status status = CheckCapabilities(CapabilitySet(Bit(CAP_BPF)), Needs(), CAP_BPF);
  EXPECT_EQ(status.message(), "needs CAP_SYS_ADMIN for making network namespaces");
  EXPECT_EQ(base::DetailOf(status).hint, "run as root, or in a container with cap_add: [SYS_ADMIN]");
}

TEST(CapabilitiesTest, NamesAllThatAreMissingAtOnce) {
  const absl::Status status = CheckCapabilities(CapabilitySet(0), Needs(), CAP_BPF);
  EXPECT_EQ(status.message(),
            "needs CAP_SYS_ADMIN for making network namespaces, CAP_BPF for loading BPF programs");
  EXPECT_EQ(base::DetailOf(status).hint, "run as root, or in a container with cap_add: [SYS_ADMIN, BPF]");
}

TEST(CapabilitiesTest, SaysWhenTheKernelIsTooOldForOne) {
  const absl::Status status = CheckCapabilities(CapabilitySet(Bit(CAP_SYS_ADMIN)), Needs(), CAP_AUDIT_READ);
  EXPECT_EQ(
      status.message(),
      "this kernel does not know CAP_BPF, needed for loading BPF programs: Linux 5.8 or newer is needed");
}

TEST(CapabilitiesTest, ReadsThoseOfThisProcess) {
  EXPECT_TRUE(CapabilitySet::OfThisProcess().ok());
  EXPECT_GE(LastCapability(), CAP_AUDIT_READ);
}

}  // namespace
}  // namespace bpfrig::kernel_os

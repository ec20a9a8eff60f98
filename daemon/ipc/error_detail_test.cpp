#include "daemon/ipc/error_detail.h"

#include <gtest/gtest.h>

#include <set>

namespace bpfrig::ipc {
namespace {

TEST(ErrorDetailTest, EveryReasonOfTheProtocolIsAReasonOfOursAndBack) {
  const google::protobuf::EnumDescriptor& reasons = *v1::ErrorReason_descriptor();
  std::set<base::Reason> ours;
  for (int i = 0; i < reasons.value_count(); ++i) {
    const auto reason = static_cast<v1::ErrorReason>(reasons.value(i)->number());
    EXPECT_EQ(ToProto(FromProto(reason)), reason)
        << reasons.value(i)->name() << " is not in the table of error_detail.cpp";
    ours.insert(FromProto(reason));
  }
  EXPECT_EQ(ours.size(), static_cast<size_t>(reasons.value_count()));
}

TEST(ErrorDetailTest, EveryReasonOfOursIsOneOfTheProtocol) {
  for (int number = 1; number < v1::ErrorReason_ARRAYSIZE; ++number) {
    EXPECT_NE(ToProto(static_cast<base::Reason>(number)), v1::ERROR_REASON_UNSPECIFIED) << number;
  }
}

TEST(ErrorDetailTest, TakesAReasonThatThisBuildDoesNotKnowAsUnspecified) {
  EXPECT_EQ(FromProto(static_cast<v1::ErrorReason>(99)), base::Reason::kUnspecified);
}

TEST(ErrorDetailTest, KeepsWhatAStatusCarries) {
  const base::ErrorDetail detail{.reason = base::Reason::kNoType,
                                 .errno_name = "EPERM",
                                 .object = "m",
                                 .hint = "load it with BTF",
                                 .field = "entries[3]"};
  const base::ErrorDetail back = FromProto(ToProto(detail));
  EXPECT_EQ(back.reason, detail.reason);
  EXPECT_EQ(back.errno_name, detail.errno_name);
  EXPECT_EQ(back.object, detail.object);
  EXPECT_EQ(back.hint, detail.hint);
  EXPECT_EQ(back.field, detail.field);
}

}  // namespace
}  // namespace bpfrig::ipc

#include "proto/rules/call_traits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"

namespace bpfrig::rules {
namespace {

using ::testing::AnyOf;

TEST(CallTraitsTest, EveryMethodSaysHowItUsesTheLoopAndNamesFieldsThatItsRequestHas) {
  ASSERT_GT(Service().method_count(), 0);
  for (int i = 0; i < Service().method_count(); ++i) {
    const google::protobuf::MethodDescriptor& method = *Service().method(i);
    const v1::CallTraits& option = method.options().GetExtension(v1::call);
    const CallTraits& traits = TraitsOf(*method.input_type());
    EXPECT_NE(option.loop(), v1::LOOP_USE_UNSPECIFIED) << method.name() << " lacks its option `call`";
    EXPECT_EQ(traits.name, method.name());
    EXPECT_EQ(traits.holds_if == nullptr, option.holds_if().empty()) << method.name();
    EXPECT_EQ(traits.file_field == nullptr, option.file_field().empty()) << method.name();
    const auto type_of = [](const google::protobuf::FieldDescriptor* field) -> std::string {
      return field == nullptr ? "" : field->type_name();
    };
    EXPECT_THAT(type_of(traits.holds_if), AnyOf("", "bool")) << method.name();
    EXPECT_THAT(type_of(traits.file_field), AnyOf("", "bytes")) << method.name();
  }
}

TEST(CallTraitsTest, FindsACallByItsRequest) {
  EXPECT_EQ(TraitsOf(*v1::ConnectRequest::descriptor()).loop, v1::LOOP_USE_WAITS);
  EXPECT_EQ(TraitsOf(*v1::LoadProgramRequest::descriptor()).file_field->name(), "object");
}

TEST(CallTraitsTest, ADumpHoldsTheLoopIfItConsumes) {
  v1::DumpMapRequest request;
  EXPECT_EQ(LoopUseOf(request), v1::LOOP_USE_SHARES);
  request.set_consume(true);
  EXPECT_EQ(LoopUseOf(request), v1::LOOP_USE_HOLDS);
}

}  // namespace
}  // namespace bpfrig::rules

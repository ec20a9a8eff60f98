// Walks the methods of the service: each must have all that a call needs between front and worker.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "common/read_file.h"
#include "daemon/ipc/envelope.h"
#include "daemon/worker/handlers/handlers.h"
#include "proto/rules/call_traits.h"

namespace bpfrig::worker {
namespace {

using bpfrig::internal::v1::CallReply;
using bpfrig::internal::v1::CallRequest;
using google::protobuf::MethodDescriptor;

class CallsTest : public ::testing::TestWithParam<const MethodDescriptor*> {};

TEST_P(CallsTest, HasFieldsInTheEnvelopes) {
  EXPECT_NE(ipc::FindField(*CallRequest::descriptor(), *GetParam()->input_type()), nullptr)
      << "CallRequest has no field for a " << GetParam()->input_type()->name();
  EXPECT_NE(ipc::FindField(*CallReply::descriptor(), *GetParam()->output_type()), nullptr)
      << "CallReply has no field for a " << GetParam()->output_type()->name();
}

TEST_P(CallsTest, HasAHandler) {
  EXPECT_NE(FindHandler(*GetParam()->input_type()), nullptr) << "handlers.cpp does not list it";
}

TEST_P(CallsTest, HasALineInTheDocuments) {
  constexpr size_t kMaxBytes = 1 << 20;
  const absl::StatusOr<std::string> page = common::ReadFile(BPFRIG_SOURCE "/docs/architecture.md", kMaxBytes);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_NE(page->find(absl::StrCat("\n| `", GetParam()->name(), "` | ")), std::string::npos)
      << "the table of calls in docs/architecture.md lacks it";
}

std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (int i = 0; i < rules::Service().method_count(); ++i) methods.push_back(rules::Service().method(i));
  return methods;
}

INSTANTIATE_TEST_SUITE_P(Service, CallsTest, ::testing::ValuesIn(Methods()),
                         [](const auto& call) { return call.param->name(); });

}  // namespace
}  // namespace bpfrig::worker

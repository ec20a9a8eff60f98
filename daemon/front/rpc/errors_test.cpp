#include "daemon/front/rpc/errors.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <string>

#include "bpfrig/v1/error.pb.h"
#include "daemon/base/status.h"
#include "daemon/front/sandboxes/finished_call.h"

namespace bpfrig::front {
namespace {

v1::RpcStatus Details(const grpc::Status& status) {
  v1::RpcStatus details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(ErrorsTest, KeepsAllOfAWorkersErrorOnTheWayToGrpc) {
  internal::v1::CallFinished finished;
  finished.set_code(static_cast<int>(absl::StatusCode::kFailedPrecondition));
  finished.set_message("attaching c4: Operation not permitted");
  finished.mutable_detail()->set_reason(v1::ERROR_REASON_KERNEL_REFUSED);
  finished.mutable_detail()->set_errno_name("EPERM");
  finished.mutable_detail()->set_object("c4");
  finished.mutable_detail()->set_hint("Give it CAP_NET_ADMIN.");
  finished.mutable_detail()->set_field("target.program");

  const grpc::Status status = ToGrpc(FromFinished(finished));

  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), finished.message());
  const v1::RpcStatus details = Details(status);
  EXPECT_EQ(details.code(), finished.code());
  EXPECT_EQ(details.message(), finished.message());
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/bpfrig.v1.ErrorDetail");
  v1::ErrorDetail detail;
  ASSERT_TRUE(details.details(0).UnpackTo(&detail));
  EXPECT_EQ(detail.SerializeAsString(), finished.detail().SerializeAsString());
}

TEST(ErrorsTest, TakesCodeZeroForSuccess) {
  EXPECT_TRUE(FromFinished(internal::v1::CallFinished()).ok());
  const grpc::Status status = ToGrpc(absl::OkStatus());
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(status.error_details().empty());
}

TEST(ErrorsTest, CarriesAReasonWithEachErrorOfOurs) {
  const grpc::Status status = ToGrpc(base::MakeError(base::Reason::kUnknownName, "there is no sandbox x"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  v1::ErrorDetail detail;
  ASSERT_TRUE(Details(status).details(0).UnpackTo(&detail));
  EXPECT_EQ(detail.reason(), v1::ERROR_REASON_UNKNOWN_NAME);
}

TEST(ErrorsTest, CutsLongTextsBetweenCharactersSoThatTrailersHoldThem) {
  std::string text;
  while (text.size() < 9000) text += "\xc3\xa9";  // two bytes each
  // Once with the cut falling on a character's first byte, once on its second.
  for (const std::string& message : {text, "x" + text}) {
    const absl::Status long_status =
        base::WithHint(base::MakeError(base::Reason::kUnknownName, message), message);
    const grpc::Status status = ToGrpc(base::WithField(long_status, message));
    EXPECT_LT(status.error_message().size(), 2000u);
    EXPECT_EQ(status.error_message().substr(status.error_message().size() - 3), "...");
    // Base64 adds a third.
    EXPECT_LT(status.error_message().size() + status.error_details().size() * 4 / 3, 7000u);
    // Refuses what is no UTF-8.
    EXPECT_EQ(Details(status).message(), status.error_message());
  }
}

}  // namespace
}  // namespace bpfrig::front

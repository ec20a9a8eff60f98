#include "daemon/front/rpc/relay.h"

#include <gtest/gtest.h>

#include <array>

#include "bpfrig/v1/map.pb.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

TEST(RelayTest, ReadsWhatCameInPieces) {
  v1::DumpMapRequest request;
  request.set_sandbox("s");
  request.set_map(std::string(1000, 'm'));
  const std::string encoded = request.SerializeAsString();
  const std::array<grpc::Slice, 2> pieces = {grpc::Slice(encoded.substr(0, 500)),
                                             grpc::Slice(encoded.substr(500))};
  const grpc::ByteBuffer buffer(pieces.data(), pieces.size());
  v1::DumpMapRequest read;
  ASSERT_TRUE(Parse(buffer, read).ok());
  EXPECT_EQ(read.map(), request.map());
  // It is still there for whoever passes it on.
  EXPECT_EQ(buffer.Length(), encoded.size());
}

TEST(RelayTest, RefusesWhatIsNoMessage) {
  v1::SeedMapRequest request;
  const absl::Status status = Parse(ToBuffer("\xff\xff"), request);
  EXPECT_EQ(status.message(), "reading a SeedMapRequest: malformed");
  EXPECT_EQ(base::DetailOf(status).reason, base::Reason::kInvalidField);
}

}  // namespace
}  // namespace bpfrig::front

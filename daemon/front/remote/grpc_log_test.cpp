#include "daemon/front/remote/grpc_log.h"

#include <gtest/gtest.h>

namespace bpfrig::front {
namespace {

TEST(RefusedHandshakeTest, SaysInWordsWhatOpensslMeans) {
  EXPECT_EQ(RefusedHandshake("Handshake failed with fatal error SSL_ERROR_SSL: error:0A0000C7:SSL "
                             "routines::peer did not return a certificate."),
            "it showed no certificate");
  EXPECT_EQ(RefusedHandshake("Handshake failed with fatal error SSL_ERROR_SSL: error:0A00010B:SSL "
                             "routines::wrong version number."),
            "it does not speak TLS");
  EXPECT_EQ(RefusedHandshake("Handshake failed with fatal error SSL_ERROR_SSL: error:06880006:asn1 encoding "
                             "routines::EVP lib."),
            RefusedHandshake("Handshake failed with fatal error SSL_ERROR_SSL: error:0A000086:SSL "
                             "routines::certificate verify failed."));
}

TEST(RefusedHandshakeTest, PassesOnWhatItDoesNotKnow) {
  EXPECT_EQ(RefusedHandshake("Handshake failed with fatal error SSL_ERROR_SSL: error:1:SSL routines::odd."),
            "SSL_ERROR_SSL: error:1:SSL routines::odd.");
}

TEST(RefusedHandshakeTest, LeavesOtherMessagesAlone) {
  EXPECT_FALSE(RefusedHandshake("Keepalive watchdog fired. Closing transport.").has_value());
}

}  // namespace
}  // namespace bpfrig::front

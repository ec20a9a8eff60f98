#include "daemon/supervisor/remote_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/status.h"

namespace bpfrig::supervisor {
namespace {

using ::testing::HasSubstr;

RemoteOptions At(const std::string& address) {
  RemoteOptions options;
  options.address = address;
  return options;
}

RemoteOptions WithTls(const std::string& address) {
  RemoteOptions options = At(address);
  options.tls_certificate = "server.pem";
  options.tls_key = "server.key";
  options.tls_client_ca = "ca.pem";
  options.tls_allowed_clients = "allowed";
  return options;
}

RemoteOptions WithToken(const std::string& address) {
  RemoteOptions options = At(address);
  options.token = "0123456789abcdef";
  return options;
}

TEST(RemoteOptionsTest, AllowsNoTcpAtAll) {
  EXPECT_TRUE(CheckRemoteOptions({}).ok());
  // In the environment of a whole CI job it harms nobody.
  RemoteOptions options;
  options.unencrypted_on_private_network = true;
  EXPECT_TRUE(CheckRemoteOptions(options).ok());
}

TEST(RemoteOptionsTest, AllowsMutualTlsAnywhere) {
  for (const char* address : {"127.0.0.1:7443", "0.0.0.0:7443", "[::]:7443"}) {
    EXPECT_TRUE(CheckRemoteOptions(WithTls(address)).ok()) << address;
  }
  RemoteOptions both = WithTls("0.0.0.0:7443");
  both.token_file = "token";
  EXPECT_TRUE(CheckRemoteOptions(both).ok());
  EXPECT_EQ(DescribeLock(both), "mutual TLS and a token");
}

TEST(RemoteOptionsTest, RefusesTcpWithoutLock) {
  const absl::Status status = CheckRemoteOptions(At("127.0.0.1:7443"));
  EXPECT_EQ(status.message(), "--listen-tcp 127.0.0.1:7443 would let in everybody who can reach it");
  EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("--tls-client-ca"));
  EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("BPFRIGD_TOKEN"));
}

TEST(RemoteOptionsTest, TokenWithoutTlsIsForLoopback) {
  EXPECT_TRUE(CheckRemoteOptions(WithToken("127.0.0.1:7443")).ok());
  EXPECT_TRUE(CheckRemoteOptions(WithToken("[::1]:7443")).ok());
  for (const char* address : {"0.0.0.0:7443", "10.0.0.1:7443", "[::]:7443"}) {
    RemoteOptions options = WithToken(address);
    const absl::Status status = CheckRemoteOptions(options);
    EXPECT_THAT(status.message(), HasSubstr("a token without TLS could be read on the way")) << address;
    EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("--unencrypted-on-private-network"));
    options.unencrypted_on_private_network = true;
    EXPECT_TRUE(CheckRemoteOptions(options).ok()) << address;
  }
}

TEST(RemoteOptionsTest, FlagAloneIsNoLock) {
  RemoteOptions options = At("10.0.0.1:7443");
  options.unencrypted_on_private_network = true;
  EXPECT_FALSE(CheckRemoteOptions(options).ok());
}

TEST(RemoteOptionsTest, RefusesTlsThatIsIncomplete) {
  for (std::string RemoteOptions::*const missing :
       {&RemoteOptions::tls_certificate, &RemoteOptions::tls_key, &RemoteOptions::tls_client_ca,
        &RemoteOptions::tls_allowed_clients}) {
    RemoteOptions options = WithTls("127.0.0.1:7443");
    options.token = "0123456789abcdef";
    (options.*missing).clear();
    const absl::Status status = CheckRemoteOptions(options);
    EXPECT_THAT(status.message(), HasSubstr("mutual TLS is incomplete"));
    EXPECT_EQ(base::DetailOf(status).hint, "give all four or none");
  }
  RemoteOptions options = WithTls("127.0.0.1:7443");
  options.tls_key.clear();
  EXPECT_EQ(CheckRemoteOptions(options).message(),
            "mutual TLS is incomplete: --tls-certificate, --tls-client-ca, --tls-allowed-clients without "
            "--tls-key");
}

TEST(RemoteOptionsTest, RefusesALockWithoutADoor) {
  EXPECT_THAT(CheckRemoteOptions(WithTls("")).message(), HasSubstr("--tls-* options are given without"));
  EXPECT_THAT(CheckRemoteOptions(WithToken("")).message(), HasSubstr("BPFRIGD_TOKEN is given without"));
  RemoteOptions file;
  file.token_file = "token";
  EXPECT_THAT(CheckRemoteOptions(file).message(), HasSubstr("--token-file is given without --listen-tcp"));
}

TEST(RemoteOptionsTest, RefusesTwoTokens) {
  RemoteOptions options = WithToken("127.0.0.1:7443");
  options.token_file = "token";
  EXPECT_EQ(CheckRemoteOptions(options).message(), "both --token-file and BPFRIGD_TOKEN give a token");
}

TEST(RemoteOptionsTest, RefusesAnAddressThatIsAName) {
  EXPECT_THAT(CheckRemoteOptions(WithToken("localhost:7443")).message(), HasSubstr("write IP:PORT"));
}

}  // namespace
}  // namespace bpfrig::supervisor

#include "daemon/front/remote/remote_credentials.h"

#include <gtest/gtest.h>

#include "daemon/front/testing/certificates.h"

namespace bpfrig::front {
namespace {

internal::v1::Credentials MakeCredentials(const std::string& client) {
  const TestCertificate certificate("x", absl::Now() - absl::Hours(1), absl::Now() + absl::Hours(1));
  internal::v1::Credentials credentials;
  credentials.mutable_tls()->set_certificate(certificate.CertificatePem());
  credentials.mutable_tls()->set_key(certificate.KeyPem());
  credentials.mutable_tls()->set_client_ca(certificate.CertificatePem());
  credentials.mutable_tls()->add_allowed_clients(client);
  return credentials;
}

bool Admits(const RemoteCredentials& remote, const std::string& client) {
  return remote.gate().Admit({.names = {client}, .authorizations = {}}).ok();
}

TEST(RemoteCredentialsTest, TakesTheFirstSet) {
  RemoteCredentials remote;
  EXPECT_FALSE(Admits(remote, "ci"));
  remote.Take(MakeCredentials("ci"));
  EXPECT_TRUE(remote.AwaitFirst(absl::Now()).ok());
  EXPECT_TRUE(remote.uses_tls());
  EXPECT_TRUE(Admits(remote, "ci"));
}

TEST(RemoteCredentialsTest, SaysWhereTheFirstSetIsBadOrDoesNotCome) {
  RemoteCredentials remote;
  EXPECT_EQ(remote.AwaitFirst(absl::Now()).message(), "the supervisor did not send its credentials");
  internal::v1::Credentials bad = MakeCredentials("ci");
  bad.mutable_tls()->clear_key();
  remote.Take(bad);
  EXPECT_EQ(remote.AwaitFirst(absl::Now()).message(),
            "the server's key (--tls-key) has no private key in PEM");
  EXPECT_FALSE(Admits(remote, "ci"));
}

TEST(RemoteCredentialsTest, HandsOutEachChangeOnce) {
  RemoteCredentials remote;
  uint64_t seen = 0;
  const internal::v1::Credentials first = MakeCredentials("ci");
  remote.Take(first);
  EXPECT_EQ(remote.TlsSince(seen)->key(), first.tls().key());
  EXPECT_FALSE(remote.TlsSince(seen).has_value());
  const internal::v1::Credentials second = MakeCredentials("ci");
  remote.Take(second);
  EXPECT_EQ(remote.TlsSince(seen)->key(), second.tls().key());
}

TEST(RemoteCredentialsTest, KeepsTheOldSetWhereTheNewIsBad) {
  RemoteCredentials remote;
  remote.Take(MakeCredentials("ci"));
  uint64_t seen = 0;
  (void)remote.TlsSince(seen);
  internal::v1::Credentials bad = MakeCredentials("other");
  bad.mutable_tls()->set_key(MakeCredentials("other").tls().key());
  remote.Take(bad);
  EXPECT_TRUE(Admits(remote, "ci"));
  EXPECT_FALSE(Admits(remote, "other"));
  EXPECT_FALSE(remote.TlsSince(seen).has_value());
}

}  // namespace
}  // namespace bpfrig::front

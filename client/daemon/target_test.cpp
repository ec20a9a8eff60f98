// Targets, and the credentials that go with them. Nothing is dialled.
#include "client/daemon/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/testing/temporary_directory.h"

namespace bpfrig::client::daemon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(TargetTest, TakesSocketsAndPorts) {
  for (const char* good : {"unix:/run/x", "unix:relative", "127.0.0.1:50051", "localhost:1", "[::1]:80"}) {
    EXPECT_TRUE(ParseTarget(good).ok()) << good;
  }
  for (const char* bad : {"", "unix:", "/run/x", "localhost", "localhost:", "localhost:0", "host:65536",
                          ":80", "::1:80", "[10.0.0.1]:80", "a b:80", "http://x:80", "host:8o"}) {
    EXPECT_FALSE(ParseTarget(bad).ok()) << bad;
  }
}

TEST(TargetTest, KnowsWhatStaysOnThisMachine) {
  for (const char* here : {"unix:/run/x", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(IsOnThisMachine(here)) << here;
  }
  for (const char* away : {"10.0.0.1:1", "[::2]:1", "[::ffff:127.0.0.1]:1", "localhost.example:1",
                           "127.0.0.1.example:1", "bpfrigd:1", "0.0.0.0:1"}) {
    EXPECT_FALSE(IsOnThisMachine(away)) << away;
  }
}

class CredentialsTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  // Why there is no connection; empty if there is one.
  std::string Refusal(const std::string& target = "10.0.0.1:1") const {
    const absl::StatusOr<Connection> connection = MakeConnection(target, credentials_);
    EXPECT_TRUE(connection.ok() || absl::IsInvalidArgument(connection.status())) << connection.status();
    return std::string(connection.status().message());
  }

  const common::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
  Credentials credentials_;
};

TEST_F(CredentialsTest, KeepsATokenOnThisMachineUnlessTold) {
  credentials_.token = "secret";
  EXPECT_THAT(Refusal("10.0.0.1:1"), HasSubstr("would go to 10.0.0.1:1 unencrypted"));
  EXPECT_EQ(Refusal("localhost:1"), "");
  EXPECT_EQ(Refusal("unix:/run/x"), "");
  EXPECT_EQ(MakeConnection("localhost:1", credentials_)->token, "secret");
  credentials_.unencrypted_on_private_network = true;
  EXPECT_EQ(Refusal("10.0.0.1:1"), "");
}

TEST_F(CredentialsTest, WantsOneWordForAToken) {
  for (const char* token : {"", " \n", "a b", "a\nb", "a\tb", "gr\xc3\xbcn", "a\x01"}) {
    credentials_.token = token;
    EXPECT_THAT(Refusal("localhost:1"), HasSubstr("BPFRIG_TOKEN")) << token;
  }
  credentials_.token = std::nullopt;
  credentials_.token_file = Write("empty", "\n");
  EXPECT_THAT(Refusal("localhost:1"), HasSubstr("empty is empty"));
  credentials_.token_file = Write("two", "a\nb\n");
  EXPECT_THAT(Refusal("localhost:1"), HasSubstr("two holds more than a token"));
  credentials_.token_file = (directory_ / "missing").string();
  EXPECT_THAT(Refusal("localhost:1"), HasSubstr("--token-file: opening "));
  credentials_.token_file = Write("good", "secret\n");
  EXPECT_EQ(MakeConnection("localhost:1", credentials_)->token, "secret");
  credentials_.token = "secret";
  EXPECT_THAT(Refusal("localhost:1"), HasSubstr("given twice"));
}

TEST_F(CredentialsTest, WantsAllThreeFilesAndWhatTheyAreFor) {
  const std::string certificate = Write("some.crt", "-----BEGIN CERTIFICATE-----\n");
  const std::string key = Write("some.key", "-----BEGIN EC PRIVATE KEY-----\n");
  credentials_.tls_server_name = "daemon";
  EXPECT_THAT(Refusal(), HasSubstr("all three"));
  credentials_.tls_ca = certificate;
  credentials_.tls_certificate = certificate;
  EXPECT_THAT(Refusal(), HasSubstr("all three"));
  credentials_.tls_key = key;
  EXPECT_EQ(Refusal(), "");
  EXPECT_THAT(Refusal("unix:/run/x"), HasSubstr("there is no TLS on unix:/run/x"));
  credentials_.tls_key = certificate;
  EXPECT_THAT(Refusal(), HasSubstr("--tls-key: " + certificate + " holds no private key"));
  credentials_.tls_key = Write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_THAT(Refusal(), HasSubstr("is encrypted"));
  credentials_.tls_key = key;
  credentials_.tls_ca = key;
  EXPECT_THAT(Refusal(), HasSubstr("--tls-ca: " + key + " holds no certificate"));
  credentials_.tls_ca = "/nonexistent/ca.crt";
  EXPECT_EQ(Refusal(), "--tls-ca: opening /nonexistent/ca.crt: No such file or directory");
}

}  // namespace
}  // namespace bpfrig::client::daemon

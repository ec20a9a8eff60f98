#include "daemon/supervisor/credential_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/testing/temporary_directory.h"
#include "daemon/base/status.h"

namespace bpfrig::supervisor {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "0123456789abcdef0123456789abcdef";

class CredentialFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.address = "127.0.0.1:0";
    options_.tls_certificate = Write("server.pem", "certificate");
    options_.tls_key = Write("server.key", "key");
    options_.tls_client_ca = Write("ca.pem", "ca");
    options_.tls_allowed_clients = Write("allowed", "ci\n");
    options_.token_file = Write("token", std::string(kToken) + "\n");
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  absl::Status ReadStatus() { return CredentialFiles::Open(options_)->Read().status(); }

  const common::TemporaryDirectory temporary_;
  const fs::path folder_ = temporary_.path();
  RemoteOptions options_;
};

TEST_F(CredentialFilesTest, ReadsAllOfThem) {
  const auto credentials = CredentialFiles::Open(options_)->Read();
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->tls().certificate(), "certificate");
  EXPECT_EQ(credentials->tls().key(), "key");
  EXPECT_EQ(credentials->tls().client_ca(), "ca");
  EXPECT_THAT(credentials->tls().allowed_clients(), ElementsAre("ci"));
  EXPECT_EQ(credentials->token(), kToken);
}

TEST_F(CredentialFilesTest, TakesTheTokenOfTheEnvironment) {
  RemoteOptions options;
  options.address = "127.0.0.1:0";
  options.token = kToken;
  const auto credentials = CredentialFiles::Open(options)->Read();
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_FALSE(credentials->has_tls());
  EXPECT_EQ(credentials->token(), kToken);
}

TEST_F(CredentialFilesTest, NamesTheFileThatCannotBeRead) {
  fs::remove(options_.tls_key);
  EXPECT_EQ(ReadStatus().message(), "reading --tls-key " + options_.tls_key + ": No such file or directory");
  fs::create_directory(options_.tls_key);
  EXPECT_EQ(ReadStatus().message(),
            "reading --tls-key " + options_.tls_key + ": it is no file of at most 1024 KiB");
}

TEST_F(CredentialFilesTest, NamesTheFileWhoseContentsAreNoUse) {
  Write("allowed", "# nobody yet\n");
  EXPECT_EQ(ReadStatus().message(), "--tls-allowed-clients " + options_.tls_allowed_clients +
                                        ": the list of allowed clients has no name");
  Write("allowed", "ci\n");
  Write("token", "hunter2");
  EXPECT_THAT(ReadStatus().message(),
              HasSubstr("--token-file " + options_.token_file + ": the token is short"));
}

TEST_F(CredentialFilesTest, TellsAChangeOnceTheFilesAreLeftAlone) {
  auto files = CredentialFiles::Open(options_);
  ASSERT_TRUE(files->Read().ok());
  EXPECT_EQ(files->NextDeadline(), absl::InfiniteFuture());
  Write("server.pem", "certificate 2");
  Write("server.key", "key 2");
  pollfd poll_fd{.fd = files->watch(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&poll_fd, 1, 0), 1);
  const absl::Time now = absl::Now();
  files->HandleChange(now);
  auto changed = files->ReadWhereChanged(now);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_FALSE(changed->has_value()) << "too early";
  const absl::Time settled = files->NextDeadline();
  EXPECT_LT(settled, now + absl::Seconds(2));
  changed = files->ReadWhereChanged(settled);
  ASSERT_TRUE(changed.ok() && changed->has_value()) << changed.status();
  EXPECT_EQ((*changed)->tls().certificate(), "certificate 2");
  EXPECT_EQ((*changed)->tls().key(), "key 2");
  EXPECT_EQ(files->NextDeadline(), absl::InfiniteFuture());
}

TEST_F(CredentialFilesTest, TellsNothingWhereAnotherFileOfTheFolderChanged) {
  auto files = CredentialFiles::Open(options_);
  ASSERT_TRUE(files->Read().ok());
  Write("notes", "x");
  files->HandleChange(absl::Now());
  const auto changed = files->ReadWhereChanged(files->NextDeadline());
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_FALSE(changed->has_value());
}

TEST(ParseAllowedClientsTest, ReadsNamesAndLeavesCommentsOut) {
  const auto names = ParseAllowedClients(
      "# who may call\n"
      "ci\n"
      "\n"
      "  Jane Doe  # from the third floor\r\n"
      "\t#\n"
      "spiffe://example.org/ns/x#y");
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("ci", "Jane Doe", "spiffe://example.org/ns/x#y"));
}

TEST(ParseAllowedClientsTest, RefusesAListOfNobody) {
  for (const char* text : {"", "\n\n", "# ci\n", " # ci"}) {
    EXPECT_EQ(ParseAllowedClients(text).status().message(), "the list of allowed clients has no name");
  }
}

TEST(ParseTokenTest, TakesOffTheNewline) {
  EXPECT_EQ(*ParseToken("0123456789abcdef\n"), "0123456789abcdef");
  EXPECT_EQ(*ParseToken("  0123456789abcdef\r\n"), "0123456789abcdef");
}

TEST(ParseTokenTest, RefusesWhatIsNoSecretAndDoesNotShowIt) {
  EXPECT_EQ(ParseToken("\n").status().message(), "the token is empty");
  for (const char* text : {"swordfish", "swordfish fishsword",
                           "swordfish-f\xc3\xaf"
                           "shsword"}) {
    const absl::Status status = ParseToken(text).status();
    EXPECT_FALSE(status.ok()) << text;
    EXPECT_THAT(status.message(), Not(HasSubstr("fish")));
    EXPECT_THAT(base::DetailOf(status).hint, HasSubstr("openssl rand"));
  }
}

}  // namespace
}  // namespace bpfrig::supervisor

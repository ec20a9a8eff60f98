// What the client says if TLS fails, against a real server on 127.0.0.1 that wants certificates as bpfrigd
// does. openssl makes them.
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/plan/object_files.h"
#include "client/testing/command_fixture.h"
#include "client/testing/fake_daemon.h"
#include "common/read_file.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::command {
namespace {

using testing::HasSubstr;

// Two authorities, `ours` and `other`; NAME.crt and NAME.key of a server and clients.
constexpr char kMakeCertificates[] = R"(
set -eu
new_key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
authority() { openssl req -x509 $new_key -keyout $1.key -out $1.crt -days 2 -subj /CN=$1; }
certificate() {  # NAME AUTHORITY DAYS
  openssl req -new $new_key -keyout $1.key -out $1.csr -subj /CN=$1
  openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -days $3 -out $1.crt -extfile names
}
echo subjectAltName=DNS:daemon.example,IP:127.0.0.1 >names
authority ours
authority other
certificate server ours 2
certificate client ours 2
certificate foreign other 2
certificate expired ours -1
)";

class TlsTest : public CommandFixture {
 protected:
  static void SetUpTestSuite() {
    certificates_ = new common::TemporaryDirectory;
    const std::string script = absl::StrCat("cd ", certificates_->path().string(), " && {", kMakeCertificates,
                                            "} >log 2>&1 || { cat log >&2; exit 1; }");
    ASSERT_EQ(system(script.c_str()), 0);
  }
  static void TearDownTestSuite() { delete certificates_; }

  ~TlsTest() override {
    if (daemon_.port() != 0) daemon_.Stop();
  }

  static std::string File(const std::string& name) { return (certificates_->path() / name).string(); }

  void StartDaemon(const std::string& name) {
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = *common::ReadFile(File("ours.crt"), 1 << 20);
    options.pem_key_cert_pairs.push_back(
        {*common::ReadFile(File(name + ".key"), 1 << 20), *common::ReadFile(File(name + ".crt"), 1 << 20)});
    daemon_.Start("127.0.0.1:0", grpc::SslServerCredentials(options));
    Use("ours", "client");
  }
  void Use(const std::string& authority, const std::string& client) {
    options_.target = absl::StrCat("127.0.0.1:", daemon_.port());
    options_.credentials.tls_ca = File(authority + ".crt");
    options_.credentials.tls_certificate = File(client + ".crt");
    options_.credentials.tls_key = File(client + ".key");
  }
  Outcome Call() {
    return Captured([this] { return PrintInfo(options_); });
  }
  std::string Refusal() {
    const Outcome outcome = Call();
    EXPECT_EQ(outcome.code, kRigFailed);
    return outcome.err;
  }

  static common::TemporaryDirectory* certificates_;
  daemon::FakeDaemon daemon_;
  DaemonOptions options_;
};

common::TemporaryDirectory* TlsTest::certificates_ = nullptr;

TEST_F(TlsTest, TakesGoodCertificates) {
  StartDaemon("server");
  EXPECT_EQ(Call().code, kAllPassed);
  options_.credentials.tls_server_name = "daemon.example";
  EXPECT_EQ(Call().code, kAllPassed);
}

TEST_F(TlsTest, SaysThatTheDaemonsCertificateIsNotGood) {
  StartDaemon("server");
  Use("other", "client");
  EXPECT_THAT(Refusal(), HasSubstr(absl::StrCat("shows a certificate that is not good according to ",
                                                File("other.crt"))));
}

TEST_F(TlsTest, SaysThatTheDaemonsCertificateHasExpired) {
  StartDaemon("expired");
  EXPECT_THAT(Refusal(), HasSubstr("or it is not valid today"));
}

TEST_F(TlsTest, SaysThatTheCertificateIsForAnotherName) {
  StartDaemon("server");
  options_.credentials.tls_server_name = "elsewhere.example";
  EXPECT_THAT(Refusal(), HasSubstr(" is not for elsewhere.example: "));
  options_.credentials.tls_server_name.clear();
  options_.target = absl::StrCat("localhost:", daemon_.port());
  EXPECT_THAT(Refusal(), HasSubstr(" is not for localhost: "));
}

TEST_F(TlsTest, SaysThatTheDaemonDoesNotTakeOurCertificate) {
  StartDaemon("server");
  for (const char* client : {"foreign", "expired"}) {
    Use("ours", client);
    EXPECT_THAT(Refusal(), HasSubstr(absl::StrCat("it does not take ", File(client), ".crt"))) << client;
  }
}

TEST_F(TlsTest, SaysThatTheDaemonWantsTls) {
  StartDaemon("server");
  options_.credentials = {};
  EXPECT_THAT(Refusal(), HasSubstr("give --tls-ca, --tls-certificate and --tls-key\n"));
}

TEST_F(TlsTest, SaysThatTheDaemonDoesNotSpeakTls) {
  daemon_.Start("127.0.0.1:0");
  Use("ours", "client");
  EXPECT_THAT(Refusal(), HasSubstr("does not speak TLS"));
}

TEST_F(TlsTest, SaysThatTheKeyDoesNotFitTheCertificate) {
  Use("ours", "client");
  options_.target = "127.0.0.1:1";  // Never dialled.
  options_.credentials.tls_key = File("foreign.key");
  const Outcome outcome = Call();
  EXPECT_EQ(outcome.code, kUsageError);
  EXPECT_THAT(outcome.err, HasSubstr(absl::StrCat("is ", File("foreign.key"), " the key of ")));
}

TEST_F(TlsTest, PassesOnThatTheClientIsNotListed) {
  daemon_.authenticate = [](const auto&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "client is not listed");
  };
  StartDaemon("server");
  EXPECT_THAT(Refusal(), HasSubstr(" refuses: PERMISSION_DENIED: client is not listed; "));
}

}  // namespace
}  // namespace bpfrig::client::command

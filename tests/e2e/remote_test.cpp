// Calls over TCP: who gets in, who does not, and what new credentials do.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "tests/e2e/remote_rig.h"
#include "tests/e2e/rig.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWrongToken[] = "fedcba9876543210fedcba9876543210";
constexpr char kNoCertificate[] = "refused a TLS client: it showed no certificate";
constexpr char kBadCertificate[] =
    "refused a TLS client: its certificate is not from the clients' CA, has expired";
constexpr char kNoTls[] = "refused a TLS client: it does not speak TLS";

std::vector<std::string> With(std::vector<std::string> options, const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

// How often the log says that something happened: lines that say so, and "N more times" of those that say
// that.
size_t CountWithUnsaid(const std::string& log, const std::string& text) {
  size_t count = 0;
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    if (!absl::StrContains(line, text)) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    size_t unsaid = 1;
    if (absl::EndsWith(line, " more times")) (void)absl::SimpleAtoi(words[words.size() - 3], &unsaid);
    count += unsaid;
  }
  return count;
}

class RemoteTest : public ::testing::Test {
 protected:
  // No key and no token.
  void ExpectLogHasNoSecret(const std::string& log) {
    EXPECT_THAT(log, Not(HasSubstr(kToken)));
    EXPECT_THAT(log, Not(HasSubstr(kWrongToken)));
    EXPECT_THAT(log, Not(HasSubstr("PRIVATE KEY")));
    for (const char* name : {"server.key", "client.key", "stranger.key"}) {
      const std::string key = ReadAll(certificates_.Path(name));
      EXPECT_THAT(log, Not(HasSubstr(key.substr(key.find('\n') + 1, 30)))) << name;
    }
  }

  // What a new TLS connection shows as the daemon's name.
  [[nodiscard]] std::string ServerName(const RemoteDaemon& daemon) const {
    const std::string script =
        "openssl s_client -connect \"$1\" -CAfile \"$2\" -cert \"$3\" -key \"$4\" </dev/null 2>/dev/null"
        " | openssl x509 -noout -subject";
    return RunToEnd({"sh", "-c", script, "sh", daemon.Address(), certificates_.Path("ca.pem"),
                     certificates_.Path("client.pem"), certificates_.Path("client.key")})
        .output;
  }

  [[nodiscard]] std::string WriteToken(const std::string& token) const {
    std::ofstream(certificates_.Path("token")) << token << "\n";
    return certificates_.Path("token");
  }

  const Certificates certificates_;
};

TEST_F(RemoteTest, MethodsAreThoseOfTheServices) {
  const std::vector<std::string> methods = AllMethods();
  EXPECT_GE(methods.size(), 17u);
  EXPECT_THAT(methods, Contains("/bpfrig.v1.BpfRig/OpenSandbox"));
  EXPECT_THAT(methods, Contains("/grpc.health.v1.Health/Watch"));
}

// Every RPC, for everybody who may not call, and for the one who may.
TEST_F(RemoteTest, TlsMatrix) {
  RemoteDaemon daemon(With(certificates_.Options(), {"--token-file", WriteToken(kToken)}));
  const std::vector<std::string> methods = AllMethods();
  for (const std::string& method : methods) {
    SCOPED_TRACE(method);
    const auto code = [&](const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                          const std::optional<std::string>& token) {
      return CallEmpty(daemon.Connect(credentials), method, token).error_code();
    };
    EXPECT_EQ(code(certificates_.NoClient(), kToken), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(code(certificates_.Client("foreign"), kToken), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(code(certificates_.Client("expired"), kToken), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(code(grpc::InsecureChannelCredentials(), kToken), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(code(certificates_.Client("stranger"), kToken), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(code(certificates_.Client("client"), kWrongToken), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(code(certificates_.Client("client"), std::nullopt), grpc::StatusCode::UNAUTHENTICATED);
    const grpc::StatusCode admitted = code(certificates_.Client("client"), kToken);
    EXPECT_NE(admitted, grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(admitted, grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_NE(admitted, grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_NE(admitted, grpc::StatusCode::UNIMPLEMENTED);
  }
  const std::string log = daemon.End();
  EXPECT_EQ(
      CountWithUnsaid(log, ": the client certificate is for \"stranger\", \"ci-runner.example.org\": not on"),
      methods.size());
  EXPECT_EQ(CountWithUnsaid(log, ": wrong token"), methods.size());
  EXPECT_EQ(CountWithUnsaid(log, ": no token"), methods.size());
  EXPECT_EQ(CountWithUnsaid(log, kNoCertificate), methods.size());
  EXPECT_EQ(CountWithUnsaid(log, kBadCertificate), 2 * methods.size());
  EXPECT_EQ(CountWithUnsaid(log, kNoTls), methods.size());
  EXPECT_EQ(CountWithUnsaid(log, "refused "), 7 * methods.size());
  ExpectLogHasNoSecret(log);
}

TEST_F(RemoteTest, TokenMatrix) {
  RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const std::vector<std::string> methods = AllMethods();
  for (const std::string& method : methods) {
    SCOPED_TRACE(method);
    const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
    EXPECT_EQ(CallEmpty(channel, method).error_code(), grpc::StatusCode::UNAUTHENTICATED);
    const grpc::Status wrong = CallEmpty(channel, method, kWrongToken);
    EXPECT_EQ(wrong.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(wrong.error_message(), "wrong token: the bearer token is not this daemon's");
    const grpc::StatusCode admitted = CallEmpty(channel, method, kToken).error_code();
    EXPECT_NE(admitted, grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_NE(admitted, grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_NE(admitted, grpc::StatusCode::UNAVAILABLE);
    (void)daemon.Log();  // or the pipe would fill
  }
  const std::string log = daemon.End();
  EXPECT_EQ(CountWithUnsaid(log, ": no token"), methods.size());
  EXPECT_EQ(CountWithUnsaid(log, ": wrong token"), methods.size());
  EXPECT_EQ(CountWithUnsaid(log, "refused "), 2 * methods.size());
  ExpectLogHasNoSecret(log);
}

TEST_F(RemoteTest, UnknownMethodIsRefusedLikeAKnownOne) {
  RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
  for (const char* method :
       {"/bpfrig.v1.BpfRig/Nonsense", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    EXPECT_EQ(CallEmpty(channel, method).error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
  }
  EXPECT_EQ(CallEmpty(channel, "/bpfrig.v1.BpfRig/Nonsense", kToken).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(RemoteTest, RefusedCallIsNotReadFirst) {
  constexpr size_t kObjectBytes = size_t{20} * 1024 * 1024;
  RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto stub = v1::BpfRig::NewStub(daemon.Connect(grpc::InsecureChannelCredentials()));
  v1::LoadProgramRequest request;
  request.set_object(std::string(kObjectBytes, 'o'));
  const auto load = [&](const std::string& token) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    v1::LoadProgramResponse response;
    return stub->LoadProgram(&context, request, &response).error_code();
  };
  // The most memory that the front ever had.
  const auto peak = [&] {
    const pid_t front = FrontOf(daemon.Pid());
    return std::stoull(StatusField(front, "VmHWM")) * 1024;
  };
  const size_t before = peak();
  // Bytes that are on their way already are thrown away, at most an HTTP/2 window.
  EXPECT_EQ(load(kWrongToken), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_LT(peak(), before + kObjectBytes / 2);
  EXPECT_EQ(load(kToken), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_GT(peak(), before + kObjectBytes) << "the comparison above would prove nothing";
}

TEST_F(RemoteTest, UnixSocketNeedsNeitherCertificateNorToken) {
  const RemoteDaemon daemon(With(certificates_.Options(), {"--token-file", WriteToken(kToken)}));
  const auto channel = grpc::CreateChannel("unix:" + std::string(std::getenv("TMPDIR")) + "/remote.sock",
                                           grpc::InsecureChannelCredentials());
  EXPECT_TRUE(CallEmpty(channel, kGetInfo).ok());
}

TEST_F(RemoteTest, NeitherTokenNorOptionsAreInAChildsEnvironment) {
  RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken, "BPFRIGD_LOG_LEVEL=info",
                           "CI_JOB_TOKEN=secret", "TZ=UTC"});
  const auto stub = v1::BpfRig::NewStub(daemon.Connect(grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata("authorization", std::string("Bearer ") + kToken);
  const auto lease = stub->OpenSandbox(&context, v1::OpenSandboxRequest());
  v1::OpenSandboxResponse opened;
  ASSERT_TRUE(lease->Read(&opened));
  const std::vector<pid_t> children = DescendantsOf(daemon.Pid());
  EXPECT_GE(children.size(), 2u) << "the front and a worker";
  for (const pid_t child : children) {
    const std::string environment = ReadAll("/proc/" + std::to_string(child) + "/environ");
    EXPECT_THAT(environment, HasSubstr("TZ=UTC"));
    EXPECT_THAT(environment, Not(HasSubstr("CI_JOB_TOKEN")));
    EXPECT_THAT(environment, Not(HasSubstr(kToken)));
    EXPECT_THAT(environment, Not(HasSubstr("BPFRIGD_")));
  }
  context.TryCancel();
  (void)lease->Finish();
}

TEST_F(RemoteTest, NewCertificateIsTakenWhenItsFilesAreReplacedAndALeaseLivesOn) {
  RemoteDaemon daemon(certificates_.Options());
  const auto stub = v1::BpfRig::NewStub(daemon.Connect(certificates_.Client("client")));
  grpc::ClientContext context;
  const auto lease = stub->OpenSandbox(&context, v1::OpenSandboxRequest());
  v1::OpenSandboxResponse opened;
  ASSERT_TRUE(lease->Read(&opened));
  EXPECT_THAT(ServerName(daemon), HasSubstr("bpfrigd"));

  certificates_.MakeServer("renewed");
  certificates_.Replace("server.pem", "renewed.pem");
  certificates_.Replace("server.key", "renewed.key");
  ASSERT_TRUE(daemon.AwaitLog("took new credentials")) << daemon.Log();
  EXPECT_THAT(ServerName(daemon), HasSubstr("renewed"));

  v1::CloseSandboxRequest close;
  close.set_sandbox(opened.opened().sandbox());
  v1::CloseSandboxResponse closed;
  grpc::ClientContext close_context;
  EXPECT_TRUE(stub->CloseSandbox(&close_context, close, &closed).ok());
  EXPECT_TRUE(closed.closed()) << "the sandbox was there still";
  ASSERT_TRUE(lease->Read(&opened));
  EXPECT_TRUE(lease->Finish().ok());
  EXPECT_THAT(daemon.End(), Not(HasSubstr("keeping the credentials")));
}

TEST_F(RemoteTest, ClientThatIsTakenOffTheListIsRefusedOnItsOldConnection) {
  RemoteDaemon daemon(certificates_.Options());
  const auto channel = daemon.Connect(certificates_.Client("client"));
  const auto stranger = daemon.Connect(certificates_.Client("stranger"));
  EXPECT_TRUE(CallEmpty(channel, kGetInfo).ok());
  EXPECT_FALSE(CallEmpty(stranger, kGetInfo).ok());
  std::ofstream(certificates_.Path("allowed-clients")) << "# ci-runner has left\nci-runner.example.org\n";
  ASSERT_TRUE(daemon.AwaitLog("took new credentials")) << daemon.Log();
  EXPECT_EQ(CallEmpty(channel, kGetInfo).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(CallEmpty(stranger, kGetInfo).ok()) << "by its alternative name";
}

TEST_F(RemoteTest, NewTokenIsTakenOnSighup) {
  const std::string file = WriteToken(kToken);
  RemoteDaemon daemon({"--token-file", file});
  const auto channel = daemon.Connect(grpc::InsecureChannelCredentials());
  EXPECT_TRUE(CallEmpty(channel, kGetInfo, kToken).ok());
  daemon.Signal(SIGHUP);
  ASSERT_TRUE(daemon.AwaitLog("took new credentials", 1)) << "asked for, although nothing has changed";
  (void)WriteToken(kWrongToken);
  daemon.Signal(SIGHUP);
  ASSERT_TRUE(daemon.AwaitLog("took new credentials", 2)) << daemon.Log();
  EXPECT_EQ(CallEmpty(channel, kGetInfo, kToken).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(CallEmpty(channel, kGetInfo, kWrongToken).ok());
  ExpectLogHasNoSecret(daemon.End());
}

TEST_F(RemoteTest, BadReloadsKeepTheOldCredentials) {
  RemoteDaemon daemon(certificates_.Options());
  const std::string kept = "keeping the credentials as they were: ";
  certificates_.MakeServer("renewed");
  certificates_.Replace("server.key", "renewed.key");
  ASSERT_TRUE(daemon.AwaitLog(kept + "the server's key (--tls-key) does not belong to the certificate"))
      << daemon.Log();
  EXPECT_THAT(ServerName(daemon), HasSubstr("bpfrigd"));
  std::ofstream(certificates_.Path("allowed-clients")) << "\n";
  ASSERT_TRUE(daemon.AwaitLog(kept + "--tls-allowed-clients")) << daemon.Log();
  std::filesystem::remove(certificates_.Path("server.pem"));
  daemon.Signal(SIGHUP);
  ASSERT_TRUE(daemon.AwaitLog(kept + "reading --tls-certificate")) << daemon.Log();
  EXPECT_TRUE(CallEmpty(daemon.Connect(certificates_.Client("client")), kGetInfo).ok());
  ExpectLogHasNoSecret(daemon.End());
}

TEST_F(RemoteTest, RefusesToStartWithOpenDoorsAndSaysWhy) {
  struct Case {
    std::vector<std::string> options;
    std::string message;
  };
  const std::vector<std::string> tls = certificates_.Options();
  const std::string token = WriteToken(kToken);
  const std::string tcp = "--listen-tcp";
  const std::string any = "127.0.0.1:0";
  const std::vector<Case> cases = {
      {{tcp, any},
       "--listen-tcp 127.0.0.1:0 would let in everybody who can reach it (give --tls-certificate"},
      {{tcp, "0.0.0.0:0", "--token-file", token}, "with --unencrypted-on-private-network)"},
      {{tcp, any, tls[0], tls[1], tls[2], tls[3]},
       "mutual TLS is incomplete: --tls-certificate, --tls-key without --tls-client-ca, "
       "--tls-allowed-clients"},
      {{tcp, any, "--token-file", "/no/such/token"},
       "reading --token-file /no/such/token: No such file or directory"},
      {{"--token-file", token}, "--token-file is given without --listen-tcp"},
      {{tcp, "localhost:7443", "--token-file", token},
       "\"localhost:7443\" is not a TCP address to listen at"},
      {With({tcp, any, "--tls-key", certificates_.Path("client.key")},
            {tls[0], tls[1], tls[4], tls[5], tls[6], tls[7]}),
       "the server's key (--tls-key) does not belong to the certificate"},
      {With({tcp, any, "--tls-client-ca", certificates_.Path("expired.pem")},
            {tls[0], tls[1], tls[2], tls[3], tls[6], tls[7]}),
       "the clients' CA (--tls-client-ca) expired at 2020-01-02 00:00 UTC"},
  };
  for (const Case& item : cases) {
    const std::string socket = std::string(std::getenv("TMPDIR")) + "/refused.sock";
    const Outcome outcome = RunToEnd(With({Binary("bpfrigd"), "--listen", "unix:" + socket}, item.options));
    EXPECT_EQ(outcome.status, 1) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(item.message));
    EXPECT_THAT(outcome.output, Not(HasSubstr(kToken)));
    EXPECT_THAT(outcome.output, Not(HasSubstr("BEGIN")));
  }
}

TEST_F(RemoteTest, SecondDaemonAtAPortIsRefused) {
  const RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const Outcome second = RunToEnd({"env", std::string("BPFRIGD_TOKEN=") + kToken,
                                   "BPFRIGD_LISTEN_TCP=" + daemon.Address(), Binary("bpfrigd"), "--listen",
                                   "unix:" + std::string(std::getenv("TMPDIR")) + "/second.sock"});
  EXPECT_EQ(second.status, 1) << second.output;
  EXPECT_THAT(second.output, HasSubstr("listening at " + daemon.Address() +
                                       ": Address already in use (another program has this port"));
}

}  // namespace
}  // namespace bpfrig::tests

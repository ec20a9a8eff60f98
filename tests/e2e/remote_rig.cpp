#include "tests/e2e/remote_rig.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstdlib>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/e2e/rig.h"
#include "tests/support/deadline.h"
#include "tests/support/documents.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;

constexpr char kMore[] = R"(
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req $key -subj "/CN=stranger" -keyout certs/stranger.key -addext "subjectAltName=DNS:ci-runner.example.org" |
  openssl x509 -req -CA certs/ca.pem -CAkey certs/ca.key -copy_extensions copy -out certs/stranger.pem
openssl req -x509 $key -subj "/CN=other CA" -keyout other.key -out other.pem
openssl req $key -subj "/CN=ci-runner" -keyout certs/foreign.key |
  openssl x509 -req -CA other.pem -CAkey other.key -out certs/foreign.pem
printf '%s\n' '[ca]' 'default_ca=d' '[d]' 'new_certs_dir=.' 'database=index' 'rand_serial=yes' \
  'default_md=sha256' 'policy=p' '[p]' 'commonName=supplied' > ca.conf
: > index
openssl req $key -subj "/CN=ci-runner" -keyout certs/expired.key -out expired.csr
openssl ca -batch -notext -config ca.conf -cert certs/ca.pem -keyfile certs/ca.key -in expired.csr \
  -startdate 20200101000000Z -enddate 20200102000000Z -out certs/expired.pem
)";

std::vector<std::string> CommandOf(const std::string& socket, const std::vector<std::string>& options,
                                   const std::vector<std::string>& variables) {
  std::vector<std::string> command = {"env"};
  command.insert(command.end(), variables.begin(), variables.end());
  // So that a test knows whose each worker is.
  command.insert(command.end(), {Binary("bpfrigd"), "--listen", "unix:" + socket, "--listen-tcp",
                                 "127.0.0.1:0", "--spare-sandboxes", "0"});
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

void AddMethods(const google::protobuf::FileDescriptor* file, std::vector<std::string>& methods) {
  for (int i = 0; i < file->service_count(); ++i) {
    const google::protobuf::ServiceDescriptor* const service = file->service(i);
    for (int j = 0; j < service->method_count(); ++j) {
      methods.push_back("/" + service->full_name() + "/" + service->method(j)->name());
    }
  }
}

}  // namespace

Certificates::Certificates() {
  Run(FirstBlockOf(BPFRIG_SOURCE "/docs/remote.md", "sh"));
  Run(kMore);
}

void Certificates::Run(const std::string& script) const {
  const Outcome outcome =
      RunToEnd({"sh", "-c", "cd \"$1\" && eval \"set -eu; $2\"", "sh", folder_.string(), script});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

std::vector<std::string> Certificates::Options() const {
  return {"--tls-certificate",     Path("server.pem"),     "--tls-key",
          Path("server.key"),      "--tls-client-ca",      Path("ca.pem"),
          "--tls-allowed-clients", Path("allowed-clients")};
}

std::shared_ptr<grpc::ChannelCredentials> Certificates::Client(const std::string& name) const {
  return grpc::SslCredentials({.pem_root_certs = ReadAll(Path("ca.pem")),
                               .pem_private_key = ReadAll(Path(name + ".key")),
                               .pem_cert_chain = ReadAll(Path(name + ".pem"))});
}

std::shared_ptr<grpc::ChannelCredentials> Certificates::NoClient() const {
  return grpc::SslCredentials(
      {.pem_root_certs = ReadAll(Path("ca.pem")), .pem_private_key = "", .pem_cert_chain = ""});
}

void Certificates::MakeServer(const std::string& name) const {
  Run("name=" + name + R"(
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "certs/$name.key" \
  -addext "subjectAltName=IP:127.0.0.1" |
  openssl x509 -req -CA certs/ca.pem -CAkey certs/ca.key -copy_extensions copy -out "certs/$name.pem")");
}

void Certificates::Replace(const std::string& name, const std::string& by) const {
  fs::copy_file(Path(by), Path("." + name + ".new"));
  fs::rename(Path("." + name + ".new"), Path(name));
}

RemoteDaemon::RemoteDaemon(const std::vector<std::string>& options, const std::vector<std::string>& variables)
    : socket_(std::string(std::getenv("TMPDIR")) + "/remote.sock"),
      process_(Subprocess::Start(CommandOf(socket_, options, variables))) {
  EXPECT_TRUE(process_.WaitForOutput("ready", kPatience)) << Log();
  const std::string before = "listening at ";
  const size_t start = Log().find(before) + before.size();
  address_ = Log().substr(start, Log().find(',', start) - start);
}

RemoteDaemon::~RemoteDaemon() { (void)End(); }

bool RemoteDaemon::AwaitLog(const std::string& text, size_t count) {
  return WaitUntil(kPatience, [&] { return Count(Log(), text) >= count; });
}

std::string RemoteDaemon::End() {
  if (process_.Pid() <= 0) return "";
  process_.Signal(SIGTERM);
  const Outcome outcome = process_.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  return outcome.output;
}

std::shared_ptr<grpc::Channel> RemoteDaemon::Connect(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("ipv4:" + Address(), credentials, arguments);
}

common::Fd ConnectTo(const std::string& address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  common::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.Get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  return fd;
}

size_t Count(const std::string& in, const std::string& text) {
  size_t count = 0;
  for (size_t at = in.find(text); at != std::string::npos; at = in.find(text, at + text.size())) ++count;
  return count;
}

std::vector<std::string> AllMethods() {
  std::vector<std::string> methods;
  const auto* rig = google::protobuf::DescriptorPool::generated_pool()->FindFileContainingSymbol(
      v1::BpfRig::service_full_name());
  EXPECT_NE(rig, nullptr);
  if (rig != nullptr) AddMethods(rig, methods);
  // By a message of its file: otherwise a linker may leave out the file, and the pool not know it.
  AddMethods(grpc::health::v1::HealthCheckRequest::descriptor()->file(), methods);
  return methods;
}

grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                       const std::optional<std::string>& token) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (token.has_value()) context.AddMetadata("authorization", "Bearer " + *token);
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  (void)wait();
  const grpc::Slice empty;
  call->WriteLast(grpc::ByteBuffer(&empty, 1), grpc::WriteOptions(), nullptr);
  (void)wait();
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  const bool answered = wait();
  // A stream need not end by itself.
  if (answered) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(wait());
  return answered ? grpc::Status::OK : status;
}

}  // namespace bpfrig::tests

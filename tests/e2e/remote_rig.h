// What tests of calls over TCP share: certificates made as docs/remote.md says, a daemon that listens on
// loopback, and calls of any method by its name.
#pragma once

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/testing/temporary_directory.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {

inline constexpr char kToken[] = "0123456789abcdef0123456789abcdef";

// A folder with the `certs` of docs/remote.md, and further certificates of clients, each with a key:
// `stranger` (not listed), `expired`, and `foreign` (of another CA).
class Certificates {
 public:
  Certificates();

  [[nodiscard]] std::string Path(const std::string& name) const { return folder_ / "certs" / name; }
  // The daemon's options.
  [[nodiscard]] std::vector<std::string> Options() const;
  // A client's options, with NAME.pem and NAME.key.
  [[nodiscard]] std::shared_ptr<grpc::ChannelCredentials> Client(const std::string& name) const;
  // A client's options without a certificate.
  [[nodiscard]] std::shared_ptr<grpc::ChannelCredentials> NoClient() const;
  // Makes another server.pem and server.key, called NAME.pem and NAME.key.
  void MakeServer(const std::string& name) const;
  // Replaces a file with another, as editors do.
  void Replace(const std::string& name, const std::string& by) const;

 private:
  // Runs a script in the folder.
  void Run(const std::string& script) const;

  const common::TemporaryDirectory temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

// A daemon on 127.0.0.1, at a port that the kernel chose; serving when the constructor returns.
class RemoteDaemon {
 public:
  // `variables` as NAME=value.
  explicit RemoteDaemon(const std::vector<std::string>& options,
                        const std::vector<std::string>& variables = {});
  ~RemoteDaemon();
  RemoteDaemon(const RemoteDaemon&) = delete;
  RemoteDaemon& operator=(const RemoteDaemon&) = delete;

  [[nodiscard]] const std::string& Address() const { return address_; }
  // For --target: it listens at a unix socket, too.
  [[nodiscard]] std::string UnixTarget() const { return "unix:" + socket_; }
  [[nodiscard]] pid_t Pid() const { return process_.Pid(); }
  void Signal(int signal) const { process_.Signal(signal); }
  // What it has logged so far.
  [[nodiscard]] const std::string& Log() { return process_.Output(); }
  // Waits until the log has the text that many times.
  [[nodiscard]] bool AwaitLog(const std::string& text, size_t count = 1);
  // Ends it; returns all that it logged.
  [[nodiscard]] std::string End();

  // A channel that shares its connection with no other.
  [[nodiscard]] std::shared_ptr<grpc::Channel> Connect(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const;

 private:
  std::string socket_;
  Subprocess process_;
  std::string address_;
};

// A connection to the daemon's port on loopback, by a client that has not said anything.
[[nodiscard]] common::Fd ConnectTo(const std::string& address);

// How often `text` occurs.
[[nodiscard]] size_t Count(const std::string& in, const std::string& text);

// All methods of the daemon's services, from their descriptors: "/bpfrig.v1.BpfRig/Attach".
[[nodiscard]] std::vector<std::string> AllMethods();

inline constexpr char kGetInfo[] = "/bpfrig.v1.BpfRig/GetInfo";
// Calls a method with an empty message. OK if a message came back, or the call ended well.
[[nodiscard]] grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                                     const std::optional<std::string>& token = std::nullopt);

}  // namespace bpfrig::tests

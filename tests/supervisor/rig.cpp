#include "tests/supervisor/rig.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <deque>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/kernel_os/cgroup_root.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using internal::v1::ControlReply;
using internal::v1::ControlRequest;

absl::Time Deadline() { return absl::Now() + absl::FromChrono(kPatience); }

}  // namespace

FrontHandle::FrontHandle(const std::string& socket_path) {
  connection_ = common::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof(address.sun_path) - 1);
  EXPECT_EQ(::connect(connection_.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0)
      << std::strerror(errno);
  EXPECT_TRUE(BecomesReadable(connection_));
  std::string bytes;
  std::deque<common::Fd> fds;
  EXPECT_TRUE(ipc::ReceiveBytes(connection_.Get(), bytes, fds).ok());
  EXPECT_TRUE(absl::SimpleAtoi(absl::StripAsciiWhitespace(bytes), &pid_)) << bytes;
  EXPECT_EQ(fds.size(), 1u);
  if (!fds.empty()) control_.emplace(std::move(fds.front()));
}

void FrontHandle::Command(char command, bool answers) {
  EXPECT_EQ(::write(connection_.Get(), &command, 1), 1);
  if (!answers) return;
  EXPECT_TRUE(BecomesReadable(connection_));
  EXPECT_EQ(::read(connection_.Get(), &command, 1), 1);
}

ControlReply FrontHandle::Spawn(uint64_t number, common::Fd* channel) {
  ControlRequest request;
  request.mutable_spawn()->set_worker(number);
  EXPECT_TRUE(control_->Send(request, -1, Deadline()).ok());
  ControlReply reply = Receive();
  common::Fd fd = control_->TakeFd();
  EXPECT_EQ(fd.IsOpen(), reply.has_spawned()) << reply.ShortDebugString();
  if (channel != nullptr) *channel = std::move(fd);
  return reply;
}

void FrontHandle::Kill(uint64_t number) {
  ControlRequest request;
  request.mutable_kill()->set_worker(number);
  EXPECT_TRUE(control_->Send(request, -1, Deadline()).ok());
}

ControlReply FrontHandle::Receive() {
  ControlReply reply;
  const absl::StatusOr<bool> received = control_->Receive(reply, Deadline());
  EXPECT_TRUE(received.ok() && *received) << received.status();
  return reply;
}

bool FrontHandle::EndsSilently() {
  ControlReply reply;
  const absl::StatusOr<bool> received = control_->Receive(reply, Deadline());
  return received.ok() && !*received;
}

std::string AskWorker(const common::Fd& channel, char command) {
  if (::send(channel.Get(), &command, 1, MSG_NOSIGNAL) != 1) return "";
  std::string answer;
  while (BecomesReadable(channel)) {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(channel.Get(), buffer.data(), buffer.size());
    if (count <= 0) return "";
    answer.append(buffer.data(), static_cast<size_t>(count));
    if (answer.back() != '\0') continue;
    answer.pop_back();
    return answer;
  }
  return "";
}

std::vector<std::string> LinesOf(const std::string& report, const std::string& key) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(report, '\n')) {
    if (!absl::ConsumePrefix(&line, key) || !absl::ConsumePrefix(&line, ":")) continue;
    lines.emplace_back(absl::StripAsciiWhitespace(line));
  }
  return lines;
}

std::string LineOf(const std::string& report, const std::string& key) {
  const std::vector<std::string> lines = LinesOf(report, key);
  return lines.empty() ? "" : lines.front();
}

pid_t PidOf(const std::string& report) {
  pid_t pid = -1;
  EXPECT_TRUE(absl::SimpleAtoi(LineOf(report, "Pid"), &pid)) << report;
  return pid;
}

common::Fd OpenPidfd(pid_t pid) {
  common::Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  EXPECT_TRUE(fd.IsOpen()) << "process " << pid;
  return fd;
}

bool BecomesReadable(const common::Fd& fd) {
  pollfd poll_fd{.fd = fd.Get(), .events = POLLIN, .revents = 0};
  return ::poll(&poll_fd, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1;
}

std::vector<std::string> InstanceDirectories() {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(kernel_os::FindCgroupPlaces()->front().path)) {
    const std::string name = entry.path().filename();
    if (entry.is_directory() && absl::StartsWith(name, "bpfrig-") && name != kernel_os::kDaemonLeaf) {
      found.push_back(entry.path());
    }
  }
  return found;
}

std::vector<std::string> DaemonCommand(const SocketDirectory& directory) {
  return {BPFRIG_BIN "/supervisor_double", "daemon", directory.Address()};
}

}  // namespace bpfrig::tests

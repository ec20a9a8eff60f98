#include "daemon/ipc/message_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "daemon/base/status.h"

namespace bpfrig::ipc {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;

constexpr size_t kReceiveBytes = 64 * 1024;
// A peer attaches one descriptor a message; several messages may arrive in one read.
constexpr size_t kMaxFds = 16;

// Waits until the socket is ready for `events`, or the deadline.
absl::Status WaitFor(int socket, short events, absl::Time deadline) {
  while (true) {
    int timeout_ms = -1;
    if (deadline != absl::InfiniteFuture()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) {
        return MakeError(Reason::kDeadline, "waiting for the other process: the deadline passed");
      }
      timeout_ms = static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
    }
    pollfd poll_fd{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&poll_fd, 1, timeout_ms);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return ErrnoError("polling a socket");
  }
}

}  // namespace

absl::StatusOr<std::pair<common::Fd, common::Fd>> MakeSocketPair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return ErrnoError("making a socketpair");
  }
  return std::make_pair(common::Fd(fds[0]), common::Fd(fds[1]));
}

absl::StatusOr<ssize_t> ReceiveBytes(int socket, std::string& bytes, std::deque<common::Fd>& fds) {
  std::array<char, kReceiveBytes> buffer;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control;
  iovec vector{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = TEMP_FAILURE_RETRY(::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
  if (count < 0) {
    if (errno == EAGAIN) return -1;
    // The peer died without reading all that we sent: for us that is the end of the stream too.
    if (errno == ECONNRESET) return 0;
    return ErrnoError("receiving from a socket");
  }
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t fd_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < fd_count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  bytes.append(buffer.data(), static_cast<size_t>(count));
  return count;
}

absl::StatusOr<ssize_t> SendBytes(int socket, absl::string_view bytes, int attached) {
  iovec vector{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (attached >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &attached, sizeof(int));
  }
  const ssize_t count = TEMP_FAILURE_RETRY(::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT));
  if (count >= 0) return count;
  if (errno == EAGAIN) return -1;
  return ErrnoError("sending to a socket");
}

absl::Status MessageSocket::Send(const google::protobuf::MessageLite& message, int attached,
                                 absl::Time deadline) {
  BPFRIG_RETURN_IF_ERROR(Begin(message, attached));
  return Flush(deadline);
}

absl::Status MessageSocket::SendEncoded(absl::string_view message, absl::Time deadline) {
  BPFRIG_ASSIGN_OR_RETURN(unsent_, FramesOf(message));
  BPFRIG_RETURN_IF_ERROR(SendSome());
  return Flush(deadline);
}

absl::Status MessageSocket::Begin(const google::protobuf::MessageLite& message, int attached) {
  BPFRIG_ASSIGN_OR_RETURN(unsent_, EncodeFrames(message));
  unsent_fd_ = attached;
  return SendSome();
}

absl::Status MessageSocket::Flush(absl::Time deadline) {
  while (!unsent_.empty()) {
    BPFRIG_RETURN_IF_ERROR(WaitFor(fd_.Get(), POLLOUT, deadline));
    BPFRIG_RETURN_IF_ERROR(SendSome());
  }
  return absl::OkStatus();
}

absl::Status MessageSocket::SendSome() {
  BPFRIG_ASSIGN_OR_RETURN(const ssize_t count, SendBytes(fd_.Get(), unsent_, unsent_fd_));
  if (count <= 0) return absl::OkStatus();
  unsent_.erase(0, static_cast<size_t>(count));
  unsent_fd_ = -1;
  return absl::OkStatus();
}

absl::StatusOr<bool> MessageSocket::Receive(google::protobuf::MessageLite& message, absl::Time deadline) {
  return ReceiveUntil(deadline, [&] { return decoder_.Next(message); });
}

absl::StatusOr<bool> MessageSocket::ReceiveEncoded(std::string& message, absl::Time deadline) {
  return ReceiveUntil(deadline, [&] { return decoder_.NextEncoded(message); });
}

absl::StatusOr<bool> MessageSocket::ReceiveUntil(absl::Time deadline,
                                                 const std::function<absl::StatusOr<bool>()>& next) {
  while (true) {
    BPFRIG_ASSIGN_OR_RETURN(const bool complete, next());
    if (complete) return true;
    BPFRIG_RETURN_IF_ERROR(WaitFor(fd_.Get(), POLLIN, deadline));
    std::string bytes;
    BPFRIG_ASSIGN_OR_RETURN(const ssize_t count, ReceiveBytes(fd_.Get(), bytes, received_fds_));
    if (count > 0) {
      decoder_.Append(bytes);
    } else if (count == 0) {
      if (decoder_.AtBoundary()) return false;
      return MakeError(Reason::kInternal, "receiving a message: the stream ended in the middle of it");
    }
  }
}

common::Fd MessageSocket::TakeFd() {
  if (received_fds_.empty()) return common::Fd();
  common::Fd fd = std::move(received_fds_.front());
  received_fds_.pop_front();
  return fd;
}

void MessageSocket::FinishSending() { (void)::shutdown(fd_.Get(), SHUT_WR); }

void MessageSocket::Shutdown() { (void)::shutdown(fd_.Get(), SHUT_RDWR); }

}  // namespace bpfrig::ipc

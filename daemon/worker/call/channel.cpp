#include "daemon/worker/call/channel.h"

#include <sys/eventfd.h>

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/message_socket.h"

namespace bpfrig::worker {
namespace {

// How often it is tried to have a descriptor in reserve again.
constexpr std::chrono::milliseconds kRetry(5);

common::Fd TakeDescriptor() { return common::Fd(::eventfd(0, EFD_CLOEXEC)); }

absl::Status Watch(asio::posix::stream_descriptor& descriptor, common::Fd fd, absl::string_view what) {
  error_code error;
  descriptor.assign(fd.Get(), error);
  if (error) return base::KernelError(-error.value(), absl::StrCat("watching the ", what));
  (void)fd.Release();
  return absl::OkStatus();
}

}  // namespace

absl::Status Channel::Start(common::Fd socket) {
  BPFRIG_RETURN_IF_ERROR(Watch(socket_, std::move(socket), "sandbox's channel"));
  Continue();
  return absl::OkStatus();
}

void Channel::Continue() {
  if (!reserve_.IsOpen()) reserve_ = TakeDescriptor();
  if (reserve_.IsOpen()) return WaitForCalls();
  // Connections come and go without anybody asking here: nothing tells when there is one.
  retry_.expires_after(kRetry);
  retry_.async_wait([this](const error_code& error) {
    if (!error) Continue();
  });
}

void Channel::WaitForCalls() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
    if (!error) OnReadable();
  });
}

void Channel::OnReadable() {
  std::string bytes;
  std::deque<common::Fd> sockets;
  reserve_.Close();
  const absl::StatusOr<ssize_t> count = ipc::ReceiveBytes(socket_.native_handle(), bytes, sockets);
  reserve_ = TakeDescriptor();
  for (common::Fd& socket : sockets) on_call_(std::move(socket), !reserve_.IsOpen());
  if (!count.ok()) base::LogError(count.status().message());
  if (count.ok() && *count > static_cast<ssize_t>(sockets.size())) {
    base::LogWarning(
        "receiving calls: some came without their socket; this process may be out of descriptors");
  }
  if (!count.ok() || *count == 0) return on_end_();
  Continue();
}

absl::Status Lifeline::Start(common::Fd pipe) {
  BPFRIG_RETURN_IF_ERROR(Watch(pipe_, std::move(pipe), "lifeline"));
  WaitForEnd();
  return absl::OkStatus();
}

void Lifeline::WaitForEnd() {
  pipe_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
    if (error) return;
    char byte = 0;
    error_code read_error;
    const size_t count = pipe_.read_some(asio::buffer(&byte, 1), read_error);
    if (read_error == asio::error::eof || (read_error && read_error != asio::error::would_block))
      return on_end_();
    if (count > 0) base::LogWarning("reading the lifeline: it carries bytes, which it should not");
    WaitForEnd();
  });
}

}  // namespace bpfrig::worker

#include "daemon/worker/traffic/stream_end.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace bpfrig::worker {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
// One end does not keep the loop to itself for longer than this.
constexpr size_t kReadsAtOnce = 8;
// An echo that its peer does not read stops reading, too.
constexpr size_t kMaxUnsentBytes = 256 * 1024;

}  // namespace

std::shared_ptr<StreamEnd> StreamEnd::Start(StreamSocket socket, const SocketFacts& facts,
                                            Behaviour behaviour, size_t receive_limit) {
  auto end = std::make_shared<StreamEnd>(std::move(socket), facts, std::move(behaviour), receive_limit);
  end->Prepare();
  return end;
}

StreamEnd::StreamEnd(StreamSocket socket, const SocketFacts& facts, Behaviour behaviour, size_t receive_limit)
    : Socket(socket.native_handle(), facts),
      socket_(std::move(socket)),
      behaviour_(std::move(behaviour)),
      receive_limit_(receive_limit) {}

void StreamEnd::Prepare() {
  error_code error;
  socket_.non_blocking(true, error);
  if (error) {
    base::LogError(absl::StrCat("making a connection non-blocking: ", error.message()));
    return Close(true);
  }
  if (behaviour_.kind == Behaviour::Kind::kClose) return Close(false);
  WaitToRead();
}

void StreamEnd::WaitToRead() {
  if (waiting_to_read_ || state_ != State::kOpen || IsFull()) return;
  if (behaviour_.kind == Behaviour::Kind::kEcho && unsent_bytes_ > kMaxUnsentBytes) return;
  waiting_to_read_ = true;
  socket_.async_wait(StreamSocket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_to_read_ = false;
    if (error) return;
    self->ReadAvailable();
    self->WaitToRead();
    self->changed_.Notify();
  });
}

void StreamEnd::ReadNow() {
  if (IsClosed()) return;
  ReadAvailable();
  WaitToRead();
  NotifyLater();
}

void StreamEnd::NotifyLater() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->changed_.Notify(); });
}

void StreamEnd::ReadAvailable() {
  const uint64_t total_before = total_received_;
  std::array<char, kReadBytes> buffer;
  for (size_t i = 0; i < kReadsAtOnce && state_ == State::kOpen && !IsFull(); ++i) {
    const size_t space = std::min(buffer.size(), receive_limit_ - received_.size());
    error_code error;
    const size_t count = socket_.read_some(asio::buffer(buffer.data(), space), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) break;
    if (error) {
      state_ = State::kPeerClosed;
      if (error != asio::error::eof) error_ = error.value();
      break;
    }
    received_.append(buffer.data(), count);
    total_received_ += count;
  }
  Behave(total_received_ - total_before);
}

void StreamEnd::Behave(size_t arrived) {
  if (behaviour_.kind == Behaviour::Kind::kEcho && arrived > 0) {
    (void)Write(received_.substr(received_.size() - arrived));
  }
  const bool first = arrived > 0 && arrived == total_received_;
  if (behaviour_.kind == Behaviour::Kind::kReply && first) (void)Write(behaviour_.reply);
  const bool done = PeerClosed() && (writes_.empty() || error_ != 0);
  if (behaviour_.kind != Behaviour::Kind::kNone && done) Close(false);
}

std::string StreamEnd::TakeReceived() {
  std::string taken = std::exchange(received_, std::string());
  WaitToRead();
  return taken;
}

std::shared_ptr<PendingWrite> StreamEnd::Write(std::string data) {
  auto write = std::make_shared<PendingWrite>();
  write->data = std::move(data);
  if (IsClosed()) {
    write->finished = true;
    write->error = EPIPE;
    return write;
  }
  unsent_bytes_ += write->data.size();
  writes_.push_back(write);
  Flush();
  return write;
}

void StreamEnd::Flush() {
  while (!waiting_to_write_ && !writes_.empty()) {
    PendingWrite& write = *writes_.front();
    error_code error;
    size_t count = 0;
    if (write.sent < write.data.size()) {
      count = socket_.write_some(asio::buffer(write.data.data() + write.sent, write.data.size() - write.sent),
                                 error);
    }
    if (error == asio::error::would_block) {
      WaitToWrite();
      return;
    }
    if (error == asio::error::interrupted) continue;
    // An sk_msg program may refuse one write (EACCES) of a connection that goes on: only the write fails.
    if (error) write.error = error.value();
    write.sent += count;
    unsent_bytes_ -= count;
    total_sent_ += count;
    if (!error && write.sent < write.data.size()) continue;
    unsent_bytes_ -= write.data.size() - write.sent;
    write.finished = true;
    writes_.pop_front();
  }
}

void StreamEnd::WaitToWrite() {
  waiting_to_write_ = true;
  socket_.async_wait(StreamSocket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->waiting_to_write_ = false;
    if (error) return;
    self->Flush();
    self->Behave(0);
    self->WaitToRead();
    self->changed_.Notify();
  });
}

void StreamEnd::AbandonWrite(const std::shared_ptr<PendingWrite>& write) {
  const auto found = std::find(writes_.begin(), writes_.end(), write);
  if (found == writes_.end()) return;
  unsent_bytes_ -= write->data.size() - write->sent;
  write->finished = true;
  write->error = ETIMEDOUT;
  writes_.erase(found);
}

void StreamEnd::FailWrites(int error) {
  for (const std::shared_ptr<PendingWrite>& write : writes_) {
    write->finished = true;
    write->error = error;
  }
  writes_.clear();
  unsent_bytes_ = 0;
}

void StreamEnd::Close(bool reset) {
  if (IsClosed()) return;
  state_ = PeerClosed() ? State::kFinished : State::kClosed;
  error_code error;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), error);
  if (error) base::LogWarning(absl::StrCat("setting SO_LINGER: ", error.message()));
  socket_.close(error);
  if (error) base::LogWarning(absl::StrCat("closing a connection: ", error.message()));
  FailWrites(EPIPE);
  NotifyLater();
}

}  // namespace bpfrig::worker

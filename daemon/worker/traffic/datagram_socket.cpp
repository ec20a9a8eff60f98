#include "daemon/worker/traffic/datagram_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace bpfrig::worker {
namespace {

// One server does not keep the loop to itself for longer than this.
constexpr int kDatagramsAtOnce = 64;
// What a datagram takes beside its bytes.
constexpr size_t kBytesOfOne = 64;

bool Answers(Behaviour::Kind kind) {
  return kind == Behaviour::Kind::kEcho || kind == Behaviour::Kind::kReply;
}

}  // namespace

std::shared_ptr<DatagramSocket> DatagramSocket::Start(Loop& loop, common::Fd descriptor,
                                                      const SocketFacts& facts, Behaviour behaviour,
                                                      size_t receive_limit) {
  auto socket = std::make_shared<DatagramSocket>(loop, std::move(descriptor), facts, std::move(behaviour),
                                                 receive_limit);
  if (socket->Serves()) socket->NotifyWhenReadable();
  return socket;
}

DatagramSocket::DatagramSocket(Loop& loop, common::Fd descriptor, const SocketFacts& facts,
                               Behaviour behaviour, size_t receive_limit)
    : Socket(descriptor.Get(), facts),
      stream_(loop),
      behaviour_(std::move(behaviour)),
      receive_limit_(receive_limit) {
  error_code error;
  stream_.assign(descriptor.Release(), error);
  if (error) base::LogError(absl::StrCat("watching a socket: ", error.message()));
}

void DatagramSocket::NotifyWhenReadable() {
  if (waiting_to_read_ || IsClosed()) return;
  waiting_to_read_ = true;
  stream_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [weak = weak_from_this()](const error_code& error) {
                       const std::shared_ptr<DatagramSocket> self = weak.lock();
                       if (self == nullptr) return;
                       self->waiting_to_read_ = false;
                       if (error || self->IsClosed()) return;
                       if (self->Serves()) {
                         self->ServeAvailable();
                         self->NotifyWhenReadable();
                       }
                       self->changed_.Notify();
                     });
}

void DatagramSocket::ServeAvailable() {
  for (int i = 0; i < kDatagramsAtOnce; ++i) {
    Taken taken = ReadOne(kMaxDatagramBytes);
    if (!taken.datagram.has_value()) return;
    ++counts_[ToText(Normalised(taken.datagram->from))];
    Answer(*taken.datagram);
    Keep(*std::move(taken.datagram));
  }
}

void DatagramSocket::Answer(const Datagram& datagram) {
  DatagramArrival arrival{Clock::now(), datagram.from, Answers(behaviour_.kind), 0};
  if (behaviour_.kind == Behaviour::Kind::kEcho) arrival.error = Send(datagram.data, datagram.from);
  if (behaviour_.kind == Behaviour::Kind::kReply) arrival.error = Send(behaviour_.reply, datagram.from);
  if (arrival.error != 0) {
    base::LogDebug(absl::StrCat("answering a datagram: errno ", arrival.error));
    arrival.answered = false;
  }
  arrivals_.push_back(arrival);
  if (arrivals_.size() > kRememberedArrivals) arrivals_.pop_front();
}

void DatagramSocket::Keep(Datagram datagram) {
  kept_bytes_ += datagram.data.size() + kBytesOfOne;
  kept_.push_back(std::move(datagram));
  // The oldest go: a plan that does not look at them is not to be slowed down by them.
  while (kept_bytes_ > receive_limit_ && kept_.size() > 1) {
    kept_bytes_ -= kept_.front().data.size() + kBytesOfOne;
    kept_.pop_front();
  }
}

bool DatagramSocket::IsReadable() const {
  if (!kept_.empty() || IsClosed()) return true;
  if (Serves()) return false;
  pollfd asked{descriptor(), POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

int DatagramSocket::Send(const std::string& data, const Endpoint& to) {
  if (IsClosed()) return EPIPE;
  const bool is_connected = to.family() == AF_UNSPEC;
  const ssize_t count = ::sendto(descriptor(), data.data(), data.size(), MSG_NOSIGNAL,
                                 is_connected ? nullptr : to.data(), is_connected ? 0 : to.size());
  if (count < 0) return errno;
  total_sent_ += static_cast<uint64_t>(count);
  return 0;
}

DatagramSocket::Taken DatagramSocket::ReadOne(size_t room) {
  Taken taken;
  std::array<char, kMaxDatagramBytes> buffer;
  sockaddr_storage from{};
  iovec part{buffer.data(), std::min(room, buffer.size())};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof(from);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t count = ::recvmsg(descriptor(), &message, 0);
  if (count < 0) {
    taken.error = errno;
    return taken;
  }
  const auto size = static_cast<size_t>(count);
  total_received_ += size;
  taken.datagram = Datagram{std::string(buffer.data(), size), Endpoint(from, message.msg_namelen),
                            (message.msg_flags & MSG_TRUNC) != 0};
  return taken;
}

DatagramSocket::Taken DatagramSocket::Take(size_t room) {
  if (!Serves()) return IsClosed() ? Taken{std::nullopt, EBADF} : ReadOne(room);
  Taken taken;
  if (kept_.empty()) {
    taken.error = EAGAIN;
    return taken;
  }
  taken.datagram = std::move(kept_.front());
  kept_.pop_front();
  kept_bytes_ -= taken.datagram->data.size() + kBytesOfOne;
  taken.datagram->truncated = taken.datagram->data.size() > room;
  taken.datagram->data.resize(std::min(taken.datagram->data.size(), room));
  return taken;
}

uint64_t DatagramSocket::CountFrom(const Endpoint& source) const {
  const auto found = counts_.find(ToText(Normalised(source)));
  return found == counts_.end() ? 0 : found->second;
}

void DatagramSocket::Close(bool /*reset*/) {
  if (IsClosed()) return;
  error_code error;
  stream_.close(error);
  if (error) base::LogWarning(absl::StrCat("closing a socket: ", error.message()));
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->changed_.Notify(); });
}

}  // namespace bpfrig::worker

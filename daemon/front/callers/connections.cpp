#include "daemon/front/callers/connections.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/limited_log.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

constexpr uint64_t kWake = 0;
// gRPC ends a connection that is read no further when its ping is not answered, within 15 s; not if what it
// wrote before is not taken either, so that it has no ping under way.
constexpr absl::Duration kUnreadPatience = absl::Seconds(20);
constexpr absl::Duration kUnreadCheck = absl::Seconds(5);

absl::Status Watch(int epoll, int fd, uint32_t events, uint64_t number) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = number;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return base::ErrnoError("watching a client's connection");
}

void LogEnd(const std::string& from, base::LogLevel level, const std::string& why) {
  const std::string line = absl::StrCat("ended a connection from ", from, ": ", why);
  base::LogLimited(level, line, line);
}

int TimeoutUntil(absl::Time deadline) {
  if (deadline == absl::InfiniteFuture()) return -1;
  const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(1));
  return static_cast<int>(absl::ToInt64Milliseconds(left)) + 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connections>> Connections::Start(const ConnectionRules& rules,
                                                                Shares& shares) {
  common::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.IsOpen()) return base::ErrnoError("making an epoll descriptor");
  BPFRIG_ASSIGN_OR_RETURN(Event wake, Event::Create());
  BPFRIG_RETURN_IF_ERROR(Watch(epoll.Get(), wake.Get(), EPOLLIN, kWake));
  return std::unique_ptr<Connections>(new Connections(rules, shares, std::move(epoll), std::move(wake)));
}

Connections::Connections(const ConnectionRules& rules, Shares& shares, common::Fd epoll, Event wake)
    : rules_(rules), shares_(shares), epoll_(std::move(epoll)), wake_(std::move(wake)), thread_([this] {
        Run();
      }) {}

Connections::~Connections() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.Signal();
  thread_.join();
  base::ProcessLimitedLog().Flush(absl::InfiniteFuture());
}

absl::Status Connections::Add(int socket, const NewConnection& connection) {
  common::Fd own(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  if (!own.IsOpen()) return base::ErrnoError("watching a client's connection");
  const std::lock_guard lock(mutex_);
  // A descriptor's number may come back before we heard that the connection which had it is over.
  if (const auto old = by_peer_.find(connection.peer); old != by_peer_.end()) {
    const auto before = table_.find(old->second);
    ForgetLocked(before, before->second.socket.Get());
  }
  std::list<uint64_t>& silent = SilentOf(connection.door);
  if (silent.size() >= rules_.max_silent) EndOldestLocked(connection.door);
  const uint64_t number = next_++;
  // Hanging up is reported whether or not it is asked for; the client's part of it has to be.
  BPFRIG_RETURN_IF_ERROR(Watch(epoll_.Get(), own.Get(), EPOLLRDHUP, number));
  Connection& added = table_[number];
  added.socket = std::move(own);
  const uint64_t calls =
      connection.door == Door::kTcp ? rules_.max_unauthorised_calls : rules_.max_held_calls;
  added.arriving = ArrivingBytes(socket, {.bytes = rules_.max_arriving_bytes, .calls = calls});
  added.facts = connection;
  added.silent_until = absl::Now() + rules_.patience;
  by_peer_[connection.peer] = number;
  look_at_ = std::min(look_at_, absl::Now() + kUnreadCheck);
  silent.push_back(number);
  // Those after the first end later than it does.
  if (silent.size() == 1) wake_.Signal();
  return absl::OkStatus();
}

absl::StatusOr<std::string> Connections::Called(const std::string& peer, const std::string& caller) {
  const std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return absl::CancelledError("the connection is over");
  Connection& connection = table_.find(found->second)->second;
  if (connection.facts.caller.empty()) connection.facts.caller = caller;
  if (connection.silent_until == absl::InfiniteFuture()) return connection.facts.caller;
  BPFRIG_ASSIGN_OR_RETURN(connection.share, shares_.Take(connection.facts.caller));
  connection.silent_until = absl::InfiniteFuture();
  connection.arriving.RaiseCalls(rules_.max_held_calls);
  SilentOf(connection.facts.door).remove(found->second);
  return connection.facts.caller;
}

uint64_t Connections::BeginCall(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return 0;
  const uint64_t number = found->second;
  const auto connection = table_.find(number);
  if (++connection->second.held_calls > rules_.max_held_calls) {
    CutLocked(connection, absl::StrCat("more than ", rules_.max_held_calls, " of its calls are not over"));
  }
  return number;
}

void Connections::EndCall(uint64_t connection, bool given_up) {
  const std::lock_guard lock(mutex_);
  const auto found = table_.find(connection);
  if (found == table_.end()) return;
  --found->second.held_calls;
  if (!given_up) found->second.arriving.Answered();
}

void Connections::Arrived(const std::string& peer, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = by_peer_.find(peer);
  if (found != by_peer_.end()) table_.find(found->second)->second.arriving.Arrived(bytes);
}

void Connections::Run() {
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = ::epoll_wait(epoll_.Get(), events.data(), events.size(), TimeoutUntil(NextDeadline()));
    if (count < 0 && errno != EINTR) {
      base::LogError(base::ErrnoError("waiting for connections to end").message());
      return;
    }
    const absl::Time now = absl::Now();
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    for (int i = 0; i < count; ++i) {
      const uint64_t number = events.at(static_cast<size_t>(i)).data.u64;
      if (number == kWake) wake_.Clear();
      if (const auto found = table_.find(number); found != table_.end()) EndLocked(found);
    }
    EndSilent(now);
    EndUnread(now);
    TrimLocked(now);
    base::ProcessLimitedLog().Flush(now);
  }
}

absl::Time Connections::NextDeadline() const {
  const std::lock_guard lock(mutex_);
  absl::Time next = std::min({base::ProcessLimitedLog().NextFlush(), trim_at_, look_at_});
  for (const std::list<uint64_t>* silent : {&silent_unix_, &silent_tcp_}) {
    if (!silent->empty()) next = std::min(next, table_.find(silent->front())->second.silent_until);
  }
  return next;
}

void Connections::TrimLocked(absl::Time now) {
  if (now < trim_at_) return;
  trim_at_ = absl::InfiniteFuture();
  (void)::malloc_trim(0);
}

void Connections::EndSilent(absl::Time now) {
  for (const Door door : {Door::kUnix, Door::kTcp}) {
    const std::list<uint64_t>& silent = SilentOf(door);
    while (!silent.empty()) {
      const auto oldest = table_.find(silent.front());
      if (oldest->second.silent_until > now) break;
      if (oldest->second.arriving.TooMany()) {
        EndLocked(oldest);
        continue;
      }
      CutLocked(oldest,
                absl::StrCat("no call that was let in came in ", absl::FormatDuration(rules_.patience)));
    }
  }
}

void Connections::EndUnread(absl::Time now) {
  if (now < look_at_) return;
  for (auto connection = table_.begin(); connection != table_.end();) {
    const auto each = connection++;
    if (!each->second.arriving.TooManyCalls()) continue;
    each->second.unread_until = std::min(each->second.unread_until, now + kUnreadPatience);
    if (each->second.unread_until <= now) EndLocked(each);
  }
  look_at_ = table_.empty() ? absl::InfiniteFuture() : now + kUnreadCheck;
}

void Connections::EndOldestLocked(Door door) {
  CutLocked(table_.find(SilentOf(door).front()),
            absl::StrCat("there are ", rules_.max_silent, " without a call that was let in"));
}

void Connections::EndLocked(Table::iterator connection) {
  const ArrivingBytes& arriving = connection->second.arriving;
  if (arriving.TooMany()) {
    const std::string why =
        arriving.TooManyCalls()
            ? absl::StrCat("more than ", arriving.limits().calls,
                           " of its calls were given up or are not over")
            : absl::StrCat("more than ", arriving.limits().bytes >> 20, " MiB of requests were on their way");
    LogEnd(connection->second.facts.from, base::LogLevel::kWarning, why);
  }
  ShutLocked(connection);
}

void Connections::CutLocked(Table::iterator connection, const std::string& why) {
  LogEnd(connection->second.facts.from, base::LogLevel::kInfo, why);
  ShutLocked(connection);
}

void Connections::ShutLocked(Table::iterator connection) {
  const common::Fd socket = std::move(connection->second.socket);
  (void)::shutdown(socket.Get(), SHUT_RDWR);
  // Nobody counts from now on, and so nothing may be left for gRPC to read.
  std::array<char, 65536> unread{};
  while (::recv(socket.Get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0) continue;
  ForgetLocked(connection, socket.Get());
  // If gRPC was let read no further, it does not look again by itself.
  (void)::shutdown(socket.Get(), SHUT_RDWR);
}

void Connections::ForgetLocked(Table::iterator connection, int socket) {
  // gRPC needs a moment to let go of it.
  if (trim_at_ == absl::InfiniteFuture()) trim_at_ = absl::Now() + absl::Seconds(1);
  SilentOf(connection->second.facts.door).remove(connection->first);
  by_peer_.erase(connection->second.facts.peer);
  // Closing ours alone would leave it there: the socket is gRPC's too.
  (void)::epoll_ctl(epoll_.Get(), EPOLL_CTL_DEL, socket, nullptr);
  table_.erase(connection);
}

}  // namespace bpfrig::front

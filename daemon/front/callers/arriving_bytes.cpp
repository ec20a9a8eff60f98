#include "daemon/front/callers/arriving_bytes.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "daemon/front/callers/client_frames.h"

namespace bpfrig::front {
namespace {

// The front may have as many descriptors (the supervisor's kOpenFiles).
constexpr size_t kMaxDescriptors = 65536;

// In thousandths, so that nothing is lost of what is forgotten between two calls.
constexpr uint64_t kCall = 1000;

class Count {
 public:
  void Start(uint64_t limit) {
    received_.store(0, std::memory_order_relaxed);
    allowed_.store(limit, std::memory_order_relaxed);
  }
  void Stop() { allowed_.store(0, std::memory_order_relaxed); }
  [[nodiscard]] bool IsWatched() const { return allowed_.load(std::memory_order_relaxed) != 0; }

  void Receive(uint64_t amount) { received_.fetch_add(amount, std::memory_order_relaxed); }
  // So much is no longer on its way. More than was gives no credit beyond the limit.
  void Allow(uint64_t amount, uint64_t limit) {
    const uint64_t most = received_.load(std::memory_order_relaxed) + limit;
    uint64_t allowed = allowed_.load(std::memory_order_relaxed);
    while (
        !allowed_.compare_exchange_weak(allowed, std::min(allowed + amount, most), std::memory_order_relaxed))
      continue;
  }
  [[nodiscard]] bool IsTooMuch() const {
    return received_.load(std::memory_order_relaxed) > allowed_.load(std::memory_order_relaxed);
  }

 private:
  // 0 if nobody watches.
  std::atomic<uint64_t> allowed_ = 0;
  std::atomic<uint64_t> received_ = 0;
};

struct Counter {
  Count bytes;
  Count calls;
  // Of the thread that reads.
  ClientFrames frames;

  [[nodiscard]] bool IsTooMuch() const { return bytes.IsTooMuch() || calls.IsTooMuch(); }
};

// A mutable global, for once: recvmsg() gets nothing but the number.
std::array<Counter, kMaxDescriptors> counters;

Counter* CounterOf(int socket) {
  const auto number = static_cast<size_t>(socket);  // no descriptor's, if it is negative
  return number < counters.size() ? &counters.at(number) : nullptr;
}

uint64_t CallsIn(ClientFrames& frames, const msghdr& message, size_t bytes) {
  uint64_t begun = 0;
  for (size_t i = 0; i < message.msg_iovlen && bytes > 0; ++i) {
    const iovec& part = message.msg_iov[i];
    const size_t filled = std::min(bytes, part.iov_len);
    begun += frames.Read({static_cast<const char*>(part.iov_base), filled});
    bytes -= filled;
  }
  return begun;
}

// Null if nobody watches it.
Counter* WatchedCounterOf(int socket) {
  Counter* const counter = CounterOf(socket);
  return counter != nullptr && counter->bytes.IsWatched() ? counter : nullptr;
}

void Watch(Counter& counter, int socket, const msghdr& message, size_t bytes) {
  counter.bytes.Receive(bytes);
  counter.calls.Receive(kCall * CallsIn(counter.frames, message, bytes));
  // gRPC reads what is left, and then the end.
  if (counter.bytes.IsTooMuch()) (void)::shutdown(socket, SHUT_RDWR);
}

}  // namespace

ArrivingBytes::ArrivingBytes(int socket, const ArrivingLimits& limits, absl::Time now)
    : socket_(socket), limits_(limits), forgotten_until_(now) {
  Counter* const counter = CounterOf(socket_);
  if (counter == nullptr) return;
  counter->frames = ClientFrames();
  counter->calls.Start(kCall * limits.calls);
  counter->bytes.Start(limits.bytes);
}

ArrivingBytes::~ArrivingBytes() {
  Counter* const counter = CounterOf(socket_);
  if (counter != nullptr) counter->bytes.Stop();
}

ArrivingBytes::ArrivingBytes(ArrivingBytes&& other) noexcept { *this = std::move(other); }

ArrivingBytes& ArrivingBytes::operator=(ArrivingBytes&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(limits_, other.limits_);
  std::swap(forgotten_until_, other.forgotten_until_);
  return *this;
}

void ArrivingBytes::Arrived(uint64_t bytes, absl::Time now) {
  Counter* const counter = CounterOf(socket_);
  if (counter == nullptr || TooMany()) return;
  const auto seconds = absl::ToDoubleSeconds(std::max(now - forgotten_until_, absl::ZeroDuration()));
  forgotten_until_ = now;
  counter->bytes.Allow(bytes + static_cast<uint64_t>(seconds * kForgottenPerSecond), limits_.bytes);
  counter->calls.Allow(static_cast<uint64_t>(seconds * kCall * kCallsForgottenPerSecond),
                       kCall * limits_.calls);
}

void ArrivingBytes::Answered() {
  Counter* const counter = CounterOf(socket_);
  if (counter != nullptr && !TooMany()) counter->calls.Allow(kCall, kCall * limits_.calls);
}

void ArrivingBytes::RaiseCalls(uint64_t calls) {
  Counter* const counter = CounterOf(socket_);
  if (counter == nullptr || TooMany() || calls <= limits_.calls) return;
  const uint64_t before = std::exchange(limits_.calls, calls);
  counter->calls.Allow(kCall * (calls - before), kCall * calls);
}

bool ArrivingBytes::TooMany() const {
  const Counter* const counter = CounterOf(socket_);
  return counter != nullptr && counter->IsTooMuch();
}

bool ArrivingBytes::TooManyCalls() const {
  const Counter* const counter = CounterOf(socket_);
  return counter != nullptr && counter->calls.IsTooMuch();
}

}  // namespace bpfrig::front

// Comes before libc's, for libgrpc too; the linker exports it because libgrpc asks for that name.
extern "C" ssize_t recvmsg(int socket, msghdr* message, int flags) {
  using Function = ssize_t (*)(int, msghdr*, int);
  static const auto next = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "recvmsg"));
  bpfrig::front::Counter* const counter = bpfrig::front::WatchedCounterOf(socket);
  // Nothing more is read. A client whose connection ended at once would only come again, faster than gRPC can
  // give back what it held for the last one.
  if (counter != nullptr && counter->calls.IsTooMuch()) {
    errno = EAGAIN;
    return -1;
  }
  const ssize_t count = next(socket, message, flags);
  if (count > 0 && counter != nullptr) {
    bpfrig::front::Watch(*counter, socket, *message, static_cast<size_t>(count));
  }
  return count;
}

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

// What is forgotten is counted in steps of this, a whole number of which make a call.
constexpr absl::Duration kForgettingStep = absl::Milliseconds(100);
static_assert(ArrivingBytes::kCallsForgottenPerSecond % 10 == 0);

class Count {
 public:
  void Start(uint64_t limit) {
    received_.store(0, std::memory_order_relaxed);
    limit_.store(limit, std::memory_order_relaxed);
    allowed_.store(limit, std::memory_order_relaxed);
  }
  void Raise(uint64_t amount) {
    limit_.fetch_add(amount, std::memory_order_relaxed);
    Allow(amount);
  }
  void Receive(uint64_t amount) { received_.fetch_add(amount, std::memory_order_relaxed); }
  // So much is no longer on its way. More than was gives no credit beyond the limit.
  void Allow(uint64_t amount) {
    const uint64_t most = received_.load(std::memory_order_relaxed) + limit_.load(std::memory_order_relaxed);
    uint64_t allowed = allowed_.load(std::memory_order_relaxed);
    while (
        !allowed_.compare_exchange_weak(allowed, std::min(allowed + amount, most), std::memory_order_relaxed))
      continue;
  }
  [[nodiscard]] uint64_t Left() const {
    const uint64_t allowed = allowed_.load(std::memory_order_relaxed);
    return allowed - std::min(allowed, received_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] bool IsTooMuch() const {
    return received_.load(std::memory_order_relaxed) > allowed_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<uint64_t> limit_ = 0;
  std::atomic<uint64_t> allowed_ = 0;
  std::atomic<uint64_t> received_ = 0;
};

struct Counter {
  // Whose count it is; 0 if nobody watches.
  std::atomic<uint64_t> owner = 0;
  Count bytes;
  Count calls;
  // Of the thread that reads.
  ClientFrames frames;
  absl::Time (*clock)() = nullptr;
  absl::Time forgotten_until;

  [[nodiscard]] bool IsTooMuch() const { return bytes.IsTooMuch() || calls.IsTooMuch(); }
  // What the time has made of too little; once there is too much, that is for good.
  void Forget() {
    const int64_t steps = (clock() - forgotten_until) / kForgettingStep;
    if (steps <= 0 || IsTooMuch()) return;
    forgotten_until += steps * kForgettingStep;
    bytes.Allow(static_cast<uint64_t>(steps) * ArrivingBytes::kForgottenPerSecond / 10);
    calls.Allow(static_cast<uint64_t>(steps) * ArrivingBytes::kCallsForgottenPerSecond / 10);
  }
};

// A mutable global, for once: recvmsg() gets nothing but the number.
std::array<Counter, kMaxDescriptors> counters;

Counter* CounterOf(int socket) {
  const auto number = static_cast<size_t>(socket);  // no descriptor's, if it is negative
  return number < counters.size() ? &counters.at(number) : nullptr;
}

// Null if it is another's by now; 0 is nobody.
Counter* CounterOf(int socket, uint64_t owner) {
  Counter* const counter = CounterOf(socket);
  return counter != nullptr && counter->owner == owner ? counter : nullptr;
}

// Null if nobody watches it.
Counter* WatchedCounterOf(int socket) {
  Counter* const counter = CounterOf(socket);
  return counter != nullptr && counter->owner != 0 ? counter : nullptr;
}

// Returns how many of the bytes gRPC may have: what comes after a call too many is dropped, as nothing more
// of that connection is read.
size_t Watch(Counter& counter, int socket, const msghdr& message, size_t bytes) {
  counter.bytes.Receive(bytes);
  // gRPC reads what is left, and then the end.
  if (counter.bytes.IsTooMuch()) (void)::shutdown(socket, SHUT_RDWR);
  size_t taken = 0;
  for (size_t i = 0; i < message.msg_iovlen && taken < bytes && !counter.calls.IsTooMuch(); ++i) {
    const iovec& part = message.msg_iov[i];
    const size_t filled = std::min(bytes - taken, part.iov_len);
    const ClientFrames::Streams streams =
        counter.frames.Read({static_cast<const char*>(part.iov_base), filled}, counter.calls.Left());
    counter.calls.Receive(streams.begun);
    taken += streams.bytes;
  }
  return taken;
}

}  // namespace

ArrivingBytes::ArrivingBytes(int socket, const ArrivingLimits& limits, absl::Time (*clock)())
    : socket_(socket), limits_(limits) {
  static std::atomic<uint64_t> last_owner = 0;
  Counter* const counter = CounterOf(socket_);
  if (counter == nullptr) return;
  counter->owner = 0;
  counter->frames = ClientFrames();
  counter->clock = clock;
  counter->forgotten_until = clock();
  counter->calls.Start(limits.calls);
  counter->bytes.Start(limits.bytes);
  owner_ = ++last_owner;
  counter->owner = owner_;
}

ArrivingBytes::~ArrivingBytes() {
  if (Counter* const counter = CounterOf(socket_, owner_); counter != nullptr) counter->owner = 0;
}

ArrivingBytes::ArrivingBytes(ArrivingBytes&& other) noexcept { *this = std::move(other); }

ArrivingBytes& ArrivingBytes::operator=(ArrivingBytes&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(owner_, other.owner_);
  std::swap(limits_, other.limits_);
  return *this;
}

void ArrivingBytes::Arrived(uint64_t bytes) {
  if (Counter* const counter = CounterOf(socket_, owner_); counter != nullptr && !counter->IsTooMuch())
    counter->bytes.Allow(bytes);
}

void ArrivingBytes::Answered() {
  if (Counter* const counter = CounterOf(socket_, owner_); counter != nullptr && !counter->IsTooMuch())
    counter->calls.Allow(1);
}

void ArrivingBytes::RaiseCalls(uint64_t calls) {
  Counter* const counter = CounterOf(socket_, owner_);
  if (counter == nullptr || counter->IsTooMuch() || calls <= limits_.calls) return;
  counter->calls.Raise(calls - std::exchange(limits_.calls, calls));
}

bool ArrivingBytes::TooMany() const {
  const Counter* const counter = CounterOf(socket_, owner_);
  return counter != nullptr && counter->IsTooMuch();
}

bool ArrivingBytes::TooManyCalls() const {
  const Counter* const counter = CounterOf(socket_, owner_);
  return counter != nullptr && counter->calls.IsTooMuch();
}

}  // namespace bpfrig::front

// Comes before libc's, for libgrpc too; the linker exports it because libgrpc asks for that name.
extern "C" ssize_t recvmsg(int socket, msghdr* message, int flags) {
  namespace front = bpfrig::front;
  using Function = ssize_t (*)(int, msghdr*, int);
  static const auto next = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "recvmsg"));
  front::Counter* const counter = front::WatchedCounterOf(socket);
  if (counter == nullptr) return next(socket, message, flags);
  counter->Forget();
  // Nothing more is read. A client whose connection ended at once would only come again, faster than gRPC can
  // give back what it held for the last one.
  if (counter->calls.IsTooMuch()) {
    errno = EAGAIN;
    return -1;
  }
  const ssize_t count = next(socket, message, flags);
  if (count <= 0) return count;
  return static_cast<ssize_t>(front::Watch(*counter, socket, *message, static_cast<size_t>(count)));
}

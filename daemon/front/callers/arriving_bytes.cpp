#include "daemon/front/callers/arriving_bytes.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace bpfrig::front {
namespace {

// The front may have as many descriptors (the supervisor's kOpenFiles).
constexpr size_t kMaxDescriptors = 65536;

struct Counter {
  // 0 if nobody watches.
  std::atomic<uint64_t> allowed = 0;
  std::atomic<uint64_t> received = 0;
};

// A mutable global, for once: recvmsg() gets nothing but the number.
std::array<Counter, kMaxDescriptors> counters;

Counter* CounterOf(int socket) {
  const auto number = static_cast<size_t>(socket);
  return number < counters.size() ? &counters.at(number) : nullptr;
}

void Count(int socket, uint64_t bytes) {
  Counter* const counter = CounterOf(socket);
  if (counter == nullptr) return;
  const uint64_t allowed = counter->allowed.load(std::memory_order_relaxed);
  if (allowed == 0) return;
  const uint64_t received = counter->received.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  // gRPC reads what is left, and then the end.
  if (received > allowed) (void)::shutdown(socket, SHUT_RDWR);
}

}  // namespace

ArrivingBytes::ArrivingBytes(int socket, uint64_t limit, absl::Time now)
    : socket_(socket), limit_(limit), forgotten_until_(now) {
  Counter* const counter = CounterOf(socket_);
  if (counter == nullptr) return;
  counter->received.store(0, std::memory_order_relaxed);
  counter->allowed.store(limit, std::memory_order_relaxed);
}

ArrivingBytes::~ArrivingBytes() {
  Counter* const counter = socket_ < 0 ? nullptr : CounterOf(socket_);
  if (counter != nullptr) counter->allowed.store(0, std::memory_order_relaxed);
}

ArrivingBytes::ArrivingBytes(ArrivingBytes&& other) noexcept { *this = std::move(other); }

ArrivingBytes& ArrivingBytes::operator=(ArrivingBytes&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(limit_, other.limit_);
  std::swap(forgotten_until_, other.forgotten_until_);
  return *this;
}

void ArrivingBytes::Arrived(uint64_t bytes, absl::Time now) {
  Counter* const counter = socket_ < 0 ? nullptr : CounterOf(socket_);
  if (counter == nullptr || TooMany()) return;
  const auto seconds = absl::ToDoubleSeconds(std::max(now - forgotten_until_, absl::ZeroDuration()));
  forgotten_until_ = now;
  const uint64_t forgotten = static_cast<uint64_t>(seconds * kForgottenPerSecond);
  const uint64_t most = counter->received.load(std::memory_order_relaxed) + limit_;
  const uint64_t allowed = counter->allowed.load(std::memory_order_relaxed) + bytes + forgotten;
  counter->allowed.store(std::min(allowed, most), std::memory_order_relaxed);
}

bool ArrivingBytes::TooMany() const {
  const Counter* const counter = socket_ < 0 ? nullptr : CounterOf(socket_);
  return counter != nullptr &&
         counter->received.load(std::memory_order_relaxed) > counter->allowed.load(std::memory_order_relaxed);
}

}  // namespace bpfrig::front

// Comes before libc's, for libgrpc too; the linker exports it because libgrpc asks for that name.
extern "C" ssize_t recvmsg(int socket, msghdr* message, int flags) {
  using Function = ssize_t (*)(int, msghdr*, int);
  static const auto next = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "recvmsg"));
  const ssize_t count = next(socket, message, flags);
  if (count > 0) bpfrig::front::Count(socket, static_cast<uint64_t>(count));
  return count;
}

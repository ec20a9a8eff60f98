// Fd: the one owner of a file descriptor. The whole project holds kernel objects in these.
#pragma once

#include <utility>

namespace bpfrig::common {

class Fd {
 public:
  Fd() = default;
  // Takes over an open descriptor, or -1 for none.
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd();

  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  [[nodiscard]] int Get() const { return fd_; }
  [[nodiscard]] bool IsOpen() const { return fd_ >= 0; }
  // Gives the descriptor away; the caller closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  // Closes now.
  void Close();

 private:
  int fd_ = -1;
};

}  // namespace bpfrig::common

// A child process whose output is read, and that does not outlive us: QEMU, apt, the client on this kernel.
// Must be started while there is one thread, which has to be there for as long as the child.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::client::guest {

class Child {
 public:
  // Runs argv[0], found in PATH. `passed` are descriptors of ours that it gets as 3, 4, and so on.
  [[nodiscard]] static absl::StatusOr<Child> Start(const std::vector<std::string>& argv,
                                                   const std::vector<int>& passed = {});
  // Kills it if it has not ended.
  ~Child();
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        process_(std::move(other.process_)),
        output_(std::move(other.output_)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(process_, other.process_);
    std::swap(output_, other.output_);
    return *this;
  }

  // What it prints, on either stream; does not block.
  [[nodiscard]] int output() const { return output_.Get(); }
  // Readable once it has ended.
  [[nodiscard]] int process() const { return process_.Get(); }
  // Its exit status, or 128 and its signal, once it has ended.
  [[nodiscard]] std::optional<int> Reap();
  void Kill();

 private:
  Child() = default;

  pid_t pid_ = -1;
  common::Fd process_;
  common::Fd output_;
};

// Takes what can be read at once. False if nothing will come any more.
[[nodiscard]] bool ReadSome(int fd, std::string& text);

struct Ended {
  // Exit status, or 128 and the signal.
  int status = 0;
  std::string output;
};
// Runs a program until it ends, however long that takes.
[[nodiscard]] absl::StatusOr<Ended> RunToEnd(const std::vector<std::string>& argv);
// The same; a status other than 0 is an error with the end of what was printed.
[[nodiscard]] absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& argv);

}  // namespace bpfrig::client::guest

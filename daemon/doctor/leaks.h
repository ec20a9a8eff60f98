// `bpfrigd doctor --leaks`: what carries a daemon's mark on this machine, and whether a daemon that lives
// holds it. The marks: a cgroup's name, a process's command line, the path of a socket. BPF objects and
// network namespaces have none: they are told of with the process that holds them, and do not outlive it.
#pragma once

#include <string>
#include <vector>

#include "daemon/supervisor/options.h"

namespace bpfrig::doctor {

struct Leak {
  enum class Kind {
    kUsed,  // a daemon that lives holds it
    kLeft,
    kUnseen,  // could not be looked at
  };

  Kind kind = Kind::kLeft;
  // "cgroup", "process", "socket".
  std::string name;
  std::string found;
  // What is in it, what becomes of it.
  std::vector<std::string> lines;
};

[[nodiscard]] std::vector<Leak> FindLeaks(const supervisor::Options& options);

// A line for each, its details below it, and a summary at the end.
[[nodiscard]] std::string FormatLeaks(const std::vector<Leak>& leaks);

// Prints them. Returns the exit status: 1 if something is left.
[[nodiscard]] int RunLeaks(const supervisor::Options& options);

}  // namespace bpfrig::doctor

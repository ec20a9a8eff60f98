// What an operator may choose about a daemon. main fills it in; the supervisor takes it apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "daemon/ipc/front_limits.h"
#include "daemon/supervisor/remote_options.h"

namespace bpfrig::supervisor {

inline constexpr char kDefaultAddress[] = "unix:/run/bpfrig/bpfrig.sock";

struct Options {
  // Where the front is called: unix:PATH. The directory of the default is made where it is missing.
  std::string address = kDefaultAddress;
  // Calls over TCP, beside the socket.
  RemoteOptions remote;
  // The group that may call; empty for our own.
  std::string group;
  // The front's binary; empty for bpfrigd-front beside our own.
  std::string front_path;
  // What a worker runs.
  std::string worker_path = "/proc/self/exe";
  // Whether workers get CAP_PERFMON.
  bool perfmon = true;
  // What may load beside what the worker's lists allow, each as kind:name; checked.
  std::vector<std::string> allow_load;
  // Passed on to the front.
  ipc::FrontLimits limits;
  // The memory of maps in bytes, for one sandbox and for all; 0 for what the daemon chooses.
  uint64_t max_map_memory = 0;
  uint64_t max_total_map_memory = 0;
  // memory.max of a sandbox's cgroup; 0 for what the daemon chooses.
  uint64_t max_sandbox_memory = 0;
  // The first uid of slot 0; every slot has kUidsPerSlot. Nothing for a range at random.
  std::optional<uint32_t> uid_base;
  // Gets one byte when calls are answered; not open if nobody asked.
  common::Fd ready;
  // Whoever started the daemon holds the other end: its end is the daemon's. Not open if nobody asked.
  common::Fd lifeline;
  // The daemon is private to whoever started it: the socket's directory is removed at the end.
  bool is_private = false;
  // Passed on to front and workers.
  std::string log_level = "info";
  std::string log_format = "text";
};

}  // namespace bpfrig::supervisor

// FrontLimits: what an operator may limit in the front. bpfrigd has a flag for each, which it passes on; both
// mains make their flags from this one table.
#pragma once

#include <array>
#include <cstdint>

namespace bpfrig::ipc {

struct FrontLimits {
  uint32_t max_sandboxes = 64;
  // Kept ready for those that will be opened, beside them.
  uint32_t spare_sandboxes = 2;
  uint32_t max_calls = 512;
  uint32_t max_connections = 4096;
  // MiB of requests that are under way.
  uint32_t max_request_memory = 256;
  // MiB of requests of one connection that have not wholly arrived.
  uint32_t max_connection_memory = 128;
  // What one caller may have of each; 0 for all but an eighth.
  uint32_t max_sandboxes_per_caller = 0;
  uint32_t max_calls_per_caller = 0;
  uint32_t max_connections_per_caller = 0;
  uint32_t max_request_memory_per_caller = 0;
  // Of each door, of clients that have not made a call which was let in.
  uint32_t max_unauthorised_connections = 256;
};

struct FrontLimit {
  const char* flag;
  uint32_t FrontLimits::*value;
  const char* help;
  uint32_t minimum;
  uint32_t maximum;
};

inline constexpr char kMaxSandboxesFlag[] = "--max-sandboxes";
inline constexpr char kSpareSandboxesFlag[] = "--spare-sandboxes";
inline constexpr char kMaxCallsFlag[] = "--max-calls";
inline constexpr char kMaxConnectionsFlag[] = "--max-connections";
inline constexpr char kMaxRequestMemoryFlag[] = "--max-request-memory";
inline constexpr char kMaxSandboxesPerCallerFlag[] = "--max-sandboxes-per-caller";
inline constexpr char kMaxCallsPerCallerFlag[] = "--max-calls-per-caller";
inline constexpr char kMaxConnectionsPerCallerFlag[] = "--max-connections-per-caller";
inline constexpr char kMaxRequestMemoryPerCallerFlag[] = "--max-request-memory-per-caller";
inline constexpr char kMaxUnauthorisedConnectionsFlag[] = "--max-unauthorised-connections";

inline constexpr char kMaxConnectionMemoryFlag[] = "--max-connection-memory";

// Each call costs a thread and two descriptors, each connection two descriptors.
inline constexpr std::array kFrontLimits = {
    FrontLimit{kMaxSandboxesFlag, &FrontLimits::max_sandboxes, "How many sandboxes may be open at once", 1,
               1900},
    FrontLimit{kMaxSandboxesPerCallerFlag, &FrontLimits::max_sandboxes_per_caller,
               "How many of them may be one caller's; 0: all but an eighth", 0, 1900},
    FrontLimit{kSpareSandboxesFlag, &FrontLimits::spare_sandboxes,
               "How many sandboxes to keep ready for those that will be opened", 0, 16},
    FrontLimit{kMaxCallsFlag, &FrontLimits::max_calls, "How many calls may be under way at once", 2, 8192},
    FrontLimit{kMaxCallsPerCallerFlag, &FrontLimits::max_calls_per_caller,
               "How many of them may be one caller's; 0: all but an eighth", 0, 8192},
    FrontLimit{kMaxConnectionsFlag, &FrontLimits::max_connections, "How many connections there may be", 2,
               16384},
    FrontLimit{kMaxConnectionsPerCallerFlag, &FrontLimits::max_connections_per_caller,
               "How many of them may be one caller's; 0: all but an eighth", 0, 16384},
    FrontLimit{
        kMaxUnauthorisedConnectionsFlag, &FrontLimits::max_unauthorised_connections,
        "How many connections of the unix socket, and how many of TCP, may be without a call that was let in",
        1, 8192},
    FrontLimit{kMaxRequestMemoryFlag, &FrontLimits::max_request_memory,
               "How many MiB of requests may be under way at once", 32, 65536},
    FrontLimit{kMaxRequestMemoryPerCallerFlag, &FrontLimits::max_request_memory_per_caller,
               "How many of them may be one caller's; 0: all but an eighth", 0, 65536},
    FrontLimit{kMaxConnectionMemoryFlag, &FrontLimits::max_connection_memory,
               "How many MiB of one connection's requests may be arriving at once", 32, 65536},
};

// What one caller may have of `all`, if the operator said `each`.
[[nodiscard]] constexpr uint32_t PerCaller(uint32_t all, uint32_t each) {
  if (each != 0) return each < all ? each : all;
  // Of one there is nothing to keep back.
  return all == 1 ? all : all - (all + 7) / 8;
}

// As far as the operator has not said otherwise.
inline void LetOneCallerHaveAll(FrontLimits& limits) {
  const auto let = [](uint32_t& each, uint32_t all) { each = each == 0 ? all : each; };
  let(limits.max_sandboxes_per_caller, limits.max_sandboxes);
  let(limits.max_calls_per_caller, limits.max_calls);
  let(limits.max_connections_per_caller, limits.max_connections);
  let(limits.max_request_memory_per_caller, limits.max_request_memory);
}

}  // namespace bpfrig::ipc

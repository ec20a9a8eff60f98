// Where the front finds the descriptors that the supervisor passes to it.
#pragma once

namespace bpfrig::ipc {

inline constexpr int kFrontListenerNumber = 3;
inline constexpr int kFrontControlNumber = 4;
inline constexpr int kFrontLifelineNumber = 5;
// Only if the front is started with --tcp.
inline constexpr int kFrontTcpListenerNumber = 6;

}  // namespace bpfrig::ipc

// Reads the plain things that plans are made of: names, numbers, durations, addresses. Each takes what a
// message calls the field, adds a problem where the node is something else, and returns a default then.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/socket.pb.h"
#include "client/plan/node.h"
#include "client/plan/problem.h"

namespace bpfrig::client::plan {

// Text without a tag, not empty.
[[nodiscard]] std::string ReadText(const NodePtr& node, absl::string_view what, Problems& problems);
// [A-Za-z0-9_.-], at most 64 characters: what a plan may call objects, servers, connections and links.
[[nodiscard]] std::string ReadName(const NodePtr& node, absl::string_view what, Problems& problems);
// One of `words`.
[[nodiscard]] std::string ReadWord(const NodePtr& node, absl::string_view what,
                                   const std::vector<std::string>& words, Problems& problems);
[[nodiscard]] bool ReadBool(const NodePtr& node, absl::string_view what, Problems& problems);
// `true` is the only value that means anything.
void ReadTrue(const NodePtr& node, absl::string_view what, Problems& problems);
// A plain number, decimal or 0x, from `least` to `most`.
[[nodiscard]] uint64_t ReadUnsigned(const NodePtr& node, absl::string_view what, uint64_t least,
                                    uint64_t most, Problems& problems);
// `500ms`, `2s`; from `least` to 60 s.
[[nodiscard]] std::chrono::milliseconds ReadDuration(const NodePtr& node, absl::string_view what,
                                                     std::chrono::milliseconds least, Problems& problems);
// An errno's name such as ECONNREFUSED.
[[nodiscard]] std::string ReadErrnoName(const NodePtr& node, absl::string_view what, Problems& problems);

// An IPv4 or IPv6 address as inet_pton reads it.
[[nodiscard]] std::string ReadAddress(const NodePtr& node, absl::string_view what, Problems& problems);
// The same with an optional prefix length.
[[nodiscard]] std::string ReadPrefix(const NodePtr& node, absl::string_view what, Problems& problems);
// {address, port}, both. `least_port` is 0 where the kernel may choose one.
[[nodiscard]] bpfrig::v1::SocketAddress ReadSocketAddress(const NodePtr& node, absl::string_view what,
                                                          uint64_t least_port, Problems& problems);

// Calls `read` for every item of a list; a problem where the node is no list.
void ReadList(const NodePtr& node, absl::string_view what, Problems& problems,
              const std::function<void(const NodePtr&)>& read);

// The number that a text is.
enum class NumberKind { kNone, kUnsigned, kNegative, kTooBig };
[[nodiscard]] NumberKind ParseNumber(absl::string_view text, uint64_t& magnitude);

}  // namespace bpfrig::client::plan

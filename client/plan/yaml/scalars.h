// Reads the plain things that plans are made of: names, numbers, durations. Each takes what a
// message calls the field, adds a problem if the node is something else, and returns a default then.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Text without a tag, not empty.
[[nodiscard]] std::string ReadText(const NodePtr& node, absl::string_view what, Problems& problems);
// The same, of one line: what is printed as it is.
[[nodiscard]] std::string ReadLine(const NodePtr& node, absl::string_view what, Problems& problems);
// What a plan may call an object.
[[nodiscard]] std::string ReadName(const NodePtr& node, absl::string_view what, Problems& problems);
// One of `words`.
[[nodiscard]] std::string ReadWord(const NodePtr& node, absl::string_view what,
                                   const std::vector<std::string>& words, Problems& problems);
// `true` is the only value that means anything.
void ReadTrue(const NodePtr& node, absl::string_view what, Problems& problems);
// A plain number, decimal or 0x, from `least` to `most`.
[[nodiscard]] uint64_t ReadUnsigned(const NodePtr& node, absl::string_view what, uint64_t least,
                                    uint64_t most, Problems& problems);
// `500ms`, `2s`: the milliseconds. False, without a problem, if the node is not a duration.
[[nodiscard]] bool ParseDurationMs(const Node& node, uint64_t& milliseconds);
// Of a step or a test.
inline constexpr std::chrono::milliseconds kMaxTimeout{3'600'000};
// A duration from 1ms to that; zero, with a problem, if it is not one.
[[nodiscard]] std::chrono::milliseconds ReadTimeout(const NodePtr& node, absl::string_view what,
                                                    Problems& problems);
// A text that is neither tagged nor a list or mapping.
[[nodiscard]] bool IsPlainText(const Node& node);

// "; write it without quotes", if the node is a number, true or false in quotes: to be said where one was
// expected.
[[nodiscard]] std::string WithoutQuotes(const Node& node);

// Calls `read` for every item of a list; a problem if the node is not a list.
void ReadList(const NodePtr& node, absl::string_view what, Problems& problems,
              const std::function<void(const NodePtr&)>& read);

}  // namespace bpfrig::client::plan

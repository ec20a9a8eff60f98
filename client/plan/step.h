// Steps as the runner takes them: a request that is ready but for the sandbox's id, and what its answer must
// show. One struct a call; the step readers make them, run/ has one handler for each, verdict/ compares.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/error.pb.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/node.h"
#include "client/plan/problem.h"

namespace bpfrig::client::plan {

// Something that a plan wrote, and where.
template <typename T>
struct Marked {
  T value;
  Mark mark;
};
template <typename T>
using Expectation = std::optional<Marked<T>>;

struct ExpectedRejection {
  Mark mark;
  Expectation<std::string> errno_name;
  Expectation<std::string> program;
  Expectation<std::string> map;
  Expectation<std::string> log_contains;
  Expectation<std::string> hint_contains;
};

struct LoadStep {
  // Without the object's bytes.
  bpfrig::v1::LoadProgramRequest request;
  std::shared_ptr<const std::string> object;
  std::optional<ExpectedRejection> rejected;
};

struct AttachStep {
  bpfrig::v1::AttachRequest request;
};

struct DetachStep {
  bpfrig::v1::DetachRequest request;
};

struct SeedStep {
  // All entries in one; the runner cuts it into messages.
  bpfrig::v1::SeedMapRequest request;
};

struct ListenStep {
  bpfrig::v1::ListenRequest request;
};

struct ConnectStep {
  bpfrig::v1::ConnectRequest request;
  uint32_t repeat = 1;
  // "none" is the empty string: the dial must come through.
  Expectation<std::string> errno_name;
  Expectation<std::string> local_address;
  Expectation<uint32_t> local_port;
  Expectation<std::string> peer_address;
  Expectation<uint32_t> peer_port;
  // "none" is the empty string.
  Expectation<std::string> server;
  Expectation<std::string> received;
  Expectation<uint64_t> sent;
  Expectation<bool> peer_closed;
  // Exactly these over all repetitions.
  Expectation<std::vector<std::string>> servers;
};

struct SendStep {
  bpfrig::v1::SendRequest request;
  uint32_t repeat = 1;
  Expectation<std::string> errno_name;
  Expectation<uint64_t> sent;
};

struct ReceiveStep {
  bpfrig::v1::ReceiveRequest request;
  // Zero: once.
  std::chrono::milliseconds within{0};
  Expectation<std::string> data;
  Expectation<std::string> starts_with;
  Expectation<bool> peer_closed;
  Expectation<std::string> errno_name;
};

struct DisconnectStep {
  bpfrig::v1::DisconnectRequest request;
};

// Which of a request's patterns an expectation is about.
struct PatternRange {
  size_t first = 0;
  size_t count = 0;
};

struct DumpStep {
  // With the patterns of `exactly`, `contains` and `absent`, one after the other.
  bpfrig::v1::DumpMapRequest request;
  std::chrono::milliseconds within{0};
  // One for each pattern: where it stands, and whether its value may be on any CPU instead of on all.
  std::vector<NodePtr> pattern_nodes;
  std::vector<bool> any_cpu;
  Expectation<PatternRange> exactly;
  Expectation<PatternRange> contains;
  Expectation<PatternRange> absent;
  Expectation<uint64_t> count;
};

struct EventsStep {
  bpfrig::v1::ReadEventsRequest request;
  uint32_t repeat = 1;
  std::vector<NodePtr> pattern_nodes;
  Expectation<PatternRange> exactly;
  Expectation<PatternRange> contains;
  // `none: true` is a count of 0.
  Expectation<uint64_t> count;
};

struct RunStep {
  bpfrig::v1::RunProgramRequest request;
  Expectation<uint32_t> return_value;
  Expectation<std::string> data;
  Expectation<std::string> context;
};

using StepCall = std::variant<LoadStep, AttachStep, DetachStep, SeedStep, ListenStep, ConnectStep, SendStep,
                              ReceiveStep, DisconnectStep, DumpStep, EventsStep, RunStep>;

struct Step {
  StepCall call;
  // As the plan names the call: "connect".
  std::string name;
  Mark mark;
  // What stands under the call's name.
  NodePtr node;
  // `expect: {error: ...}`: the call must fail for this reason.
  Expectation<bpfrig::v1::ErrorReason> error;
};

// Where the plan has the request field of that path, as deep as it has it; the step itself for an empty path.
[[nodiscard]] Mark MarkOfField(const Step& step, absl::string_view path);

}  // namespace bpfrig::client::plan

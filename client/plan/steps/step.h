// Steps as the runner takes them: a request that is ready but for the sandbox's id, and what its answer must
// show. A step that is nothing but its call needs no code of its own; the others have a shape.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/error.pb.h"
#include "client/plan/fields/pattern.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Something that a plan wrote, and where.
template <typename T>
struct Marked {
  T value;
  Mark mark;
};
template <typename T>
using Expectation = std::optional<Marked<T>>;

// Of how many runs of a repeated step one value must be.
struct Share {
  // Equality.
  Pattern value;
  // Of the number of runs.
  Pattern count;
  // The same as the plan has it: "!between [40%, 60%]".
  std::string written;
};

// The shares of one field of the answer. Values that are not named must not come.
struct SharesExpectation {
  std::string field;
  Mark mark;
  std::vector<Share> shares;
};

// What every step is.
struct Call {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::shared_ptr<google::protobuf::Message> request;
  // Of the fields of the answer.
  Pattern expected;
  uint32_t repeat = 1;
  // Of all runs together.
  std::vector<SharesExpectation> shares;
  // Zero: once.
  std::chrono::milliseconds within{0};
};

// An empty message of a type of the protocol.
[[nodiscard]] std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type);

// The call's request or answer by its type, which the caller knows.
template <typename Message>
[[nodiscard]] Message& As(google::protobuf::Message& message) {
  return static_cast<Message&>(message);
}
template <typename Message>
[[nodiscard]] const Message& As(const google::protobuf::Message& message) {
  return static_cast<const Message&>(message);
}

struct PlainShape {};

struct LoadShape {
  // The file's bytes; the request is without them. Null if a plan is only checked, and the file is not there.
  std::shared_ptr<const std::string> object;
  // Whether the plan wants to see the verifier's log, or expects something of it.
  bool wants_log = false;
};

// All entries are in one request; the runner cuts it into messages.
struct SeedShape {};

struct ConnectShape {
  // Exactly these over all repetitions; "none" is the empty string.
  Expectation<std::vector<std::string>> servers;
};

struct SendShape {};

struct ReceiveShape {};

// Which of the step's patterns an expectation is about.
struct PatternRange {
  size_t first = 0;
  size_t count = 0;
};

// What the plan has for one of the request's patterns: an expected entry or record, or a value that is part
// of one and encoded by itself.
struct PatternSource {
  // "exactly[0]".
  std::string name;
  NodePtr node;
};

// Of a per-CPU map: on which CPU a value must be.
enum class Cpus {
  kAll,
  kAny,
  // Its numbers are the sums over all.
  kSum,
};

struct EntryExpectation {
  PatternSource source;
  // Anything, if it was left out.
  Pattern key;
  Pattern value;
  Cpus cpus = Cpus::kAll;
};

struct DumpShape {
  // The request's first patterns are the plain parts of these, in order; then come encodings.
  std::vector<EntryExpectation> entries;
  std::vector<PatternSource> sources;
  Expectation<PatternRange> exactly;
  Expectation<PatternRange> contains;
  Expectation<PatternRange> absent;
  std::optional<Pattern> count;
};

struct RecordExpectation {
  PatternSource source;
  Pattern record;
};

struct EventsShape {
  // As in DumpShape.
  std::vector<RecordExpectation> records;
  std::vector<PatternSource> sources;
  Expectation<PatternRange> exactly;
  Expectation<PatternRange> contains;
  // One after the other, with any others between them.
  Expectation<PatternRange> in_order;
  Expectation<PatternRange> absent;
  // `none: true` is a count of 0.
  std::optional<Pattern> count;
  // Nothing: none may be lost.
  std::optional<Pattern> lost;
};

struct RunShape {
  // The context that the program gets, by its fields' names; no node if it is given as bytes or not at all.
  PatternSource given;
  // The same that it must leave; the request's patterns are as in EventsShape.
  std::optional<RecordExpectation> context;
  std::vector<PatternSource> sources;
};

// Of an option whose value has a BTF type.
struct SocketOptionShape {
  std::optional<RecordExpectation> value;
  // As in EventsShape.
  std::vector<PatternSource> sources;
};

struct SetShape {};

// What a variable must hold. The source's name is the variable's.
struct GlobalExpectation {
  PatternSource source;
  Pattern value;
};

struct GlobalsShape {
  // As in DumpShape.
  std::vector<GlobalExpectation> globals;
  std::vector<PatternSource> sources;
};

using Shape = std::variant<PlainShape, LoadShape, SeedShape, ConnectShape, SendShape, ReceiveShape, DumpShape,
                           EventsShape, RunShape, SocketOptionShape, SetShape, GlobalsShape>;

// How often a program runs in a step.
struct RunsExpectation {
  // As the plan names it: `program`, or `object/program`.
  Marked<std::string> program;
  Pattern count;
};

// What later steps get to know of an answer, as `${name}`.
struct Capture {
  std::string name;
  Mark mark;
  // Into the answer, as expectations name it: "local.port", "entries[0].value.hits".
  std::string path;
};

// deferred.h.
struct Deferred;

struct Step {
  Call call;
  Shape shape;
  // As the plan names the call: "connect".
  std::string name;
  Mark mark;
  // What stands under the call's name.
  NodePtr node;
  // `expect: {error: ...}`: the call must fail for this reason.
  Expectation<bpfrig::v1::ErrorReason> error;
  // `expect: {errno: ...}` of a call whose answer has none, or beside `error`: the errno that it fails with.
  std::optional<Pattern> refusal;
  std::vector<RunsExpectation> runs;
  std::vector<Capture> captures;
  // For the whole step; zero: none.
  std::chrono::milliseconds timeout{0};
  // Where the test uses the piece that the step is in: ", used at a.yaml:3:7". Empty if it is the test's own.
  std::string used_at;
  // Null for a step that can be read as it is. Of the others, all that depends on what is captured is made
  // up.
  std::shared_ptr<const Deferred> deferred;
};

// What the plan has for the request field of that path, as deep as it has it.
[[nodiscard]] NodePtr NodeOfField(const Step& step, absl::string_view path);
// Where that stands; the step itself for an empty path.
[[nodiscard]] Mark MarkOfField(const Step& step, absl::string_view path);
// The path in the plan's words: "exactly[0].value.port", "connection".
[[nodiscard]] std::string WordsOfField(const Step& step, absl::string_view path);

}  // namespace bpfrig::client::plan

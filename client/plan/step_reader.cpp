#include "client/plan/step_reader.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/scalars.h"
#include "client/plan/values.h"
#include "common/near_names.h"
#include "proto/rules/reason_name.h"

namespace bpfrig::client::plan {
namespace {

constexpr uint64_t kMostRepeats = 100'000;

struct CallReader {
  absl::string_view name;
  StepCall (*read)(StepSource& source);
};

constexpr std::array<CallReader, 12> kCalls = {{
    {"load", ReadLoad},
    {"attach", ReadAttach},
    {"detach", ReadDetach},
    {"seed", ReadSeed},
    {"listen", ReadListen},
    {"connect", ReadConnect},
    {"send", ReadSend},
    {"receive", ReadReceive},
    {"disconnect", ReadDisconnect},
    {"dump", ReadDump},
    {"events", ReadEvents},
    {"run", ReadRun},
}};

bool IsBeside(absl::string_view key) { return key == "expect" || key == "within" || key == "repeat"; }

const CallReader* FindCall(absl::string_view name) {
  for (const CallReader& call : kCalls) {
    if (call.name == name) return &call;
  }
  return nullptr;
}

std::vector<std::string> CallNames() {
  std::vector<std::string> names;
  for (const CallReader& call : kCalls) names.push_back(std::string(call.name));
  return names;
}

// The pair that names the step's call; null, with a problem, where there is none, two, or an unknown one.
const NodePair* CallOf(const Node& step, Problems& problems) {
  const NodePair* found = nullptr;
  bool unknown = false;
  for (const NodePair& pair : step.pairs) {
    if (IsBeside(pair.key->text)) continue;
    if (FindCall(pair.key->text) == nullptr) {
      unknown = true;
      problems.Add(pair.key->mark, absl::StrCat("unknown step \"", pair.key->text, "\"",
                                                common::DidYouMean(pair.key->text, CallNames()),
                                                "; steps: ", absl::StrJoin(CallNames(), ", "),
                                                "; beside one: expect, within, repeat"));
    } else if (found != nullptr) {
      problems.Add(pair.key->mark,
                   absl::StrCat("a second call in one step: \"", pair.key->text, "\" beside \"",
                                found->key->text, "\"; each is a step of its own"));
    } else {
      found = &pair;
    }
  }
  if (found == nullptr && !unknown) {
    problems.Add(step.mark, absl::StrCat("a step without a call; one of these was expected: ",
                                         absl::StrJoin(CallNames(), ", ")));
  }
  return unknown ? nullptr : found;
}

// Reasons that a call can be expected to fail for; the others are the rig's own failures.
std::vector<std::string> ExpectableReasons() {
  using namespace bpfrig::v1;
  std::vector<std::string> names;
  for (const ErrorReason reason :
       {ERROR_REASON_INVALID_FIELD, ERROR_REASON_UNKNOWN_NAME, ERROR_REASON_DUPLICATE_NAME,
        ERROR_REASON_OUT_OF_RANGE, ERROR_REASON_TYPE_MISMATCH, ERROR_REASON_BAD_OBJECT, ERROR_REASON_NO_TYPE,
        ERROR_REASON_KERNEL_REFUSED, ERROR_REASON_UNSUPPORTED, ERROR_REASON_LIMIT_REACHED,
        ERROR_REASON_NOT_ALLOWED}) {
    names.push_back(rules::ReasonName(reason));
  }
  return names;
}

Expectation<bpfrig::v1::ErrorReason> ReadExpectedError(const Node& expect, FieldReader& fields,
                                                       Problems& problems) {
  NodePtr node = fields.Find("error");
  if (node == nullptr) return std::nullopt;
  if (expect.pairs.size() > 1) {
    problems.Add(node->mark, "an expected error stands alone: a call that fails has no answer to look at");
  }
  bpfrig::v1::ErrorReason reason = bpfrig::v1::ERROR_REASON_UNSPECIFIED;
  const std::string word = ReadWord(node, "error", ExpectableReasons(), problems);
  bpfrig::v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", word), &reason);
  return Marked<bpfrig::v1::ErrorReason>{reason, node->mark};
}

NodePtr EmptyMapping(const Mark& mark) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::kMapping;
  node->mark = mark;
  return node;
}

}  // namespace

Step ReadStep(const NodePtr& node, const Objects& objects, Problems& problems) {
  Step step;
  step.mark = node->mark;
  step.node = node;
  if (!node->IsMapping() || !node->tag.empty()) {
    problems.Add(node->mark,
                 absl::StrCat("a step must be a mapping such as `connect: {...}`, not ", Describe(*node)));
    return step;
  }
  const NodePair* call = CallOf(*node, problems);
  if (call == nullptr) return step;
  step.name = call->key->text;
  step.mark = call->key->mark;
  step.node = call->value;

  NodePtr expect = FindKey(*node, "expect");
  if (expect != nullptr && expect->IsMapping() && expect->pairs.empty()) {
    problems.Add(expect->mark, "an empty expect; leave it out, or say what is expected");
  }
  if (expect == nullptr) expect = EmptyMapping(step.mark);
  StepSource source{FieldReader(step.node, step.name, problems),
                    FieldReader(expect, absl::StrCat("expect of ", step.name), problems),
                    objects,
                    problems,
                    FindKey(*node, "within"),
                    FindKey(*node, "repeat")};
  step.call = FindCall(step.name)->read(source);
  step.error = ReadExpectedError(*expect, source.expect, problems);
  if (source.within != nullptr) {
    problems.Add(source.within->mark,
                 absl::StrCat("within goes with dump and receive, not with ", step.name));
  }
  if (source.repeat != nullptr) {
    problems.Add(source.repeat->mark,
                 absl::StrCat("repeat goes with connect, send and events, not with ", step.name));
  }
  return step;
}

uint32_t TakeRepeat(StepSource& source) {
  NodePtr node = std::exchange(source.repeat, nullptr);
  if (node == nullptr) return 1;
  return static_cast<uint32_t>(ReadUnsigned(node, "repeat", 1, kMostRepeats, source.problems));
}

std::chrono::milliseconds TakeWithin(StepSource& source) {
  NodePtr node = std::exchange(source.within, nullptr);
  if (node == nullptr) return std::chrono::milliseconds(0);
  return ReadDuration(node, "within", std::chrono::milliseconds(1), source.problems);
}

Expectation<std::string> TakeBytes(StepSource& source, absl::string_view key) {
  return TakeExpectation<std::string>(
      source.expect, key, [&](const NodePtr& node) { return ReadBytes(node, key, source.problems); });
}

Expectation<bool> TakeBool(StepSource& source, absl::string_view key) {
  return TakeExpectation<bool>(source.expect, key,
                               [&](const NodePtr& node) { return ReadBool(node, key, source.problems); });
}

Expectation<std::string> TakeErrno(StepSource& source) {
  return TakeExpectation<std::string>(source.expect, "errno", [&](const NodePtr& node) -> std::string {
    if (node->text == "none") return "";
    return ReadErrnoName(node, "errno", source.problems);
  });
}

}  // namespace bpfrig::client::plan

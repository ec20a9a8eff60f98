#include "client/plan/steps/step_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/fields/keys.h"
#include "client/plan/fields/read_pattern.h"
#include "client/plan/steps/key_ranges.h"
#include "client/plan/steps/read_captures.h"
#include "client/plan/steps/read_shares.h"
#include "client/plan/steps/shapes.h"
#include "client/plan/yaml/scalars.h"
#include "common/near_names.h"
#include "proto/rules/call_traits.h"
#include "proto/rules/field_words.h"
#include "proto/rules/reason_name.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::client::plan {
namespace {

using google::protobuf::MethodDescriptor;

bool IsBeside(absl::string_view key) { return FindKeyOf(kBesideKeys, key) != nullptr; }

std::string BesideNames() {
  return absl::StrJoin(kBesideKeys.keys, ", ",
                       [](std::string* names, const Key& key) { absl::StrAppend(names, key.name); });
}

// The names of all steps, or of those for which `holds` is true.
std::vector<std::string> StepNames(bool (*holds)(const bpfrig::v1::StepInPlan&) = nullptr) {
  std::vector<std::string> names;
  for (int i = 0; i < rules::Service().method_count(); ++i) {
    const auto& step = rules::StepOf(*rules::Service().method(i));
    if (!step.name().empty() && (holds == nullptr || holds(step))) names.push_back(step.name());
  }
  return names;
}

// What a list of steps may have: steps, and pieces' names.
std::vector<std::string> ItemNames() {
  std::vector<std::string> names = StepNames();
  names.emplace_back("use");
  return names;
}

// What a step's mapping may have.
std::vector<std::string> KeyNames() {
  std::vector<std::string> names = ItemNames();
  for (const Key& key : kBesideKeys.keys) names.emplace_back(key.name);
  return names;
}

// "connect, send and events".
std::string Listed(std::vector<std::string> names) {
  const std::string last = names.back();
  names.pop_back();
  return names.empty() ? last : absl::StrCat(absl::StrJoin(names, ", "), " and ", last);
}

// Words that are missing on purpose.
bool IsPause(absl::string_view name) { return name == "sleep" || name == "wait" || name == "pause"; }

std::string WhyNoPause(absl::string_view name) {
  return absl::StrCat("there is no ", name,
                      " on purpose: a time that is enough today is too short on a busy machine. `within: 2s` "
                      "beside a step does it again until it holds, and `wait: 2s` of events waits for them");
}

// The pair that names the step's call; null, with a problem, if there is none, two, or an unknown one.
const NodePair* CallOf(const Node& step, Problems& problems) {
  const NodePair* found = nullptr;
  bool unknown = false;
  for (const NodePair& pair : step.pairs) {
    if (IsBeside(pair.key->text)) continue;
    if (FindCall(pair.key->text) == nullptr) {
      unknown = true;
      problems.Add(pair.key->mark, IsPause(pair.key->text)
                                       ? WhyNoPause(pair.key->text)
                                       : absl::StrCat("unknown step \"", pair.key->text, "\"",
                                                      common::DidYouMean(pair.key->text, KeyNames()),
                                                      "; steps: ", absl::StrJoin(ItemNames(), ", "),
                                                      "; beside one: ", BesideNames()));
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
                                         absl::StrJoin(ItemNames(), ", ")));
  }
  return unknown ? nullptr : found;
}

Expectation<bpfrig::v1::ErrorReason> ReadExpectedError(const Node& expect, FieldReader& fields,
                                                       Problems& problems) {
  NodePtr node = fields.Find("error");
  if (node == nullptr) return std::nullopt;
  const size_t with_errno = FindKey(expect, "errno") == nullptr ? 1 : 2;
  if (expect.pairs.size() > with_errno) {
    problems.Add(
        node->mark,
        "an expected error stands alone but for its errno: a call that fails has no answer to look at");
  }
  bpfrig::v1::ErrorReason reason = bpfrig::v1::ERROR_REASON_UNSPECIFIED;
  const std::string word = ReadWord(node, "error", ExpectableReasons(), problems);
  bpfrig::v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", word), &reason);
  return Marked<bpfrig::v1::ErrorReason>{reason, node->mark};
}

bool HasErrno(const google::protobuf::Descriptor& answer) {
  for (int i = 0; i < answer.field_count(); ++i) {
    if (rules::PlanName(*answer.field(i)) == "errno") return true;
  }
  return false;
}

// The errno of the call itself: beside an expected error, or if the answer has none of its own.
std::optional<Pattern> ReadRefusal(const Node& expect, const Step& step, FieldReader& fields,
                                   Problems& problems) {
  NodePtr node = fields.Find("errno");
  if (node == nullptr || (!step.error && HasErrno(*step.call.method->output_type()))) return std::nullopt;
  Pattern pattern = ReadErrnoPattern(node, problems);
  const bool must_fail = pattern.kind == PatternKind::kEqual && !pattern.value.text().empty();
  if (must_fail && !step.error && expect.pairs.size() > 1) {
    problems.Add(node->mark, AloneSentence("errno"));
  }
  return pattern;
}

std::vector<RunsExpectation> ReadRuns(const NodePtr& node, Problems& problems) {
  std::vector<RunsExpectation> runs;
  if (node == nullptr) return runs;
  if (!node->IsMapping() || !node->tag.empty() || node->pairs.empty()) {
    problems.Add(node->mark,
                 absl::StrCat("runs must be a mapping of programs to how often they run, such as "
                              "{connect4: 1}, not ",
                              node->IsMapping() && node->tag.empty() ? "an empty one" : Describe(*node)));
    return runs;
  }
  for (const NodePair& pair : node->pairs) {
    runs.push_back({{pair.key->text, pair.key->mark},
                    ReadCountPattern(pair.value, absl::StrCat("runs of ", pair.key->text), 0, problems)});
  }
  return runs;
}

NodePtr EmptyMapping(const Mark& mark) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::kMapping;
  node->mark = mark;
  return node;
}

void ReadRepeat(const NodePtr& node, const Step& step, uint32_t& repeat, Problems& problems) {
  if (node == nullptr) return;
  const auto takes = [](const bpfrig::v1::StepInPlan& in_plan) { return in_plan.repeat(); };
  if (!takes(rules::StepOf(*step.call.method))) {
    problems.Add(node->mark,
                 absl::StrCat("repeat goes with ", Listed(StepNames(takes)), ", not with ", step.name));
    return;
  }
  repeat = static_cast<uint32_t>(ReadUnsigned(node, "repeat", 1, kMaxRepeats, problems));
}

std::chrono::milliseconds ReadWithin(const NodePtr& node, Problems& problems) {
  uint64_t number = 0;
  if (node == nullptr) return {};
  if (ParseDurationMs(*node, number) && number > 0 && number <= rules::kMaxWaitMs) {
    return std::chrono::milliseconds(number);
  }
  problems.Add(node->mark, absl::StrCat("within must be a duration such as 500ms or 2s, from 1ms to ",
                                        rules::kMaxWaitMs / 1000, "s, not ", Describe(*node)));
  return {};
}

// A step that only reads holds at once if nothing is expected of it. A receive has conditions of its own.
void CheckWithin(const StepSource& source, const Step& step) {
  const bool only_reads =
      rules::StepOf(*step.call.method).within() && !std::holds_alternative<ReceiveShape>(step.shape);
  if (source.within == nullptr || !only_reads || !source.expect_node->pairs.empty() || !step.runs.empty())
    return;
  source.problems.Add(source.within->mark, "within has nothing to wait for: the step has no expect");
}

}  // namespace

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

const MethodDescriptor* FindCall(absl::string_view name) {
  const auto& service = rules::Service();
  for (int i = 0; i < service.method_count(); ++i) {
    if (!name.empty() && rules::StepOf(*service.method(i)).name() == name) return service.method(i);
  }
  return nullptr;
}

Step ReadStep(const NodePtr& node, const Objects& objects, Problems& problems) {
  Step step;
  step.mark = node->mark;
  step.node = node;
  if (!node->IsMapping() || !node->tag.empty()) {
    problems.Add(node->mark,
                 absl::StrCat("a step must be a mapping such as `connect: {...}`, not ", Describe(*node)));
    return step;
  }
  const NodePair* named = CallOf(*node, problems);
  if (named == nullptr) return step;
  step.name = named->key->text;
  step.mark = named->key->mark;
  step.node = step.name == "load" ? WriteOutLoad(named->value, problems)
                                  : WriteOutKeys(step.name, named->value, problems);
  step.call.method = FindCall(step.name);
  step.call.request = NewMessage(*step.call.method->input_type());

  NodePtr expect = FindKey(*node, "expect");
  if (expect != nullptr && expect->IsMapping() && expect->pairs.empty()) {
    problems.Add(expect->mark, "an empty expect; leave it out, or say what is expected");
  }
  if (expect != nullptr && MatcherOf(expect->tag)) {
    problems.Add(expect->mark,
                 absl::StrCat(expect->tag, " stands at a field of expect, not around all of them"));
    expect = WithoutTag(*expect);
  }
  expect = expect == nullptr ? EmptyMapping(step.mark) : WriteOutExpectedKeys(step.name, expect, problems);
  FieldReader fields(HasOwnForm(step.name) ? EmptyMapping(step.mark) : step.node, step.name, problems);
  FieldReader expected(expect, absl::StrCat("expect of ", step.name), problems);
  StepSource source{step.node,
                    expect,
                    fields,
                    expected,
                    objects,
                    problems,
                    step.call,
                    FindKey(*node, "repeat"),
                    FindKey(*node, "within")};
  ReadRepeat(source.repeat, step, step.call.repeat, problems);
  step.call.within = ReadWithin(source.within, problems);
  if (const ReadShape read = FindShape(step.name)) {
    step.shape = read(source);
  } else {
    ReadRequest(source);
    ReadExpected(source);
  }
  const bool has_shares = rules::StepOf(*step.call.method).repeat() && KeysOfStep(step.name).answer;
  NodePtr shares = has_shares ? expected.Find("shares") : nullptr;
  if (shares != nullptr) step.call.shares = ReadShares(shares, step.call, problems);
  step.error = ReadExpectedError(*expect, expected, problems);
  step.refusal = ReadRefusal(*expect, step, expected, problems);
  step.runs = ReadRuns(FindKey(*node, "runs"), problems);
  CheckWithin(source, step);
  if (NodePtr capture = FindKey(*node, "capture")) {
    step.captures = ReadCaptures(capture, step, problems);
  }
  if (NodePtr timeout = FindKey(*node, "timeout")) step.timeout = ReadTimeout(timeout, "timeout", problems);
  return step;
}

void ReadRequest(StepSource& source) {
  MessageReader reader(source.problems);
  reader.Read(source.fields, *source.call.request);
  reader.CheckRules(source.fields, source.node, *source.call.request);
}

void ReadExpected(StepSource& source, absl::string_view left_out) {
  source.call.expected = ReadAnswerPattern(*source.call.method->output_type(), source.expect,
                                           source.expect_node, source.problems, left_out);
}

}  // namespace bpfrig::client::plan

// The readers of seed, dump, events and run: entries, and expectations of values that BTF types.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "client/plan/fields/keys.h"
#include "client/plan/fields/read_pattern.h"
#include "client/plan/fields/values.h"
#include "client/plan/steps/request_patterns.h"
#include "client/plan/steps/shapes.h"
#include "client/plan/yaml/scalars.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::DumpMapRequest;
using bpfrig::v1::ReadEventsRequest;
using bpfrig::v1::RunProgramRequest;
using bpfrig::v1::SeedMapRequest;
using bpfrig::v1::Value;

void CheckSeedEntries(const NodePtr& entries, Problems& problems) {
  for (const NodePtr& entry : entries->items) {
    if (!entry->IsMapping()) continue;
    const auto given = [&](absl::string_view key) { return FindKey(*entry, key) != nullptr ? 1 : 0; };
    if (given("value") + given("cpu_values") + given("delete") != 1) {
      problems.Add(entry->mark, "an entry must have one of value, cpu_values and delete");
    }
  }
}

// A sum is compared as a number, not as memory.
void CheckSummed(const Pattern& pattern, Problems& problems) {
  if (pattern.value.has_tag()) {
    problems.Add(pattern.node->mark,
                 absl::StrCat("cpus: sum compares numbers, not ", Describe(*pattern.node)));
  }
  for (const Pattern& part : pattern.parts) CheckSummed(part, problems);
}

Cpus ReadCpus(const NodePtr& node, const Pattern& value, Problems& problems) {
  const std::string word = ReadWord(node, "cpus", {"all", "any", "sum"}, problems);
  if (word != "sum") return word == "any" ? Cpus::kAny : Cpus::kAll;
  CheckSummed(value, problems);
  return Cpus::kSum;
}

// {key, value}, either alone.
EntryExpectation ReadEntry(const NodePtr& node, std::string name, Problems& problems) {
  EntryExpectation entry;
  entry.source = {std::move(name), node};
  FieldReader fields(node, kExpectedEntryKeys, problems);
  NodePtr key = fields.Find("key");
  NodePtr value = fields.Find("value");
  if (key != nullptr) entry.key = ReadValuePattern(key, problems);
  if (value != nullptr) entry.value = ReadValuePattern(value, problems);
  if (NodePtr cpus = fields.Find("cpus")) entry.cpus = ReadCpus(cpus, entry.value, problems);
  if (fields.IsMapping() && key == nullptr && value == nullptr) {
    problems.Add(node->mark, "an expected entry must have a key, a value, or both");
  }
  return entry;
}

RecordExpectation ReadRecord(const NodePtr& node, std::string name, Problems& problems) {
  return {{std::move(name), node}, ReadValuePattern(node, problems)};
}

// A list of what `read` reads, behind what `all` has already. `when_empty` is what a message says of an empty
// one; nothing if it may be empty.
template <typename Read, typename Item>
Expectation<PatternRange> TakePatterns(StepSource& source, absl::string_view key, const Read& read,
                                       absl::string_view when_empty, std::vector<Item>& all) {
  NodePtr list = source.expect.Find(key);
  if (list == nullptr) return std::nullopt;
  const size_t first = all.size();
  ReadList(list, key, source.problems, [&](const NodePtr& item) {
    all.push_back(read(item, absl::StrCat(key, "[", all.size() - first, "]"), source.problems));
  });
  if (!when_empty.empty() && list->IsSequence() && list->items.empty()) {
    source.problems.Add(list->mark, absl::StrCat(key, " is empty", when_empty));
  }
  return Marked<PatternRange>{{first, all.size() - first}, list->mark};
}

// The plain part of a pattern, if it has one.
template <typename SetValue>
void SetPlainPart(const Pattern& pattern, const SetValue& set) {
  Value value = PlainPart(pattern);
  if (value.kind_case() != Value::KIND_NOT_SET) set(std::move(value));
}

void RequestPatterns(DumpShape& shape, DumpMapRequest& request) {
  for (const EntryExpectation& entry : shape.entries) {
    auto* pattern = request.add_patterns();
    SetPlainPart(entry.key, [&](Value value) { *pattern->mutable_key() = std::move(value); });
    SetPlainPart(entry.value, [&](Value value) { *pattern->mutable_value() = std::move(value); });
    shape.sources.push_back(entry.source);
  }
  const auto encode = [&](Pattern& whole, const std::string& name,
                          Value* (bpfrig::v1::EntryPattern::*half)()) {
    ForEachEncoded(whole, [&](Pattern& part, Value in_its_place) {
      part.encoding = static_cast<size_t>(request.patterns_size());
      *(request.add_patterns()->*half)() = std::move(in_its_place);
      shape.sources.push_back({name, part.node});
    });
  };
  for (EntryExpectation& entry : shape.entries) {
    encode(entry.key, entry.source.name, &bpfrig::v1::EntryPattern::mutable_key);
    encode(entry.value, entry.source.name, &bpfrig::v1::EntryPattern::mutable_value);
  }
}

// As many as the expectations need, waited for, unless the plan says otherwise.
void SetEventsWait(const EventsShape& shape, bool says_at_least, bool says_wait, ReadEventsRequest& request) {
  if (!says_at_least) {
    uint64_t needed = 0;
    if (shape.exactly) needed = std::max<uint64_t>(needed, shape.exactly->value.count);
    if (shape.contains) needed = std::max<uint64_t>(needed, shape.contains->value.count);
    if (shape.in_order) needed = std::max<uint64_t>(needed, shape.in_order->value.count);
    if (shape.count) needed = std::max(needed, LeastNumber(*shape.count));
    request.set_at_least(static_cast<uint32_t>(needed));
  }
  if (!says_wait && request.at_least() > 0) request.set_wait_ms(kDefaultEventsWaitMs);
}

// Records that were read are gone, so it is the daemon that waits.
void TakeWithin(StepSource& source, bool says_wait, ReadEventsRequest& request) {
  if (says_wait) {
    source.problems.Add(source.within->mark, "within and wait exclude each other: events wait by themselves");
  }
  request.set_wait_ms(static_cast<uint32_t>(source.call.within.count()));
  source.call.within = {};
}

void TakeNone(StepSource& source, EventsShape& shape) {
  NodePtr none = source.expect.Find("none");
  if (none == nullptr) return;
  ReadTrue(none, "none", source.problems);
  if (shape.exactly || shape.contains || shape.in_order || shape.absent || shape.count) {
    source.problems.Add(none->mark, "none stands alone: it says that there are no events");
  }
  shape.count.emplace();
  shape.count->kind = PatternKind::kEqual;
  shape.count->node = none;
  shape.count->value.set_unsigned_integer(0);
}

// Whether a context is given by its fields' names. What is neither that nor bytes is a problem.
bool IsByName(const NodePtr& context, Problems& problems) {
  if (context == nullptr || !context->tag.empty()) return false;
  if (context->IsScalar() && context->quoted && context->text.empty()) return false;  // no bytes
  if (!context->IsMapping()) {
    problems.Add(context->mark, absl::StrCat("context must be a mapping of its fields, such as {mark: 5}, or "
                                             "bytes, such as !hex 00, not ",
                                             Describe(*context)));
  }
  return true;
}

}  // namespace

Shape ReadSeed(StepSource& source) {
  auto& request = As<SeedMapRequest>(*source.call.request);
  MessageReader reader(source.problems);
  reader.Read(source.fields, request);
  if (NodePtr entries = FindKey(*source.node, "entries")) CheckSeedEntries(entries, source.problems);
  // The runner sends as many messages as the entries need; each of them keeps the rules.
  google::protobuf::RepeatedPtrField<bpfrig::v1::SeedEntry> entries;
  request.mutable_entries()->Swap(&entries);
  reader.CheckRules(source.fields, source.node, request);
  request.mutable_entries()->Swap(&entries);
  ReadExpected(source);
  return SeedShape();
}

Shape ReadDump(StepSource& source) {
  DumpShape shape;
  ReadRequest(source);
  auto& request = As<DumpMapRequest>(*source.call.request);
  constexpr absl::string_view kSaysNothing = ", and so says nothing";
  shape.exactly = TakePatterns(source, "exactly", ReadEntry, "", shape.entries);
  shape.contains = TakePatterns(source, "contains", ReadEntry, kSaysNothing, shape.entries);
  shape.absent = TakePatterns(source, "absent", ReadEntry, kSaysNothing, shape.entries);
  if (NodePtr count = source.expect.Find("count"))
    shape.count = ReadCountPattern(count, "count", 0, source.problems);
  RequestPatterns(shape, request);
  if (source.within == nullptr) return shape;
  if (request.consume()) {
    source.problems.Add(source.within->mark,
                        "within and consume exclude each other: reading again finds what is left only");
  }
  return shape;
}

Shape ReadEvents(StepSource& source) {
  EventsShape shape;
  ReadRequest(source);
  auto& request = As<ReadEventsRequest>(*source.call.request);
  constexpr absl::string_view kSaysNone = "; that there are no events is `none: true`";
  shape.exactly = TakePatterns(source, "exactly", ReadRecord, kSaysNone, shape.records);
  shape.contains = TakePatterns(source, "contains", ReadRecord, kSaysNone, shape.records);
  shape.in_order = TakePatterns(source, "in_order", ReadRecord, kSaysNone, shape.records);
  shape.absent = TakePatterns(source, "absent", ReadRecord, kSaysNone, shape.records);
  if (NodePtr count = source.expect.Find("count"))
    shape.count = ReadCountPattern(count, "count", 1, source.problems);
  if (NodePtr lost = source.expect.Find("lost"))
    shape.lost = ReadCountPattern(lost, "lost", 0, source.problems);
  TakeNone(source, shape);
  const auto says = [&](absl::string_view key) {
    return source.node->IsMapping() && FindKey(*source.node, key) != nullptr;
  };
  if (source.within != nullptr) TakeWithin(source, says("wait"), request);
  SetEventsWait(shape, says("at_least"), says("wait") || source.within != nullptr, request);
  RequestPatterns(absl::MakeSpan(shape.records), shape.sources, *request.mutable_patterns());
  return shape;
}

Shape ReadRun(StepSource& source) {
  constexpr absl::string_view kContext = "context";
  RunShape shape;
  auto& request = As<RunProgramRequest>(*source.call.request);
  MessageReader reader(source.problems);
  NodePtr given = source.fields.Find(kContext);
  if (IsByName(given, source.problems)) {
    shape.given = {std::string(kContext), given};
    *request.mutable_context_fields() = ReadValue(given, source.problems);
    reader.LeaveOut(kContext);
  }
  reader.Read(source.fields, request);
  reader.CheckRules(source.fields, source.node, request);
  NodePtr left = source.expect.Find(kContext);
  const bool by_name = IsByName(left, source.problems);
  if (by_name) {
    shape.context = ReadRecord(left, std::string(kContext), source.problems);
    RequestPatterns(absl::MakeSpan(&*shape.context, 1), shape.sources, *request.mutable_context_patterns());
  }
  source.call.expected = ReadAnswerPattern(*source.call.method->output_type(), source.expect,
                                           source.expect_node, source.problems, by_name ? kContext : "");
  return shape;
}

}  // namespace bpfrig::client::plan

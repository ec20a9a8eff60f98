// The readers of seed, dump and events.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/plan/scalars.h"
#include "client/plan/step_reader.h"
#include "client/plan/values.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::BatchMode;
using bpfrig::v1::EntryPattern;
using bpfrig::v1::SeedEntry;

constexpr uint64_t kMostCount = 100'000'000;
constexpr uint32_t kDefaultEventsWaitMs = 2000;

// The fields that seed and dump share.
template <typename Request>
void ReadMapFields(StepSource& source, Request& request) {
  Problems& problems = source.problems;
  if (NodePtr map = source.fields.Require("map", "a map's name")) {
    request.set_map(ReadText(map, "map", problems));
  }
  if (NodePtr type = source.fields.Find("key_type")) {
    request.set_key_type(ReadText(type, "key_type", problems));
  }
  if (NodePtr type = source.fields.Find("value_type")) {
    request.set_value_type(ReadText(type, "value_type", problems));
  }
  if (NodePtr batch = source.fields.Find("batch")) {
    const std::string word = ReadWord(batch, "batch", {"auto", "batch", "element"}, problems);
    if (word == "batch") request.set_batch(BatchMode::BATCH_MODE_BATCH);
    if (word == "element") request.set_batch(BatchMode::BATCH_MODE_ELEMENT);
  }
}

void ReadSeedEntry(const NodePtr& node, SeedEntry& entry, Problems& problems) {
  FieldReader fields(node, "an entry of seed", problems);
  if (NodePtr key = fields.Find("key")) *entry.mutable_key() = ReadValue(key, problems);
  NodePtr value = fields.Find("value");
  NodePtr cpu_values = fields.Find("cpu_values");
  NodePtr deletes = fields.Find("delete");
  if (value != nullptr) *entry.mutable_value() = ReadValue(value, problems);
  if (cpu_values != nullptr) {
    ReadList(cpu_values, "cpu_values", problems,
             [&](const NodePtr& item) { *entry.add_cpu_values() = ReadValue(item, problems); });
  }
  if (deletes != nullptr) {
    ReadTrue(deletes, "delete", problems);
    entry.set_delete_(true);
  }
  const int kinds =
      (value != nullptr ? 1 : 0) + (cpu_values != nullptr ? 1 : 0) + (deletes != nullptr ? 1 : 0);
  if (fields.IsMapping() && kinds != 1) {
    problems.Add(node->mark, "an entry of seed must have one of value, cpu_values and delete");
  }
}

// {key, value}, either alone.
void ReadEntryPattern(const NodePtr& node, DumpStep& step, Problems& problems) {
  EntryPattern& pattern = *step.request.add_patterns();
  step.pattern_nodes.push_back(node);
  FieldReader fields(node, "an expected entry", problems);
  if (NodePtr key = fields.Find("key")) *pattern.mutable_key() = ReadValue(key, problems);
  if (NodePtr value = fields.Find("value")) *pattern.mutable_value() = ReadValue(value, problems);
  NodePtr cpus = fields.Find("cpus");
  step.any_cpu.push_back(cpus != nullptr && ReadWord(cpus, "cpus", {"all", "any"}, problems) == "any");
  if (fields.IsMapping() && !pattern.has_key() && !pattern.has_value()) {
    problems.Add(node->mark, "an expected entry must have a key, a value, or both");
  }
}

Expectation<PatternRange> TakeEntries(StepSource& source, absl::string_view key, DumpStep& step) {
  NodePtr list = source.expect.Find(key);
  if (list == nullptr) return std::nullopt;
  const size_t first = step.pattern_nodes.size();
  ReadList(list, key, source.problems,
           [&](const NodePtr& item) { ReadEntryPattern(item, step, source.problems); });
  if (key != "exactly" && list->IsSequence() && list->items.empty()) {
    source.problems.Add(list->mark, absl::StrCat(key, " is empty, and so says nothing"));
  }
  return Marked<PatternRange>{{first, step.pattern_nodes.size() - first}, list->mark};
}

Expectation<PatternRange> TakeEvents(StepSource& source, absl::string_view key, EventsStep& step) {
  NodePtr list = source.expect.Find(key);
  if (list == nullptr) return std::nullopt;
  const size_t first = step.pattern_nodes.size();
  ReadList(list, key, source.problems, [&](const NodePtr& item) {
    *step.request.add_patterns() = ReadValue(item, source.problems);
    step.pattern_nodes.push_back(item);
  });
  if (list->IsSequence() && list->items.empty()) {
    source.problems.Add(list->mark, absl::StrCat(key, " is empty; that there are no events is `none: true`"));
  }
  return Marked<PatternRange>{{first, step.pattern_nodes.size() - first}, list->mark};
}

Expectation<uint64_t> TakeCount(StepSource& source, uint64_t least) {
  return TakeExpectation<uint64_t>(source.expect, "count", [&](const NodePtr& node) {
    return ReadUnsigned(node, "count", least, kMostCount, source.problems);
  });
}

// As many as the expectations need, waited for, unless the plan says otherwise.
void SetEventsWait(EventsStep& step, const NodePtr& at_least, const NodePtr& wait) {
  if (at_least == nullptr) {
    size_t needed = 0;
    if (step.exactly) needed = std::max(needed, step.exactly->value.count);
    if (step.contains) needed = std::max(needed, step.contains->value.count);
    if (step.count) needed = std::max(needed, static_cast<size_t>(step.count->value));
    step.request.set_at_least(static_cast<uint32_t>(needed));
  }
  if (wait == nullptr && step.request.at_least() > 0) step.request.set_wait_ms(kDefaultEventsWaitMs);
}

}  // namespace

StepCall ReadSeed(StepSource& source) {
  SeedStep step;
  ReadMapFields(source, step.request);
  NodePtr entries = source.fields.Require("entries", "a list of entries");
  if (entries == nullptr) return step;
  ReadList(entries, "entries", source.problems,
           [&](const NodePtr& item) { ReadSeedEntry(item, *step.request.add_entries(), source.problems); });
  if (entries->IsSequence() && entries->items.empty()) {
    source.problems.Add(entries->mark, "entries is empty, and so writes nothing");
  }
  return step;
}

StepCall ReadDump(StepSource& source) {
  DumpStep step;
  Problems& problems = source.problems;
  ReadMapFields(source, step.request);
  if (NodePtr keys = source.fields.Find("keys")) {
    ReadList(keys, "keys", problems,
             [&](const NodePtr& item) { *step.request.add_keys() = ReadValue(item, problems); });
  }
  if (NodePtr consume = source.fields.Find("consume")) {
    step.request.set_consume(ReadBool(consume, "consume", problems));
  }
  step.exactly = TakeEntries(source, "exactly", step);
  step.contains = TakeEntries(source, "contains", step);
  step.absent = TakeEntries(source, "absent", step);
  step.count = TakeCount(source, 0);
  NodePtr within = source.within;
  step.within = TakeWithin(source);
  if (within == nullptr) return step;
  if (!step.exactly && !step.contains && !step.absent && !step.count) {
    problems.Add(within->mark, "within has nothing to wait for: the step has no expect");
  }
  if (step.request.consume()) {
    problems.Add(within->mark,
                 "within and consume exclude each other: reading again finds what is left only");
  }
  return step;
}

StepCall ReadEvents(StepSource& source) {
  EventsStep step;
  Problems& problems = source.problems;
  if (NodePtr map = source.fields.Require("map", "a ring buffer's name")) {
    step.request.set_map(ReadText(map, "map", problems));
  }
  if (NodePtr type = source.fields.Find("type")) step.request.set_type(ReadText(type, "type", problems));
  NodePtr at_least = source.fields.Find("at_least");
  if (at_least != nullptr) {
    step.request.set_at_least(
        static_cast<uint32_t>(ReadUnsigned(at_least, "at_least", 1, kMostCount, problems)));
  }
  NodePtr wait = source.fields.Find("wait");
  if (wait != nullptr) {
    step.request.set_wait_ms(
        static_cast<uint32_t>(ReadDuration(wait, "wait", std::chrono::milliseconds(0), problems).count()));
  }
  step.exactly = TakeEvents(source, "exactly", step);
  step.contains = TakeEvents(source, "contains", step);
  step.count = TakeCount(source, 1);
  if (NodePtr none = source.expect.Find("none")) {
    ReadTrue(none, "none", problems);
    if (step.exactly || step.contains || step.count) {
      problems.Add(none->mark, "none stands alone: it says that there are no events");
    }
    step.count = Marked<uint64_t>{0, none->mark};
  }
  SetEventsWait(step, at_least, wait);
  step.repeat = TakeRepeat(source);
  return step;
}

}  // namespace bpfrig::client::plan

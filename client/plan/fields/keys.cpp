#include "client/plan/fields/keys.h"

#include <algorithm>
#include <array>

namespace bpfrig::client::plan {
namespace {

// An included file has all but the first and the last.
constexpr std::array kOfPlan = {
    Key{"name", Takes::kText, "What the plan is called in reports.", "the plan's name"},
    Key{"include", Takes::kTextOrTexts,
        "Files with parts that plans share: all of these keys but `name` and `tests`. They are looked up "
        "beside the file that includes them."},
    Key{"requires", Takes::kTexts,
        "Features of the kernel that every test needs; without one of them, tests are skipped. `bpfrig info` "
        "lists those that there are."},
    Key{"tags", Takes::kTexts, "Words for `bpfrig run --tag` and `-k`, of every test."},
    Key{"vars", Takes::kVariables,
        "Values for `${name}`. A variable may be made of those before it; `bpfrig run --var name=value` and "
        "the environment's `BPFRIG_VAR_name` go before what the plan says."},
    Key{"objects", Takes::kObjects,
        "The files that `load` may name: looked up beside the file that names them, then in the object path "
        "(`-I`, `BPFRIG_OBJECT_PATH`)."},
    Key{"types", Takes::kTypes,
        "What types the keys, values and records of maps have that are declared without: `[key's, value's]`, "
        "or one type of values or records."},
    Key{"sandbox", Takes::kSandbox, "What every test's sandbox has."},
    Key{"pieces", Takes::kPieces, "Lists of steps that tests `use` by name."},
    Key{"setup", Takes::kSteps, "Steps before those of each test, in its sandbox."},
    Key{"teardown", Takes::kSteps,
        "Steps after those of each test, in its sandbox: done whatever became of the test, each of them also "
        "if another failed."},
    Key{"tests", Takes::kTests, "The tests; each runs in a sandbox of its own.", "a list of tests"},
};

constexpr std::array kOfTest = {
    Key{"name", Takes::kText,
        "Names must differ within a plan; with `each` or `matrix` the name has a `${name}` in it.",
        "the test's name"},
    Key{"requires", Takes::kTexts, "Features of the kernel, added to the plan's."},
    Key{"tags", Takes::kTexts, "Words for `--tag` and `-k`, added to the plan's."},
    Key{"objects", Takes::kObjects, "Added to the plan's."},
    Key{"sandbox", Takes::kSandbox, "Added to the plan's."},
    Key{"may_not_run", Takes::kTexts,
        "Attached programs that the test may leave untouched, as `program` or `object/program`."},
    Key{"holds_without", Takes::kTexts,
        "Programs that the test need not notice: it also holds if they do nothing."},
    Key{"timeout", Takes::kDuration,
        "For all of the test's steps; without one, that of `bpfrig run --timeout`, or none."},
    Key{"each", Takes::kRows, "The test once for each row, with `${name}` replaced by the row's value."},
    Key{"matrix", Takes::kMatrix,
        "The test once for each combination: `{family: [v4, v6], transport: [tcp, udp]}` is four. With "
        "`each`, each row with each combination."},
    Key{"steps", Takes::kSteps, "What is done, in this order; a step that fails ends the test.",
        "a list of steps"},
};

constexpr std::array kBeside = {
    Key{"expect", Takes::kExpect, "What the call must answer: each step's keys are listed with it."},
    Key{"within", Takes::kDuration,
        "Does the step again until it holds or the time is over. Beside `events` it is their `wait`. What "
        "has a name is made once: a `connect` with a `name` is tried again only while it does not come "
        "through."},
    Key{"repeat", Takes::kTimes, "Does the step so many times; each time must be as expected."},
    Key{"runs", Takes::kRuns,
        "How often programs ran during the step, with all its repetitions, by the kernel's count and without "
        "test runs: those that are named, as `program` or `object/program`."},
    Key{"capture", Takes::kCaptures,
        "Names for parts of the answer, for `${name}` in the steps after this one."},
    Key{"timeout", Takes::kDuration, "Ends the step, with all its repetitions, and fails the test."},
};

constexpr std::array kOfUse = {
    Key{"piece", Takes::kText, "One of the plan's `pieces`.", "the name of one of the plan's pieces"},
    Key{"with", Takes::kVariables, "Values for `${name}` in the piece's steps."},
};

constexpr std::array kOfExcept = {
    Key{"except", Takes::kTexts, "Programs not to load; all others are.", "a list of programs"},
};

constexpr std::array kOfEntry = {
    Key{"keys", Takes::kKeys, "In place of `key`: an entry for each of them."},
};

constexpr std::array kOfExpectedEntry = {
    Key{"key", Takes::kAnything, "The key; left out, it may be any."},
    Key{"keys", Takes::kKeys, "In place of `key`: an entry for each of them."},
    Key{"value", Takes::kAnything,
        "The value; left out, it may be any. Members that are not named may be anything."},
    Key{"cpus", Takes::kCpus,
        "In a per-CPU map, where the value must be: on `all` CPUs (the default), on `any`, or as the `sum` "
        "of what all of them have."},
};

constexpr std::array kOfFailure = {
    Key{"error", Takes::kReason,
        "The call fails for this reason. It stands alone but for the `errno` that it fails with."},
    Key{"errno", Takes::kErrno,
        "The kernel refuses the call with it: the same as `error: KERNEL_REFUSED` with this `errno`."},
};

constexpr std::array kOfRepeated = {
    Key{"shares", Takes::kShares,
        "With `repeat`: of how many runs each value of a field is, as a number or a percentage. No other "
        "value may come."},
};

constexpr std::array kLoad = {
    Key{"object", Takes::kText, "One of the plan's `objects`.", "the name of one of the plan's objects"},
    Key{"programs", Takes::kPrograms,
        "Which programs to load, or `{except: [program]}`: all but these. Left out: all but those in "
        "sections that begin with `?`, as libbpf has it."},
    Key{"attach", Takes::kAttach,
        "What to attach once loaded; `all` is every loaded program that needs no more than its name for "
        "that."},
};
constexpr std::array kLoadInOtherWords = {
    OtherWords{"programs_except", "programs: {except: [NAME]}"},
    OtherWords{"attach_all", "attach: all"},
};
constexpr std::array kSeed = {
    Key{"entries", Takes::kEntries,
        "What to write and delete; `keys: 0..99` in place of `key` is an entry for each."},
};
constexpr std::array kDump = {
    Key{"keys", Takes::kKeys, ""},
};
constexpr std::array kDumped = {
    Key{"exactly", Takes::kExpectedEntries, "These entries, in any order, and no others."},
    Key{"contains", Takes::kExpectedEntries, "These, and maybe others."},
    Key{"absent", Takes::kExpectedEntries, "None of these."},
    Key{"count", Takes::kCount,
        "How many entries there are; of keys that were asked for, those that are in the map."},
};
constexpr std::array kEvents = {
    Key{"exactly", Takes::kRecords, "These records, in order, and no others."},
    Key{"contains", Takes::kRecords, "These, in any order, and maybe others."},
    Key{"in_order", Takes::kRecords, "These, one after the other; others may be between them."},
    Key{"absent", Takes::kRecords, "None of these."},
    Key{"count", Takes::kCount, "How many records there are."},
    Key{"lost", Takes::kCount,
        "Of a perf event array: records that the kernel had no room for. If nothing is expected of them, any "
        "fails the step."},
    Key{"none", Takes::kTrue, "There are no records. It stands alone."},
};
constexpr std::array kConnect = {
    Key{"servers", Takes::kServers,
        "With `repeat`: exactly the servers that were reached, over all times together; `none` stands for "
        "none."},
};
constexpr std::array kRun = {
    Key{"context", Takes::kContext, "By its fields' names, laid out by the kernel's own type, or as bytes."},
};
constexpr std::array kSocketOption = {
    Key{"value", Takes::kAnything,
        "As a number in host order, if it has 1, 2, 4 or 8 bytes; with a `type`, member by member."},
};

struct NamedKeys {
  absl::string_view step;
  StepKeys keys;
};
constexpr std::array kSteps = {
    NamedKeys{"load", {kLoad, {}, StepKeys::Form::kFields, true, kLoadInOtherWords}},
    NamedKeys{"seed", {kSeed, {}}},
    NamedKeys{"dump", {kDump, kDumped, StepKeys::Form::kFields, false}},
    NamedKeys{"events", {{}, kEvents, StepKeys::Form::kFields, false}},
    NamedKeys{"connect", {{}, kConnect}},
    NamedKeys{"run", {kRun, kRun}},
    NamedKeys{"getsockopt", {{}, kSocketOption}},
    NamedKeys{"set", {{}, {}, StepKeys::Form::kVariables}},
    NamedKeys{"globals", {{}, {}, StepKeys::Form::kNames, false}},
};

}  // namespace

constinit const KeyTable kPlanKeys{"a plan", kOfPlan};
constinit const KeyTable kIncludedKeys{"an included file",
                                       absl::MakeConstSpan(kOfPlan).subspan(1, kOfPlan.size() - 2)};
constinit const KeyTable kTestKeys{"a test", kOfTest};
constinit const KeyTable kBesideKeys{"a step", kBeside};
constinit const KeyTable kUseKeys{"use", kOfUse};
constinit const KeyTable kExceptKeys{"programs", kOfExcept};
constinit const KeyTable kEntryKeys{"an entry", kOfEntry};
constinit const KeyTable kExpectedEntryKeys{"an expected entry", kOfExpectedEntry};
constinit const KeyTable kRepeatedKeys{"expect", kOfRepeated};
constinit const KeyTable kFailureKeys{"expect", kOfFailure};

StepKeys KeysOfStep(absl::string_view step) {
  for (const NamedKeys& named : kSteps) {
    if (named.step == step) return named.keys;
  }
  return {};
}

const Key* FindKeyOf(const KeyTable& table, absl::string_view name) {
  const auto found =
      std::find_if(table.keys.begin(), table.keys.end(), [&](const Key& key) { return key.name == name; });
  return found == table.keys.end() ? nullptr : &*found;
}

}  // namespace bpfrig::client::plan

// The keys that a plan has beside the fields of its calls, each with what it takes and what it means: the
// readers' words about keys that are missing, the schema for editors and the page of reference come from
// here. A key that is read and is not here fails client/schema's tests, and so does one that is here and is
// not read.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace bpfrig::client::plan {

// What stands under a key.
enum class Takes {
  kAnything,
  kText,
  kTexts,
  kTextOrTexts,
  kDuration,
  kTrue,
  kTimes,
  // A mapping of names that the plan chooses: to values, files, types, numbers of runs, parts of an answer.
  kVariables,
  kObjects,
  kTypes,
  kRuns,
  kCaptures,
  // The same, to lists of values, and to lists of steps.
  kMatrix,
  kPieces,
  kRows,
  kSandbox,
  kTests,
  kSteps,
  kExpect,
  // Beside the fields of calls: lists of a request, with a second form; a context by its fields' names.
  kPrograms,
  kAttach,
  kEntries,
  kKeys,
  kContext,
  // In expectations: entries of a map, records, a number, words.
  kExpectedEntries,
  kRecords,
  kCount,
  kServers,
  kCpus,
  kReason,
  kErrno,
  // Fields of an answer, and of how many runs each of their values is.
  kShares,
};

struct Key {
  absl::string_view name;
  Takes takes = Takes::kAnything;
  // One or two sentences for people; empty for that of the field of this name.
  absl::string_view means = "";
  // What was expected if the key is missing; empty if it may be.
  absl::string_view required = "";
};

// A mapping's keys, in the order in which people are told of them.
struct KeyTable {
  // What a message calls the mapping.
  absl::string_view what;
  absl::Span<const Key> keys;
};

extern const KeyTable kPlanKeys;
// Those of a plan that an included file may have, too.
extern const KeyTable kIncludedKeys;
extern const KeyTable kTestKeys;
// What may stand beside a step's call.
extern const KeyTable kBesideKeys;
extern const KeyTable kUseKeys;
extern const KeyTable kExceptKeys;
// Beside the fields of an entry to write.
extern const KeyTable kEntryKeys;
extern const KeyTable kExpectedEntryKeys;
// What a step that can be repeated may expect of all its runs together.
extern const KeyTable kRepeatedKeys;
// What every step can expect: `errno` if its answer has none.
extern const KeyTable kFailureKeys;

// A field of a request that plans write in other words, and these.
struct OtherWords {
  absl::string_view field;
  absl::string_view words;
};

// What a step has beside the fields of its call, or in their place.
struct StepKeys {
  enum class Form { kFields, kVariables, kNames };

  absl::Span<const Key> request;
  absl::Span<const Key> expected;
  // What stands under the step's name: the request's fields, variables with their values, or their names.
  Form form = Form::kFields;
  // Whether the answer's fields can be expected; of names, their variables can.
  bool answer = true;
  absl::Span<const OtherWords> in_other_words = {};
};
[[nodiscard]] StepKeys KeysOfStep(absl::string_view step);

// Null if the table has no such key.
[[nodiscard]] const Key* FindKeyOf(const KeyTable& table, absl::string_view name);

inline constexpr uint64_t kMaxRepeats = 100'000;
// How long `events` waits for what it expects.
inline constexpr uint32_t kDefaultEventsWaitMs = 2000;

}  // namespace bpfrig::client::plan

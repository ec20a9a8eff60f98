// Which mutants are run: all of the subjects', those of some programs or lines, or a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// Lines of one source file.
struct LineRange {
  // As the object has it, or the end of that: "address.h". If the object has less of the path, that is
  // enough.
  std::string file;
  uint32_t first = 0;
  uint32_t last = 0;
};

// Reads "address.h:16", "bpf/address.h:16-20". INVALID_ARGUMENT says what may stand there.
[[nodiscard]] absl::StatusOr<LineRange> ParseLines(const std::string& text);

struct Selection {
  // `program` or `object/program`; empty: all.
  std::vector<std::string> programs;
  // Empty: all.
  std::vector<LineRange> lines;
  // Those that changed; of the others nothing is taken.
  std::optional<std::vector<LineRange>> changed;
  // 0: all.
  size_t sample = 0;
  uint64_t seed = 1;

  [[nodiscard]] bool IsEverything() const {
    return programs.empty() && lines.empty() && !changed && sample == 0;
  }
};

// Fills in the record's mutants. INVALID_ARGUMENT if a program that is named was not loaded, or nothing is
// left; NOT_FOUND if that is because nothing changed.
[[nodiscard]] absl::Status SelectMutants(const Selection& selection, Record& record);

}  // namespace bpfrig::client::mutate
